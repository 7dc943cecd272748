//! What `nauthera dev` prints: what a newcomer needs, in few lines.

use super::offers::Person;
use crate::cli::style::Style;
use std::path::Path;
use std::time::Duration;
use url::{Host, Url};

/// What the banner tells.
pub struct Banner<'a> {
    /// The issuer, which is the server's address
    pub issuer: &'a str,
    /// The demo client's address
    pub demo: &'a str,
    /// Whether the configuration has a client for it
    pub demo_has_client: bool,
    /// Whom to log in as
    pub person: Option<&'a Person>,
    /// A command that gets a service's token
    pub curl: Option<&'a str>,
    /// The folder to edit
    pub manifests: &'a Path,
    /// Where the database and the secrets are
    pub data: &'a Path,
    /// From the start of the process until now
    pub took: Duration,
}

impl Banner<'_> {
    /// The lines, to be printed as they are.
    pub fn render(&self, style: Style) -> String {
        let mut lines = vec![
            String::new(),
            format!(
                "  {} {}",
                style.bold(&format!("Nauthera {}", env!("CARGO_PKG_VERSION"))),
                style.dim(&format!("is ready after {:.1} s", self.took.as_secs_f64()))
            ),
            String::new(),
        ];
        let mut row = |name: &str, value: &str, note: &str| {
            let note = if note.is_empty() {
                String::new()
            } else {
                style.dim(&format!("  {note}"))
            };
            lines.push(format!("  {:<12}{}{note}", name, style.bold(value)));
        };
        let demo_note = if self.demo_has_client {
            "a demo client: press \"Log in\""
        } else {
            "a demo client; it says which AuthClient it needs"
        };
        row("Try it", self.demo, demo_note);
        if let Some(person) = self.person {
            row("Log in as", &person.username, "");
            row("Password", &person.password, "");
        }
        row("Server", self.issuer, &server_note(self.issuer));
        row("Edit", &short(self.manifests), "a saved change is live at once");
        row("Data", &short(self.data), "database, generated secrets, status");
        if let Some(curl) = self.curl {
            lines.push(String::new());
            lines.push(style.dim("  A service gets its access token so; paste it into another shell:"));
            lines.push(String::new());
            lines.push(curl.to_owned());
        }
        lines.push(String::new());
        lines.push(style.dim("  Stop with Ctrl+C."));
        lines.push(String::new());
        lines.join("\n")
    }
}

/// Browsers bind passkeys to names alone.
fn server_note(issuer: &str) -> String {
    match Url::parse(issuer)
        .ok()
        .as_ref()
        .map(|url| (url.host(), url.port_or_known_default()))
    {
        Some((Some(Host::Ipv4(_) | Host::Ipv6(_)), Some(port))) => format!("the issuer; with passkeys: --listen localhost:{port}"),
        _ => "the issuer".to_owned(),
    }
}

/// A path below the current folder, or below home, in short.
pub fn short(path: &Path) -> String {
    let below = |folder: Option<std::path::PathBuf>, sign: &str| {
        let rest = path.strip_prefix(folder?).ok()?;
        (!rest.as_os_str().is_empty()).then(|| format!("{sign}{}", rest.display()))
    };
    below(std::env::current_dir().ok(), "")
        .or_else(|| below(std::env::var_os("HOME").map(Into::into), "~/"))
        .unwrap_or_else(|| path.display().to_string())
}

/// The line that gets a token by client credentials (RFC 6749 §4.4), for a POSIX shell.
pub fn curl_line(issuer: &str, client_id: &str, secret: &str, in_form: bool) -> String {
    let grant = r"-d grant_type=client_credentials -w '\n'";
    if in_form {
        format!(
            "curl -s {grant} --data-urlencode {} --data-urlencode {} {issuer}/token",
            quoted(&format!("client_id={client_id}")),
            quoted(&format!("client_secret={secret}"))
        )
    } else {
        // RFC 6749 §2.3.1: id and secret are form-encoded before they go into the header.
        let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        format!(
            "curl -s -u {} {grant} {issuer}/token",
            quoted(&format!("{}:{}", encoded(client_id), encoded(secret)))
        )
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curl_line_begins_its_line_and_survives_odd_secrets() {
        let line = curl_line("http://127.0.0.1:1", "team.api", "it's 100%", false);
        assert_eq!(
            line,
            "curl -s -u 'team.api:it%27s+100%25' -d grant_type=client_credentials -w '\\n' http://127.0.0.1:1/token"
        );
        let banner = Banner {
            issuer: "http://127.0.0.1:1",
            demo: "http://127.0.0.1:2",
            demo_has_client: false,
            person: None,
            curl: Some(&line),
            manifests: Path::new("/m"),
            data: Path::new("/d"),
            took: Duration::from_millis(350),
        };
        let text = banner.render(Style::plain());
        assert!(text.lines().any(|printed| printed == line), "{text}");
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn an_address_is_shown_with_the_name_that_passkeys_need() {
        for address in ["http://127.0.0.1:8090", "http://[::1]:8090"] {
            assert_eq!(server_note(address), "the issuer; with passkeys: --listen localhost:8090");
        }
        assert_eq!(server_note("http://localhost:8090"), "the issuer");
    }

    #[test]
    fn a_secret_in_the_form_is_quoted_for_the_shell() {
        let line = curl_line("http://h", "a", "it's", true);
        assert!(line.contains(r"'client_secret=it'\''s'"), "{line}");
    }
}

//! Pages: templates with their words, looks and policies.

pub mod assets;
pub mod language;
pub mod qr;
pub mod theme;
pub mod words;

use crate::config::snapshot::{Branding, Snapshot};
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder};
use assets::{KEYS, MARK, STYLE, SUBMIT, Templates};
use fluent_bundle::FluentValue;
use fluent_bundle::types::FluentNumber;
use language::Language;
use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error, UndefinedBehavior};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut engine = Environment::new();
    // Every name ends in .html, for which minijinja escapes each value; a forgotten value is an error and no empty place.
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    for name in Templates::iter() {
        if let Some(short) = name.strip_prefix("pages/") {
            // A test renders every template, so none is refused here.
            let _ = engine.add_template_owned(short.to_owned(), Templates::text(&name));
        }
    }
    engine
});

/// The values of a page.
pub type Values = BTreeMap<&'static str, Value>;

/// Named values as one value.
pub fn map<const N: usize>(pairs: [(&'static str, Value); N]) -> Value {
    Value::from(Values::from(pairs))
}

/// What is the same on all pages that one browser sees.
#[derive(Clone, Debug)]
pub struct Look {
    /// The language
    pub language: Language,
    /// Path of the issuer, without a trailing slash; empty at a host's root
    pub base: String,
    branding: Branding,
}

/// What a page may do beside being looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormAction {
    /// It holds no form
    None,
    /// Its form comes back here, and the answer stays here
    Own,
    /// Its form comes back here or goes to the client, and the answer may lead to this verified URI
    LeadsTo(String),
    /// The same, to any of these
    LeadsToAny(Vec<String>),
}

impl FormAction {
    /// To these addresses, if there is any.
    pub fn leads_to(uris: impl IntoIterator<Item = String>) -> Self {
        let uris: Vec<String> = uris.into_iter().collect();
        if uris.is_empty() { Self::Own } else { Self::LeadsToAny(uris) }
    }
}

impl Look {
    /// The looks of a snapshot; plain ones before there is any.
    pub fn new(snapshot: Option<&Snapshot>, language: Language) -> Self {
        Self {
            language,
            base: snapshot.map(|snapshot| base_path(&snapshot.issuer)).unwrap_or_default(),
            branding: snapshot.map(|snapshot| snapshot.branding.clone()).unwrap_or_default(),
        }
    }

    /// A text in this language.
    pub fn say(&self, key: &str) -> String {
        words::say(self.language, key, &[])
    }

    /// A text in this language that names something.
    pub fn say_of(&self, key: &str, name: &str, value: &str) -> String {
        words::say(self.language, key, &[(name, FluentValue::from(value.to_owned()))])
    }

    /// A text in this language that counts something.
    pub fn say_count(&self, key: &str, name: &str, count: u64) -> String {
        // Seconds: far below the precision of a double.
        #[allow(clippy::cast_precision_loss)]
        let number = FluentNumber::from(count as f64);
        words::say(self.language, key, &[(name, FluentValue::from(number))])
    }

    /// Renders a page with the headers that it needs.
    pub fn page(&self, status: StatusCode, template: &str, mut values: Values, form: &FormAction) -> HttpResponse {
        // Pages that ask a key something, and the one that goes on by itself. On all others no script runs.
        let asks_a_key = values.get("key_options").is_some_and(Value::is_true);
        let with_script = asks_a_key || template == "continue.html";
        values.extend(self.common());
        let rendered = ENGINE
            .get_template(template)
            .and_then(|template| template.render(Value::from(values)));
        match rendered {
            Ok(html) => HttpResponseBuilder::new(status)
                .insert_header((header::CONTENT_SECURITY_POLICY, self.policy(form, with_script)))
                .insert_header((header::CONTENT_LANGUAGE, self.language.tag()))
                .content_type("text/html; charset=utf-8")
                .body(html),
            Err(error) => {
                tracing::error!(template, %error, "a page could not be rendered");
                HttpResponse::InternalServerError()
                    .content_type("text/plain; charset=utf-8")
                    .body("An internal fault: this page could not be written.\n")
            }
        }
    }

    /// What the server is called.
    pub fn product(&self) -> String {
        self.branding.product_name.clone().unwrap_or_else(|| "Nauthera".to_owned())
    }

    fn common(&self) -> Values {
        let language = self.language;
        let t = Value::from_function(move |key: String, values: Kwargs| translate(language, &key, &values));
        let product = self.product();
        Values::from([
            ("t", t),
            ("lang", Value::from(language.tag())),
            ("base", Value::from(self.base.clone())),
            ("is_nauthera", Value::from(self.branding.product_name.is_none())),
            ("product", Value::from(product)),
            ("logo", Value::from(self.logo().map(|logo| logo.to_string()).unwrap_or_default())),
            ("css", Value::from(STYLE.name.clone())),
            ("mark", Value::from(MARK.name.clone())),
            ("submit_js", Value::from(SUBMIT.name.clone())),
            ("keys_js", Value::from(KEYS.name.clone())),
            (
                "theme_version",
                Value::from(assets::fingerprint(theme::css(&self.branding).as_bytes())),
            ),
        ])
    }

    /// Only https: another scheme would be blocked, or worse.
    fn logo(&self) -> Option<url::Url> {
        let logo = url::Url::parse(self.branding.logo_url.as_deref()?).ok()?;
        (logo.scheme() == "https").then_some(logo)
    }

    fn policy(&self, form: &FormAction, with_script: bool) -> String {
        let logo = self
            .logo()
            .map(|logo| format!(" {}", logo.origin().ascii_serialization()))
            .unwrap_or_default();
        let script = if with_script { "; script-src 'self'" } else { "" };
        let form = match form {
            FormAction::None => "'none'".to_owned(),
            FormAction::Own => "'self'".to_owned(),
            FormAction::LeadsTo(uri) => format!("'self' {}", destinations(uri)),
            FormAction::LeadsToAny(uris) => {
                let all: Vec<String> = uris.iter().map(|uri| destinations(uri)).collect();
                let each: BTreeSet<&str> = all.iter().flat_map(|some| some.split(' ')).collect();
                format!("'self' {}", each.into_iter().collect::<Vec<_>>().join(" "))
            }
        };
        format!(
            "default-src 'none'; style-src 'self'; img-src 'self'{logo}{script}; form-action {form}; base-uri 'none'; frame-ancestors 'none'"
        )
    }
}

/// The path of an issuer, without a trailing slash.
pub fn base_path(issuer: &str) -> String {
    url::Url::parse(issuer)
        .map(|url| url.path().trim_end_matches('/').to_owned())
        .unwrap_or_default()
}

/// What `form-action` must allow so that a posted form may end at the client. Chrome applies it to every redirect that follows a post: not
/// only ours to the callback, but also the client's own from there to where its users work (often another host, as with an
/// authenticating proxy). So it is the scheme that is named, and plain http for loopback clients only.
fn destinations(uri: &str) -> String {
    let scheme: String = uri
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        .collect();
    match scheme.as_str() {
        "https" => "https:".to_owned(),
        // CSP has no way to write an IPv6 address.
        "http" if uri.starts_with("http://[") => "http: https:".to_owned(),
        "http" => "http://127.0.0.1:* http://localhost:* https:".to_owned(),
        native => format!("{native}: https:"),
    }
}

fn translate(language: Language, key: &str, values: &Kwargs) -> Result<String, Error> {
    let mut named = Vec::new();
    for name in values.args() {
        let value: Value = values.get(name)?;
        let value = match i64::try_from(value.clone()) {
            // Seconds and counts: far below the precision of a double.
            #[allow(clippy::cast_precision_loss)]
            Ok(number) => FluentValue::from(FluentNumber::from(number as f64)),
            Err(_) => FluentValue::from(value.to_string()),
        };
        named.push((name, value));
    }
    Ok(words::say(language, key, &named))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NASTY: &str = "<script>alert(1)</script>\"' onfocus='x' {{ 7*7 }}";

    fn everything() -> Values {
        let text = |name: &'static str| (name, Value::from(NASTY));
        let mut values = Values::from([
            text("client"),
            text("username"),
            text("name"),
            text("ticket"),
            text("host"),
            text("action"),
            text("code"),
            text("description"),
            text("key_options"),
            text("typed"),
            text("uri"),
            ("qr", map([("size", Value::from(NASTY)), ("path", Value::from(NASTY))])),
            ("codes", Value::from(vec![NASTY])),
            ("longest_name", Value::from(64)),
            ("remember_days", Value::from(30)),
            ("by_key", Value::from(true)),
            ("with_key", Value::from(true)),
            ("with_app", Value::from(true)),
            ("with_recovery", Value::from(true)),
            ("from_account", Value::from(true)),
            text("trace"),
            ("kind", Value::from("error-request")),
            ("again", Value::from(true)),
            ("takes_passwords", Value::from(true)),
            text("hint"),
            text("here"),
            text("logout"),
            ("codes_left", Value::from(3)),
            ("is_sure", Value::from(true)),
            ("has_password", Value::from(true)),
            ("min_length", Value::from(12)),
        ]);
        let pair = |a: &'static str, b: &'static str| map([(a, Value::from(NASTY)), (b, Value::from(NASTY))]);
        let row = [
            "label", "value", "id", "name", "since", "used", "agent", "address", "what", "more", "at",
        ];
        let mut row: Values = row.into_iter().map(text).collect();
        row.insert("is_key", Value::from(false));
        row.insert("is_this", Value::from(false));
        row.insert("scopes", Value::from(vec![pair("name", "text")]));
        values.insert("rows", Value::from(vec![Value::from(row.clone()), Value::from(row)]));
        values.insert("scopes", Value::from(vec![pair("name", "text")]));
        values.insert("providers", Value::from(vec![pair("name", "display_name")]));
        values.insert("elsewhere", pair("provider", "address"));
        values.insert("fields", Value::from(vec![pair("name", "value")]));
        values.insert(
            "problem",
            map([
                ("title", Value::from(NASTY)),
                ("text", Value::from(NASTY)),
                ("is_credentials", Value::from(true)),
            ]),
        );
        values
    }

    #[test]
    fn every_page_renders_in_every_language_and_escapes_every_value() {
        let names: Vec<String> = Templates::iter()
            .filter_map(|name| name.strip_prefix("pages/").filter(|short| *short != "base.html").map(str::to_owned))
            .collect();
        assert_eq!(names.len(), 19);
        for language in Language::ALL {
            let look = Look::new(None, language);
            for name in &names {
                let mut values = everything();
                values.extend(look.common());
                let html = ENGINE.get_template(name).unwrap().render(Value::from(values)).unwrap();
                assert!(!html.contains("<script>alert"), "{name}: {html}");
                assert!(!html.contains("' onfocus="), "{name}: {html}");
                assert!(!html.contains("49"), "{name}: {html}");
                assert!(html.contains(&format!("lang=\"{}\"", language.tag())));
            }
        }
    }

    #[test]
    fn a_form_may_end_where_the_client_lives_and_no_plain_http_elsewhere() {
        for (uri, allowed) in [
            ("https://shop.example/cb", "https:"),
            ("http://127.0.0.1:8081/cb", "http://127.0.0.1:* http://localhost:* https:"),
            ("http://[::1]:8081/cb", "http: https:"),
            ("com.example.app:/cb", "com.example.app: https:"),
        ] {
            assert_eq!(destinations(uri), allowed);
        }
    }

    #[test]
    fn a_form_may_lead_to_several_places() {
        let look = Look::new(None, Language::En);
        let leads = |uris: &[&str]| look.policy(&FormAction::leads_to(uris.iter().map(|uri| (*uri).to_owned())), false);
        assert!(leads(&[]).contains("form-action 'self';"));
        assert!(leads(&["https://shop.example/cb", "https://id.example.org"]).contains("form-action 'self' https:;"));
        assert!(leads(&["com.example.app:/cb", "https://id.example.org"]).contains("form-action 'self' com.example.app: https:;"));
    }

    #[test]
    fn the_logo_is_an_https_image_or_none() {
        let mut look = Look::new(None, Language::En);
        look.branding.logo_url = Some("https://cdn.example/logo.svg".into());
        assert!(
            look.policy(&FormAction::None, false)
                .contains("img-src 'self' https://cdn.example;")
        );
        look.branding.logo_url = Some("javascript:alert(1)".into());
        assert_eq!(look.logo(), None);
    }
}

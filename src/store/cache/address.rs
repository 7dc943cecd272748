//! The cache's URL, and what goes with it.

use super::{CacheFault, CacheResult};
use crate::store::postgres::ClientFiles;
use redis::{ConnectionInfo, IntoConnectionInfo};
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;
use std::time::Duration;
use url::form_urlencoded;

/// Where the cache is, and how patient we are with it. `Debug` does not show the URL: it may hold a password.
#[derive(Clone, Debug)]
pub struct CacheSettings {
    /// `redis://` or `rediss://USER:PASSWORD@HOST:PORT/DB` (docs/storage.md lists the other forms)
    pub url: SecretString,
    /// PEM file of the authorities that may have issued the cache's certificate, instead of the system's
    pub ca_file: Option<PathBuf>,
    /// The certificate by which this server proves who it is; read anew for each connection
    pub client_files: Option<ClientFiles>,
    /// What every name begins with
    pub prefix: String,
    /// A cache that did not answer by then is left alone for a moment
    pub deadline: Duration,
}

impl CacheSettings {
    /// The usual settings for a URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: SecretString::from(url.into()),
            ca_file: None,
            client_files: None,
            prefix: "nauthera:".to_owned(),
            deadline: Duration::from_millis(100),
        }
    }

    pub(super) fn address(&self) -> CacheResult<Address> {
        let address = parse(self.url.expose_secret())?;
        if (self.ca_file.is_some() || self.client_files.is_some()) && !address.is_encrypted() {
            return Err(refused(
                "certificates are named for it, and its URL does not ask for TLS: write `rediss` instead of `redis`",
            ));
        }
        Ok(address)
    }
}

/// Whether settings can be meant, without connecting.
///
/// # Errors
/// [`CacheFault::Failed`]; the text never quotes the URL.
pub fn check_address(settings: &CacheSettings) -> CacheResult<()> {
    settings.address().map(drop)
}

/// What a URL names.
#[derive(Clone)]
pub(super) enum Address {
    One(ConnectionInfo),
    /// The primary that these sentinels know by a name
    Sentinel {
        sentinels: Vec<ConnectionInfo>,
        service: String,
        /// How a Redis is reached that they name; its host does not count
        node: ConnectionInfo,
    },
    Cluster(Vec<ConnectionInfo>),
}

impl Address {
    pub(super) fn is_encrypted(&self) -> bool {
        let info = match self {
            Self::One(info) | Self::Sentinel { node: info, .. } => Some(info),
            Self::Cluster(nodes) => nodes.first(),
        };
        info.is_some_and(|info| matches!(info.addr(), redis::ConnectionAddr::TcpTls { .. }))
    }
}

const FORM: &str = "it is not of the form rediss://USER:PASSWORD@HOST:PORT/DB. In a password write what is neither a letter nor a digit with a \
    per cent sign, such as %2F for a slash";

fn refused(why: &str) -> CacheFault {
    CacheFault::Failed(format!("the cache's URL cannot be used: {why}"))
}

/// Reads `redis[s][+sentinel|+cluster]://[USER[:PASSWORD]@]HOST[:PORT][,HOST…][/SERVICE][/DB][?…]`.
fn parse(url: &str) -> CacheResult<Address> {
    let (scheme, rest) = url
        .split_once("://")
        .ok_or_else(|| refused("it must begin with `rediss://` or `redis://`"))?;
    if rest.contains('#') {
        return Err(refused(
            "it holds a `#`. In a password write it as %23; a certificate cannot be left unverified",
        ));
    }
    let scheme = scheme.replacen("valkey", "redis", 1);
    let (transport, kind) = scheme.split_once('+').unwrap_or((scheme.as_str(), ""));
    if !matches!(transport, "redis" | "rediss") {
        return Err(refused("it must begin with `rediss://` or `redis://`"));
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (credentials, hosts) = match authority.rsplit_once('@') {
        Some((credentials, hosts)) => (format!("{credentials}@"), hosts),
        None => (String::new(), authority),
    };
    let to = |credentials: &str, host: &str, db: &str| one(&format!("{transport}://{credentials}{host}/{db}"));
    match kind {
        "" if hosts.contains(',') => Err(refused(
            "it names several hosts: write `rediss+sentinel://` or `rediss+cluster://`, whichever they are",
        )),
        "" => {
            nothing_else(query)?;
            Ok(Address::One(to(&credentials, hosts, path)?))
        }
        "cluster" => {
            nothing_else(query)?;
            let nodes: CacheResult<Vec<_>> = hosts.split(',').map(|host| to(&credentials, host, path)).collect();
            Ok(Address::Cluster(nodes?))
        }
        "sentinel" => {
            let (service, db) = path.split_once('/').unwrap_or((path, ""));
            if service.is_empty() {
                return Err(refused(
                    "it must name the service that the sentinels watch: `rediss+sentinel://HOST:PORT/SERVICE`",
                ));
            }
            let own = sentinel_credentials(query)?;
            let sentinels: CacheResult<Vec<_>> = hosts.split(',').map(|host| to(&own, host, "")).collect();
            Ok(Address::Sentinel {
                node: to(&credentials, hosts.split(',').next().unwrap_or_default(), db)?,
                sentinels: sentinels?,
                service: service.to_owned(),
            })
        }
        _ => Err(refused("after `+` stands `sentinel` or `cluster`")),
    }
}

fn one(url: &str) -> CacheResult<ConnectionInfo> {
    // The library's own words may quote the URL.
    let info = url.into_connection_info().map_err(|_| refused(FORM))?;
    // The name of a library is nothing that a least-privilege user should need a right for.
    let settings = info.redis_settings().clone().set_skip_set_lib_name();
    Ok(info.set_redis_settings(settings))
}

/// `sentinel_username` and `sentinel_password`: often the sentinels ask for none, or for others than Redis.
fn sentinel_credentials(query: &str) -> CacheResult<String> {
    let (mut user, mut password) = (None, None);
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        match key.as_ref() {
            "sentinel_username" => user = Some(value),
            "sentinel_password" => password = Some(value),
            _ => return Err(refused("after `?` stand `sentinel_username` and `sentinel_password` only")),
        }
    }
    let encoded = |text: &str| {
        form_urlencoded::byte_serialize(text.as_bytes())
            .collect::<String>()
            .replace('+', "%20")
    };
    Ok(match (user, password) {
        (None, None) => String::new(),
        (user, password) => format!("{}:{}@", encoded(&user.unwrap_or_default()), encoded(&password.unwrap_or_default())),
    })
}

fn nothing_else(query: &str) -> CacheResult<()> {
    if query.is_empty() {
        Ok(())
    } else {
        Err(refused("nothing may stand after a `?`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use redis::ConnectionAddr;

    fn seen(info: &ConnectionInfo) -> String {
        let settings = info.redis_settings();
        let (transport, host, port) = match info.addr() {
            ConnectionAddr::Tcp(host, port) => ("tcp", host, port),
            ConnectionAddr::TcpTls {
                host,
                port,
                insecure: false,
                ..
            } => ("tls", host, port),
            _ => panic!("neither TCP nor verified TLS"),
        };
        let (user, password) = (settings.username().unwrap_or("-"), settings.password().unwrap_or("-"));
        format!("{transport} {host}:{port}/{} {user}:{password}", settings.db())
    }

    fn parsed(url: &str) -> Vec<String> {
        match parse(url).unwrap() {
            Address::One(info) => vec![seen(&info)],
            Address::Cluster(nodes) => nodes.iter().map(seen).collect(),
            Address::Sentinel { sentinels, service, node } => {
                let mut all = vec![format!("{service}: {}", seen(&node))];
                all.extend(sentinels.iter().map(seen));
                all
            }
        }
    }

    #[test]
    fn the_usual_url_names_one_server() {
        assert_eq!(parsed("redis://localhost"), ["tcp localhost:6379/0 -:-"]);
        assert_eq!(
            parsed("rediss://server:s%2Fcr%23t@cache.internal:6380/3"),
            ["tls cache.internal:6380/3 server:s/cr#t"]
        );
        assert_eq!(parsed("valkeys://:secret@[::1]:1"), ["tls ::1:1/0 -:secret"]);
    }

    #[test]
    fn sentinels_name_the_server_and_may_want_a_password_of_their_own() {
        assert_eq!(
            parsed("rediss+sentinel://u:p@one:26379,two:26380/primary/2?sentinel_password=a%2Fb+c"),
            ["primary: tls one:26379/2 u:p", "tls one:26379/0 -:a/b c", "tls two:26380/0 -:a/b c"]
        );
    }

    #[test]
    fn a_cluster_is_named_by_some_of_its_nodes() {
        assert_eq!(parsed("redis+cluster://u:p@a,b:7001"), ["tcp a:6379/0 u:p", "tcp b:7001/0 u:p"]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_without_being_quoted() {
        for url in [
            "hunter2",
            "postgres://u:hunter2@h/d",
            "redis://u:hunter2@h/notanumber",
            "rediss://u:hunter2@h/0#insecure",
            "redis://u:hunter2@h,i/0",
            "redis://u:hunter2@h/0?protocol=hunter2",
            "redis+sentinel://u:hunter2@h:1",
            "redis+sentinel://u:hunter2@h:1/s?x=hunter2",
            "redis+proxy://u:hunter2@h",
            "redis://u:hunter2@",
        ] {
            let Err(error) = parse(url) else { panic!("{url} was taken") };
            let text = error.to_string();
            assert!(text.contains("the cache's URL") && !text.contains("hunter2"), "{url}: {text}");
        }
    }

    #[test]
    fn certificates_without_tls_are_a_mistake() {
        let settings = |url| CacheSettings {
            ca_file: Some("/ca.crt".into()),
            ..CacheSettings::new(url)
        };
        assert!(check_address(&settings("redis://h")).unwrap_err().to_string().contains("rediss"));
        assert!(check_address(&settings("rediss://h")).is_ok());
        assert!(!format!("{:?}", settings("rediss://u:hunter2@h")).contains("hunter2"));
    }
}

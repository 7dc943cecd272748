//! The flags of `nauthera serve`.

use crate::cli::cache::CacheArgs;
use crate::cli::database::DatabaseArgs;
use crate::cli::listen;
use crate::http::proxies::{ForwardedBy, TrustedProxies};
use clap::ArgGroup;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Settings of `nauthera serve`: flags, or the environment.
///
/// The configuration comes from a folder of manifests, or from the operator (`--config-listen` and its companions): from one of the two.
#[derive(clap::Args, Debug)]
#[command(group = ArgGroup::new("source").args(["manifests", "config_listen"]).required(true))]
pub struct ServeArgs {
    /// Where the server listens
    #[arg(long, env = "NAUTHERA_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = listen::address)]
    pub listen: SocketAddr,
    /// Folder for generated secrets, status and, unless a database is named, the SQLite file
    #[arg(long, env = "NAUTHERA_DATA", value_name = "DIR")]
    pub data: PathBuf,
    /// PEM file with the server's certificate and chain: HTTPS, without an Ingress. Read anew when it changes
    #[arg(long, env = "NAUTHERA_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file with the certificate's key
    #[arg(long, env = "NAUTHERA_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// HTTP workers [default: one a core]
    #[arg(long, env = "NAUTHERA_WORKERS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: Option<u16>,
    /// Proxies in front of the server that write down whom they saw: their networks, such as 10.0.0.0/8,192.0.2.7, or how many they are if nobody
    /// reaches the server but through them. Failed logins are counted by the address that the first of them saw
    #[arg(long, env = "NAUTHERA_TRUSTED_PROXIES", value_name = "NETWORKS|N", default_value = "0")]
    pub trusted_proxies: TrustedProxies,
    /// The header in which these proxies do, x-forwarded-for or forwarded (RFC 7239). Only the one that they all write: what a caller wrote in the
    /// other one they pass on
    #[arg(long, env = "NAUTHERA_FORWARDED_BY", value_name = "HEADER", default_value = "x-forwarded-for")]
    pub forwarded_by: ForwardedBy,
    /// After SIGTERM the server says for this many seconds that it is not ready, and serves on
    #[arg(long, env = "NAUTHERA_DRAIN_SECONDS", value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=600))]
    pub drain_seconds: u16,
    /// Where the configuration comes from
    #[command(flatten)]
    pub configuration: ConfigurationArgs,
    /// Which database
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// Most connections to PostgreSQL, besides the one by which other servers tell what they change
    #[arg(long, env = "NAUTHERA_DATABASE_CONNECTIONS", value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..), help_heading = "Database")]
    pub database_connections: u16,
    /// Which cache, if any
    #[command(flatten)]
    pub cache: CacheArgs,
}

/// Where the configuration comes from.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Configuration: from a folder, or from the operator")]
pub struct ConfigurationArgs {
    /// Folder of manifests that is watched
    #[arg(long, env = "NAUTHERA_MANIFESTS", value_name = "DIR")]
    pub manifests: Option<PathBuf>,
    /// The AuthServer to be, as NAMESPACE/NAME; needed when the manifests hold several, and with --config-listen or --kek
    #[arg(long, env = "NAUTHERA_AUTH_SERVER", value_name = "NAMESPACE/NAME", value_parser = auth_server)]
    pub auth_server: Option<String>,
    /// Where the operator brings the configuration, by gRPC over mutual TLS, instead of a folder of manifests
    #[arg(long, env = "NAUTHERA_CONFIG_LISTEN", value_name = "ADDRESS", value_parser = listen::address, requires_all = ["config_tls", "config_client_name", "auth_server", "kek"])]
    pub config_listen: Option<SocketAddr>,
    /// Folder with this replica's certificate `tls.crt`, its key `tls.key`, and `ca.crt`: who may have issued the operator's. Read anew
    /// when they change
    #[arg(
        long,
        env = "NAUTHERA_CONFIG_TLS",
        value_name = "DIR",
        conflicts_with = "manifests",
        requires = "config_listen"
    )]
    pub config_tls: Option<PathBuf>,
    /// The DNS name in the operator's certificate; nobody else may bring a configuration
    #[arg(
        long,
        env = "NAUTHERA_CONFIG_CLIENT_NAME",
        value_name = "NAME",
        conflicts_with = "manifests",
        requires = "config_listen"
    )]
    pub config_client_name: Option<String>,
    /// Folder of key-encryption keys: files of exactly 32 random bytes, whose names are the keys' ids. The name that sorts last seals
    /// what rests in the database (signing keys, the operator's last configuration), all of them open it. Read anew when they change
    #[arg(long, env = "NAUTHERA_KEK", value_name = "DIR", requires = "auth_server")]
    pub kek: Option<PathBuf>,
    /// Signing keys that lie in the database in the clear are taken as they are, and sealed: for the first start with --kek on a database
    /// that was used without. Otherwise they are not trusted, since whoever can write to the database could have put them there
    #[arg(long, env = "NAUTHERA_SEAL_CLEAR_KEYS", requires = "kek", conflicts_with = "config_listen")]
    pub seal_clear_keys: bool,
}

/// Reads the name of an AuthServer.
pub fn auth_server(text: &str) -> Result<String, String> {
    match text.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => Ok(text.to_owned()),
        _ => Err("write it as NAMESPACE/NAME, such as identity/main".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser, Debug)]
    struct Flags {
        #[command(flatten)]
        args: ServeArgs,
    }

    fn parse(flags: &str) -> Result<ServeArgs, String> {
        let all = ["nauthera", "--data", "/data"].into_iter().chain(flags.split_whitespace());
        Flags::try_parse_from(all)
            .map(|flags| flags.args)
            .map_err(|error| error.to_string())
    }

    const OPERATED: &str = "--config-listen 0.0.0.0:9443 --config-tls /tls --config-client-name operator.example --kek /kek";

    #[test]
    fn the_configuration_comes_from_manifests_or_from_the_operator() {
        assert!(parse("--manifests /m").is_ok());
        assert!(parse(&format!("{OPERATED} --auth-server a/b")).is_ok());
        let neither = parse("").unwrap_err();
        assert!(neither.contains("--manifests") && neither.contains("--config-listen"), "{neither}");
        for flags in [format!("{OPERATED} --auth-server a/b"), "--config-tls /t".to_owned()] {
            let both = parse(&format!("--manifests /m {flags}")).unwrap_err();
            assert!(both.contains("cannot be used with") && both.contains("--manifests"), "{both}");
        }
    }

    #[test]
    fn what_the_operators_way_lacks_is_named() {
        let bare = parse("--config-listen 0.0.0.0:9443").unwrap_err();
        for flag in ["--config-tls", "--config-client-name", "--auth-server", "--kek"] {
            assert!(bare.contains(flag), "{flag}: {bare}");
        }
        let no_listener = parse("--config-tls /t").unwrap_err();
        assert!(no_listener.contains("--config-listen"), "{no_listener}");
    }

    #[test]
    fn keys_seal_what_is_one_servers() {
        let nobodys = parse("--manifests /m --kek /k").unwrap_err();
        assert!(nobodys.contains("--auth-server"), "{nobodys}");
        assert!(parse("--manifests /m --kek /k --auth-server a/b").is_ok());
        assert!(parse("--manifests /m --seal-clear-keys").unwrap_err().contains("--kek"));
        assert!(parse("--manifests /m --kek /k --auth-server a/b --seal-clear-keys").is_ok());
        let operated = parse(&format!("{OPERATED} --auth-server a/b --seal-clear-keys")).unwrap_err();
        assert!(
            operated.contains("cannot be used with"),
            "an operator's servers seal from the beginning: {operated}"
        );
    }

    #[test]
    fn an_auth_server_has_a_namespace_and_a_name() {
        for text in ["main", "/main", "identity/", "a/b/c"] {
            let error = parse(&format!("--manifests /m --auth-server {text}")).unwrap_err();
            assert!(error.contains("identity/main"), "{error}");
        }
    }

    #[test]
    fn a_database_is_named_once() {
        let twice = parse("--manifests /m --database-url sqlite:x --database-url-file /f").unwrap_err();
        assert!(twice.contains("--database-url-file"), "{twice}");
    }
}

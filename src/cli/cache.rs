//! Which cache: the flags that `serve` and `doctor` share, and the settings that they come to.

use super::url_file;
use crate::store::cache::CacheSettings;
use crate::store::postgres::ClientFiles;
use clap::ArgGroup;
use secrecy::SecretString;
use std::path::PathBuf;

/// A cache beside the database, which servers share, and how it is reached.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Cache (optional)", group = ArgGroup::new("cache").args(["cache_url", "cache_url_file"]))]
pub struct CacheArgs {
    /// Redis or Valkey that spares the database and is shared by the servers: rediss://USER:PASSWORD@HOST:PORT/DB, rediss+sentinel://HOST,HOST/SERVICE or
    /// rediss+cluster://HOST,HOST. With PostgreSQL only. While it is away everything goes on, by the database
    #[arg(long, env = "NAUTHERA_CACHE_URL", value_name = "URL", hide_env_values = true)]
    pub cache_url: Option<SecretString>,
    /// File that holds the URL, so that neither the command line nor the environment shows its password
    #[arg(long, env = "NAUTHERA_CACHE_URL_FILE", value_name = "FILE", conflicts_with = "cache_url")]
    pub cache_url_file: Option<PathBuf>,
    /// PEM file of the authorities that may have issued the cache's certificate [default: the system's]
    #[arg(long, env = "NAUTHERA_CACHE_CA", value_name = "FILE", requires = "cache")]
    pub cache_ca: Option<PathBuf>,
    /// PEM file with the certificate by which this server proves to the cache who it is. Read anew for each connection
    #[arg(long, env = "NAUTHERA_CACHE_CERT", value_name = "FILE", requires_all = ["cache", "cache_key"])]
    pub cache_cert: Option<PathBuf>,
    /// PEM file with that certificate's key
    #[arg(long, env = "NAUTHERA_CACHE_KEY", value_name = "FILE", requires_all = ["cache", "cache_cert"])]
    pub cache_key: Option<PathBuf>,
    /// What the name of everything in the cache begins with
    #[arg(long, env = "NAUTHERA_CACHE_PREFIX", value_name = "TEXT", default_value = "nauthera:", value_parser = prefix)]
    pub cache_prefix: String,
}

impl CacheArgs {
    /// The settings of the cache, and what names it, for messages; `None` without one.
    ///
    /// # Errors
    /// The file with the URL cannot be read. The text never quotes what it holds.
    pub fn settings(&self) -> anyhow::Result<Option<(CacheSettings, String)>> {
        let (url, named) = match (&self.cache_url, &self.cache_url_file) {
            (Some(url), _) => (url.clone(), "--cache-url (NAUTHERA_CACHE_URL) names it".to_owned()),
            (None, Some(file)) => (
                url_file::read("--cache-url-file", file)?,
                format!("--cache-url-file {} names it", file.display()),
            ),
            (None, None) => return Ok(None),
        };
        let settings = CacheSettings {
            url,
            ca_file: self.cache_ca.clone(),
            client_files: self
                .cache_cert
                .clone()
                .zip(self.cache_key.clone())
                .map(|(certificate, key)| ClientFiles { certificate, key }),
            prefix: self.cache_prefix.clone(),
            ..CacheSettings::new("")
        };
        Ok(Some((settings, named)))
    }
}

/// Names travel with each request, and stand in the cache's own lists of rights.
fn prefix(text: &str) -> Result<String, String> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"*?[]\\{}".contains(&byte);
    if text.len() <= 64 && text.bytes().all(is_plain) {
        Ok(text.to_owned())
    } else {
        Err("write at most 64 letters, digits and signs, without * ? [ ] { } and \\".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use secrecy::ExposeSecret;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        cache: CacheArgs,
    }

    fn args(arguments: &[&str]) -> Result<CacheArgs, clap::Error> {
        Command::try_parse_from([&["x"], arguments].concat()).map(|command| command.cache)
    }

    #[test]
    fn there_is_none_unless_it_is_named() {
        assert!(args(&[]).unwrap().settings().unwrap().is_none());
        let (settings, named) = args(&["--cache-url", "redis://h"]).unwrap().settings().unwrap().unwrap();
        assert_eq!(settings.url.expose_secret(), "redis://h");
        assert_eq!(settings.prefix, "nauthera:");
        assert!(named.contains("--cache-url"), "{named}");
        assert!(args(&["--cache-ca", "/ca"]).is_err(), "a certificate of nothing");
        assert!(
            args(&["--cache-url", "rediss://h", "--cache-cert", "/c"]).is_err(),
            "a certificate without its key"
        );
    }

    #[test]
    fn the_url_may_be_in_a_file_and_is_shown_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("url");
        std::fs::write(&file, "rediss://u:hunter2@h\n").unwrap();
        let of_file = args(&["--cache-url-file", file.to_str().unwrap(), "--cache-ca", "/ca"]).unwrap();
        let (settings, _) = of_file.settings().unwrap().unwrap();
        assert_eq!(settings.url.expose_secret(), "rediss://u:hunter2@h");
        assert_eq!(settings.ca_file.as_deref(), Some(std::path::Path::new("/ca")));
        let shown = format!("{:?}", args(&["--cache-url", "redis://u:hunter2@h"]).unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_prefix_is_nothing_that_a_list_of_rights_would_read_as_a_pattern() {
        for bad in ["a*", "a b", "{a}", &"x".repeat(65)] {
            assert!(args(&["--cache-prefix", bad]).is_err(), "{bad}");
        }
        assert!(args(&["--cache-prefix", ""]).is_ok());
    }
}

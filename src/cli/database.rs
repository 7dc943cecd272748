//! Which database: the flags that `serve` and `migrate` share, and the settings of the store that they come to.

use super::url_file;
use crate::store::StoreSettings;
use crate::store::postgres::ClientFiles;
use clap::ArgGroup;
use secrecy::SecretString;
use std::path::{Path, PathBuf};

/// Which database, and how it is reached.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Database")]
pub struct DatabaseArgs {
    /// sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE [default: sqlite:DATA/nauthera.sqlite3]
    #[arg(long, env = "NAUTHERA_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// File that holds the URL, so that neither the command line nor the environment shows its password
    #[arg(long, env = "NAUTHERA_DATABASE_URL_FILE", value_name = "FILE", conflicts_with = "database_url")]
    pub database_url_file: Option<PathBuf>,
    /// Schema of the PostgreSQL database to use, made if it is missing: so several servers can share a database [default: the role's own]
    #[arg(long, env = "NAUTHERA_DATABASE_SCHEMA", value_name = "NAME")]
    pub database_schema: Option<String>,
    /// PEM file of the authorities that may have issued PostgreSQL's certificate [default: the system's]
    #[arg(long, env = "NAUTHERA_DATABASE_CA", value_name = "FILE")]
    pub database_ca: Option<PathBuf>,
    /// PEM file with the certificate by which this server proves to PostgreSQL who it is. Read anew for each connection
    #[arg(long, env = "NAUTHERA_DATABASE_CERT", value_name = "FILE", requires = "database_key")]
    pub database_cert: Option<PathBuf>,
    /// PEM file with that certificate's key
    #[arg(long, env = "NAUTHERA_DATABASE_KEY", value_name = "FILE", requires = "database_cert")]
    pub database_key: Option<PathBuf>,
}

/// Which database, for commands that need nothing else of a server.
#[derive(clap::Args, Clone, Debug)]
#[command(group = ArgGroup::new("place").args(["data", "database_url", "database_url_file"]).required(true).multiple(true))]
pub struct PlaceArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// The data folder of a server that names no database
    #[arg(long, env = "NAUTHERA_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
}

impl PlaceArgs {
    /// As [`settings`].
    ///
    /// # Errors
    /// As [`settings`].
    pub fn settings(&self) -> anyhow::Result<(StoreSettings, String)> {
        settings(&self.database, &self.data.clone().unwrap_or_default())
    }
}

/// Settings of the store, and what names the database, for messages.
///
/// # Errors
/// The file with the URL cannot be read. The text never quotes what it holds.
pub fn settings(args: &DatabaseArgs, data: &Path) -> anyhow::Result<(StoreSettings, String)> {
    let (url, named) = match (&args.database_url, &args.database_url_file) {
        (Some(url), _) => (
            SecretString::from(url.clone()),
            "--database-url (NAUTHERA_DATABASE_URL) names it".to_owned(),
        ),
        (None, Some(file)) => (
            url_file::read("--database-url-file", file)?,
            format!("--database-url-file {} names it", file.display()),
        ),
        (None, None) => {
            let file = data.join("nauthera.sqlite3");
            let url = SecretString::from(format!("sqlite:{}", file.display()));
            (
                url,
                "no --database-url (NAUTHERA_DATABASE_URL) names one, so it is the SQLite file below --data".to_owned(),
            )
        }
    };
    let settings = StoreSettings {
        url,
        ca_file: args.database_ca.clone(),
        client_files: args
            .database_cert
            .clone()
            .zip(args.database_key.clone())
            .map(|(certificate, key)| ClientFiles { certificate, key }),
        schema: args.database_schema.clone(),
        ..StoreSettings::new("")
    };
    Ok((settings, named))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn args(file: &Path) -> DatabaseArgs {
        DatabaseArgs {
            database_url: None,
            database_url_file: Some(file.to_owned()),
            database_schema: None,
            database_ca: None,
            database_cert: None,
            database_key: None,
        }
    }

    #[test]
    fn the_url_is_what_the_file_holds_without_its_line_feed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("url");
        std::fs::write(&file, " postgres://u:hunter2@h/d\n").unwrap();
        let (settings, named) = settings(&args(&file), Path::new("/data")).unwrap();
        assert_eq!(settings.url.expose_secret(), "postgres://u:hunter2@h/d");
        assert!(named.contains("--database-url-file"), "{named}");
    }

    #[test]
    fn a_file_that_holds_no_url_is_named_and_not_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("url");
        for content in [None, Some(vec![b'\n']), Some(b"hunter2\xff".to_vec()), Some(vec![b'a'; 70_000])] {
            if let Some(content) = content {
                std::fs::write(&file, content).unwrap();
            }
            let error = format!("{:#}", settings(&args(&file), Path::new("/data")).unwrap_err());
            assert!(
                error.contains(&*file.display().to_string()) && !error.contains("hunter2"),
                "{error}"
            );
        }
    }

    #[test]
    fn without_a_database_it_is_a_file_below_the_data_folder() {
        let none = DatabaseArgs {
            database_url_file: None,
            ..args(Path::new("/"))
        };
        let (settings, _) = settings(&none, Path::new("/data")).unwrap();
        assert_eq!(settings.url.expose_secret(), "sqlite:/data/nauthera.sqlite3");
    }
}

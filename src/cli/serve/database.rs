//! From the flags to the settings of the store.

use super::args::DatabaseArgs;
use crate::store::StoreSettings;
use crate::store::postgres::ClientFiles;
use anyhow::{Context, ensure};
use secrecy::SecretString;
use std::path::Path;
use zeroize::Zeroizing;

/// Nobody's URL is longer.
const LONGEST_URL: u64 = 64 * 1024;

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
        (None, Some(file)) => (read(file)?, format!("--database-url-file {} names it", file.display())),
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
        connections: args.database_connections.into(),
        schema: args.database_schema.clone(),
        ..StoreSettings::new("")
    };
    Ok((settings, named))
}

/// The URL that a file holds, without the white space around it: editors end files with a line feed.
fn read(file: &Path) -> anyhow::Result<SecretString> {
    let shown = file.display();
    let complaint = || format!("--database-url-file {shown} cannot be read");
    let size = std::fs::metadata(file).with_context(complaint)?.len();
    ensure!(size <= LONGEST_URL, "--database-url-file {shown} has {size} bytes: that is no URL");
    let text = Zeroizing::new(std::fs::read(file).with_context(complaint)?);
    let text = std::str::from_utf8(&text)
        .ok()
        .with_context(|| format!("--database-url-file {shown} does not hold a text"))?;
    ensure!(!text.trim().is_empty(), "--database-url-file {shown} is empty");
    Ok(SecretString::from(text.trim().to_owned()))
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
            database_connections: 3,
        }
    }

    #[test]
    fn the_url_is_what_the_file_holds_without_its_line_feed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("url");
        std::fs::write(&file, " postgres://u:hunter2@h/d\n").unwrap();
        let (settings, named) = settings(&args(&file), Path::new("/data")).unwrap();
        assert_eq!(settings.url.expose_secret(), "postgres://u:hunter2@h/d");
        assert_eq!(settings.connections, 3);
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

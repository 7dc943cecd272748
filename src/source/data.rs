//! The data folder: the Secrets that are made for clients, and each resource's status, as a cluster would hold them.
//!
//! `secrets/NAMESPACE/NAME.yaml` and `status/KIND/NAMESPACE/NAME.yaml` (a ClusterAuthPolicy is in no namespace: `status/KIND/NAME.yaml`).

use super::problem::{Place, Problem};
use crate::config::directory_health::Judged;
use crate::config::input::{GeneratedSecret, Key, Kind};
use crate::config::names::{is_dns_label, is_dns_subdomain};
use crate::config::verdict::{Status, Verdict, WantedSecret};
use crate::oauth::ids::ClientId;
use crate::oauth::opaque::OpaqueToken;
use crate::resources::API_VERSION;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const OWNER: &str = "auth.nauthera.io/auth-client";

/// A Secret's file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SecretFile {
    api_version: String,
    kind: String,
    metadata: Metadata,
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    type_: Option<String>,
    #[serde(default)]
    data: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct Metadata {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusFile<'a> {
    api_version: &'static str,
    kind: Kind,
    metadata: Metadata,
    status: &'a Status,
}

/// What is at a Secret's place.
#[derive(Debug)]
pub enum Found {
    /// Nothing
    Nothing,
    /// One that was made for a client
    Made(Box<GeneratedSecret>),
    /// Something that was not made here, or cannot be read: it is left alone
    Foreign(String),
}

/// The data folder.
#[derive(Clone, Debug)]
pub struct DataFolder {
    root: PathBuf,
}

impl DataFolder {
    /// Opens the folder, making it if need be.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn open(root: &Path) -> io::Result<Self> {
        make_private(root)?;
        Ok(Self { root: root.to_owned() })
    }

    /// Where a made Secret is.
    pub fn secret_path(&self, key: &Key) -> io::Result<PathBuf> {
        Ok(self
            .root
            .join("secrets")
            .join(part(&key.namespace, is_dns_label)?)
            .join(file_name(&key.name)?))
    }

    /// Looks at a Secret's place.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn find_secret(&self, key: &Key) -> io::Result<Found> {
        let path = self.secret_path(key)?;
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Ok(Found::Foreign(format!("{} is not text", path.display())));
            }
            Err(error) => return Err(error),
        };
        // The reader's own message may quote what it read, and this is a secret.
        let Ok(file) = serde_saphyr::from_str::<SecretFile>(&text) else {
            return Ok(Found::Foreign(format!("{} is not a Secret that was made here", path.display())));
        };
        let value = |name: &str| {
            let bytes = STANDARD.decode(file.data.get(name)?).ok()?;
            String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
        };
        let owner = file.metadata.annotations.get(OWNER);
        let is_ours = file.metadata.labels.get(MANAGED_BY).is_some_and(|by| by == "nauthera");
        match (is_ours, owner, value("client_secret"), value("client_id")) {
            (true, Some(owner), Some(secret), Some(id)) => Ok(Found::Made(Box::new(GeneratedSecret {
                client: Key::new(key.namespace.clone(), owner.clone()),
                client_id: ClientId::new(id),
                issuer: value("issuer").unwrap_or_default(),
                secret: SecretString::from(secret),
                previous: None,
                next: None,
            }))),
            _ => Ok(Found::Foreign(format!("{} is not a Secret that was made here", path.display()))),
        }
    }

    /// Writes a made Secret, for its owner's eyes only.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_secret(&self, wanted: &WantedSecret, secret: &SecretString) -> io::Result<()> {
        let encode = |text: &str| STANDARD.encode(text);
        let file = SecretFile {
            api_version: "v1".to_owned(),
            kind: "Secret".to_owned(),
            metadata: Metadata {
                name: wanted.secret.name.clone(),
                namespace: Some(wanted.secret.namespace.clone()),
                labels: BTreeMap::from([(MANAGED_BY.to_owned(), "nauthera".to_owned())]),
                annotations: BTreeMap::from([(OWNER.to_owned(), wanted.client.name.clone())]),
            },
            type_: Some("Opaque".to_owned()),
            data: BTreeMap::from([
                ("client_id".to_owned(), encode(wanted.client_id.as_str())),
                ("client_secret".to_owned(), encode(secret.expose_secret())),
                ("issuer".to_owned(), encode(&wanted.issuer)),
            ]),
        };
        let text = serde_saphyr::to_string(&file).map_err(io::Error::other)?;
        write_atomically(&self.secret_path(&wanted.secret)?, &text, true)
    }

    /// Makes the status files say exactly what the verdicts say, and of directories how they stand. A file is written only when it changes.
    pub fn write_statuses(&self, verdicts: &[Arc<Verdict>], directories: &BTreeMap<Key, Judged>) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut current = BTreeSet::new();
        for verdict in verdicts {
            let outcome = self.status_path(verdict).and_then(|path| {
                let text = status_text(verdict, directories)?;
                if fs::read_to_string(&path).ok().as_deref() != Some(text.as_str()) {
                    write_atomically(&path, &text, false)?;
                }
                current.insert(path);
                Ok(())
            });
            if let Err(error) = outcome {
                let message = format!("the status of {} {} cannot be written: {error}", verdict.kind, verdict.key);
                problems.push(Problem::warning(Place::file(&self.root), message));
            }
        }
        remove_others(&self.root.join("status"), 0, &current);
        problems
    }

    fn status_path(&self, verdict: &Verdict) -> io::Result<PathBuf> {
        let folder = self.root.join("status").join(verdict.kind.as_str());
        let folder = if verdict.key.namespace.is_empty() {
            folder
        } else {
            folder.join(part(&verdict.key.namespace, is_dns_label)?)
        };
        Ok(folder.join(file_name(&verdict.key.name)?))
    }
}

fn status_text(verdict: &Verdict, directories: &BTreeMap<Key, Judged>) -> io::Result<String> {
    let judged = directories.get(&verdict.key);
    let status = match (&verdict.status, judged) {
        (Status::UserStore(status), Some(judged)) => {
            let mut status = status.clone();
            status.servers.clone_from(&judged.servers);
            status.conditions.push(judged.condition.clone());
            Cow::Owned(Status::UserStore(status))
        }
        (status, _) => Cow::Borrowed(status),
    };
    let namespace = Some(verdict.key.namespace.clone()).filter(|namespace| !namespace.is_empty());
    let file = StatusFile {
        api_version: API_VERSION,
        kind: verdict.kind,
        metadata: Metadata {
            name: verdict.key.name.clone(),
            namespace,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
        },
        status: &status,
    };
    serde_saphyr::to_string(&file).map_err(io::Error::other)
}

/// 256 random bits, base64url.
///
/// # Errors
/// If the system's generator fails.
pub fn new_secret() -> io::Result<SecretString> {
    let mut entropy = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut entropy).map_err(|_| io::Error::other("the random generator failed"))?;
    Ok(SecretString::from(OpaqueToken::from_entropy(entropy).expose()))
}

/// A name that may be part of a path. Manifests are checked when they are read; this holds even if something else calls.
fn part(name: &str, is_fine: fn(&str) -> bool) -> io::Result<&str> {
    if is_fine(name) {
        Ok(name)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "not a Kubernetes name"))
    }
}

fn file_name(name: &str) -> io::Result<String> {
    // A name of 253 characters with the ending would be too long for a file name.
    part(name, |name| is_dns_subdomain(name) && name.len() <= 200).map(|name| format!("{name}.yaml"))
}

fn make_private(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Writes beside the file and renames, so that a reader sees the old text or the new one. `durable`: on disk before it has its name,
/// for what cannot be made again.
fn write_atomically(path: &Path, text: &str, durable: bool) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::other("no folder"))?;
    make_private(folder)?;
    let mut unique = [0_u8; 8];
    aws_lc_rs::rand::fill(&mut unique).map_err(|_| io::Error::other("the random generator failed"))?;
    let temporary = folder.join(format!(".{:016x}.tmp", u64::from_le_bytes(unique)));
    let outcome = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            if durable { file.sync_all() } else { Ok(()) }
        })
        .and_then(|()| fs::rename(&temporary, path));
    if outcome.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    outcome
}

/// Removes the status files of resources that are gone, and folders that are empty then. Links are not followed.
fn remove_others(folder: &Path, depth: usize, current: &BTreeSet<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth < 2 => {
                remove_others(&path, depth + 1, current);
                let _ = fs::remove_dir(&path); // fails, rightly, unless it is empty
            }
            Ok(kind) if kind.is_file() && !current.contains(&path) && path.extension().is_some_and(|ending| ending == "yaml") => {
                let _ = fs::remove_file(&path);
            }
            _ => {}
        }
    }
}

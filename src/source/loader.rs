//! From files to a compiled configuration: what is good now, what was good before, and the Secrets that clients need.

use super::data::{DataFolder, Found, new_secret};
use super::folder::{self, Listing, Reader, Seen};
use super::inventory::{self, Inventory};
use super::manifest::{self, Document, Parsed};
use super::problem::{Place, Problem, Severity};
use crate::config::compile;
use crate::config::directory_health::{DirectoryHealth, Judged, directories, judge};
use crate::config::input::{Accepted, GeneratedSecret, Key, Kind, Options, Resources};
use crate::config::snapshot::Snapshot;
use crate::config::verdict::{Compiled, NoServer, Verdict, WantedSecret};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Making a Secret, or learning whose it is, takes another compilation; each Secret settles in two.
const MOST_PASSES: usize = 4;

/// What the manifests come to now.
#[derive(Clone, Debug)]
pub struct SourceUpdate {
    /// Snapshots and verdicts
    pub compiled: Arc<Compiled>,
    /// The snapshot of the AuthServer that the options mean
    pub snapshot: Result<Arc<Snapshot>, NoServer>,
    /// What is wrong with files
    pub problems: Vec<Problem>,
    /// Where each resource is written
    pub places: Arc<BTreeMap<(Kind, Key), Place>>,
    /// Secrets that were made for clients
    pub generated: Arc<BTreeMap<Key, Arc<GeneratedSecret>>>,
    /// How many manifests there are
    pub files: usize,
    /// Manifests that are new, different or gone since the load before; empty after the first
    pub changed: Vec<PathBuf>,
    /// Reading and compiling
    pub took: Duration,
}

impl SourceUpdate {
    /// Where a verdict's resource is written.
    pub fn place(&self, verdict: &Verdict) -> Option<&Place> {
        self.places.get(&(verdict.kind, verdict.key.clone()))
    }

    /// Resources that were not accepted as they are written.
    pub fn refused(&self) -> impl Iterator<Item = &Verdict> {
        self.compiled.verdicts.iter().map(Arc::as_ref).filter(|verdict| !verdict.accepted())
    }

    /// One line for each thing that a person has to mend: broken files first, then refused resources.
    pub fn complaints(&self) -> Vec<String> {
        let refused = self.refused().map(|verdict| {
            let place = self.place(verdict).map(|place| format!("{place}: ")).unwrap_or_default();
            let (reason, message) = verdict
                .condition("Ready")
                .map_or(("", ""), |ready| (ready.reason.as_str(), ready.message.as_str()));
            format!("{place}{} {} refused ({reason}): {message}", verdict.kind, verdict.key)
        });
        self.problems.iter().map(ToString::to_string).chain(refused).collect()
    }
}

/// What is known of a file.
#[derive(Clone, Debug)]
struct Known {
    documents: Vec<Document>,
    /// Whether all of the file could be read when these were its documents
    whole: bool,
    /// Where a policy may have been lost, if the file never was whole
    policy_lost: Option<Place>,
}

/// Loads a folder again and again, and remembers what was good.
#[derive(Debug)]
pub struct Loader {
    manifests: Vec<PathBuf>,
    data: Option<DataFolder>,
    options: Options,
    /// The files of the load before, as they looked
    before: Option<BTreeMap<PathBuf, Seen>>,
    known: BTreeMap<PathBuf, Known>,
    accepted: Accepted,
    /// How the directories stand, as the process knows that uses them
    directories: Arc<Vec<DirectoryHealth>>,
    /// In memory, where there is no data folder
    made: BTreeMap<Key, Arc<GeneratedSecret>>,
}

impl Loader {
    /// A loader that has loaded nothing yet. Without `data` Secrets are made in memory and no status is written.
    pub fn new(manifests: &[PathBuf], data: Option<DataFolder>, options: Options) -> Self {
        Self {
            manifests: manifests.to_vec(),
            data,
            options,
            before: None,
            known: BTreeMap::new(),
            accepted: Accepted::default(),
            directories: Arc::default(),
            made: BTreeMap::new(),
        }
    }

    /// What tells whether anything changed since another look, without reading a file.
    pub fn look(&self) -> Listing {
        let mut listing = Listing::default();
        for root in &self.manifests {
            folder::list(root, &mut listing);
        }
        listing
    }

    /// Whether a Secret that was made has been deleted by hand.
    pub fn lost_a_secret(&self, generated: &BTreeMap<Key, Arc<GeneratedSecret>>) -> bool {
        self.data
            .as_ref()
            .is_some_and(|data| generated.keys().any(|key| data.secret_path(key).is_ok_and(|path| !path.exists())))
    }

    /// Reads everything and compiles it.
    pub fn load(&mut self) -> SourceUpdate {
        let began = Instant::now();
        let listing = self.look();
        let files = listing.files.len();
        let changed = self.changed(&listing);
        let mut problems = Vec::new();
        let mut reader = Reader::default();
        let mut known = BTreeMap::new();
        for path in listing.files.keys() {
            let parsed = match reader.text(path) {
                Ok(text) => manifest::parse(path, &text),
                Err(problem) => Parsed {
                    problems: vec![problem],
                    policy_lost: true,
                    ..Parsed::default()
                },
            };
            known.insert(path.clone(), choose(self.known.remove(path), parsed, &mut problems));
        }
        // A folder that cannot be listed says nothing about its files: they are as they were.
        let lost = |path: &Path| listing.problems.iter().any(|problem| path.starts_with(&problem.place.file));
        for (path, documents) in std::mem::take(&mut self.known) {
            if !known.contains_key(&path) && lost(&path) {
                known.insert(path, documents);
            }
        }
        let never_seen = listing.problems.iter().map(|problem| &problem.place);
        let never_seen = never_seen.filter(|place| !known.keys().any(|path| path.starts_with(&place.file)));
        let policy_lost = known
            .values()
            .filter_map(|known| known.policy_lost.as_ref())
            .chain(never_seen)
            .next()
            .cloned();
        problems.extend(listing.problems);
        self.known = known;
        let Inventory {
            mut resources,
            places,
            problems: duplicates,
        } = inventory::collect(self.known.values().flat_map(|known| &known.documents));
        problems.extend(duplicates);
        resources.policies_unreadable = policy_lost.map(|place| place.to_string());
        let compiled = self.settle(&mut resources, &mut problems);
        let snapshot = compiled.chosen(&self.options);
        if let Some(data) = &self.data {
            let stand = judged(snapshot.as_ref().ok(), &self.directories);
            problems.extend(data.write_statuses(&compiled.verdicts, &stand));
        }
        self.accepted = compiled.accepted.clone();
        problems.sort();
        SourceUpdate {
            snapshot,
            compiled: Arc::new(compiled),
            problems,
            places: Arc::new(places),
            generated: Arc::new(resources.generated),
            files,
            changed,
            took: began.elapsed(),
        }
    }

    /// Notes how the directories stand, and writes it into their statuses.
    pub fn told(&mut self, directories: Arc<Vec<DirectoryHealth>>, last: &SourceUpdate) {
        self.directories = directories;
        if let Some(data) = &self.data {
            let stand = judged(last.snapshot.as_ref().ok(), &self.directories);
            // What keeps them from being written was told with the load, and is tried again with the next one.
            let _ = data.write_statuses(&last.compiled.verdicts, &stand);
        }
    }

    /// Compares with the load before, and remembers this one.
    fn changed(&mut self, listing: &Listing) -> Vec<PathBuf> {
        let now = listing.files.clone();
        let Some(before) = self.before.replace(now.clone()) else {
            return Vec::new();
        };
        let differs = |path: &&PathBuf| before.get(*path) != now.get(*path);
        let all: BTreeSet<_> = before.keys().chain(now.keys()).collect();
        all.into_iter().filter(differs).cloned().collect()
    }

    /// Compiles until every Secret that a client needs is there, or is known to be someone else's.
    fn settle(&mut self, resources: &mut Resources, problems: &mut Vec<Problem>) -> Compiled {
        let mut compiled = compile(resources, &self.options, &self.accepted);
        for _ in 0..MOST_PASSES {
            if compiled.secrets_wanted.is_empty() {
                break;
            }
            for wanted in &compiled.secrets_wanted {
                if let Err(error) = self.provide(wanted, resources) {
                    let place = Place::file(self.manifests.first().cloned().unwrap_or_default());
                    let message = format!("Secret {} for AuthClient {} cannot be made: {error}", wanted.secret, wanted.client);
                    problems.push(Problem::error(place, message));
                    return compiled;
                }
            }
            compiled = compile(resources, &self.options, &self.accepted);
        }
        compiled
    }

    fn provide(&mut self, wanted: &WantedSecret, resources: &mut Resources) -> io::Result<()> {
        let known = resources.generated.contains_key(&wanted.secret);
        let found = match &self.data {
            Some(data) => data.find_secret(&wanted.secret)?,
            None => self
                .made
                .get(&wanted.secret)
                .map_or(Found::Nothing, |made| Found::Made(Box::new(GeneratedSecret::clone(made)))),
        };
        let kept = match found {
            Found::Foreign(_) => {
                // `compile` then says that a Secret is in the way.
                resources.secrets.insert(wanted.secret.clone(), Arc::default());
                return Ok(());
            }
            Found::Made(made) if !known => {
                resources.generated.insert(wanted.secret.clone(), Arc::new(*made));
                return Ok(());
            }
            // It was made for this client, whose id or issuer has changed since: the secret itself stays.
            Found::Made(made) if made.client == wanted.client => Some(made.secret.clone()),
            Found::Made(_) | Found::Nothing => None,
        };
        let secret = match kept {
            Some(secret) => secret,
            None => new_secret()?,
        };
        if let Some(data) = &self.data {
            data.write_secret(wanted, &secret)?;
        }
        let made = Arc::new(GeneratedSecret {
            client: wanted.client.clone(),
            client_id: wanted.client_id.clone(),
            issuer: wanted.issuer.clone(),
            secret,
            previous: None,
            next: None,
        });
        self.made.insert(wanted.secret.clone(), made.clone());
        resources.generated.insert(wanted.secret.clone(), made);
        Ok(())
    }
}

/// What the statuses of a snapshot's directories say of them; nothing of one that has yet to be tried.
fn judged(snapshot: Option<&Arc<Snapshot>>, stand: &[DirectoryHealth]) -> BTreeMap<Key, Judged> {
    let used = snapshot.into_iter().flat_map(|snapshot| directories(snapshot));
    used.filter_map(|(store, ldap)| {
        let health = stand.iter().find(|health| health.store == store.id)?;
        let (namespace, name) = store.id.as_str().split_once('/')?;
        Some((Key::new(namespace, name), judge(ldap, [health])))
    })
    .collect()
}

/// A file's documents: its own if all of them are good, else those that it had when it last was whole; else, of a file that never
/// was, those that are good.
fn choose(before: Option<Known>, parsed: Parsed, problems: &mut Vec<Problem>) -> Known {
    let whole = parsed.is_good();
    let first_error = parsed.problems.iter().find(|problem| problem.severity == Severity::Error);
    let policy_lost = first_error.filter(|_| parsed.policy_lost).map(|problem| problem.place.clone());
    problems.extend(parsed.problems);
    match before {
        Some(before) if !whole && before.whole => before,
        _ => Known {
            documents: parsed.documents,
            whole,
            policy_lost,
        },
    }
}

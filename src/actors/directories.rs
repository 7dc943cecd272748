//! Where people come from, across the directories of the configuration: who has a name, whose password it is, whether they are still there.
//!
//! All directories are asked at once. The first in order that knows the name decides; one that is silent is waited for only for [`PATIENCE`] when
//! another one knows the name, and not at all once it is known to be silent. A login fails for an outage only if nobody else knows the name.

use super::clock::SharedClock;
use super::config_holder::ConfigReader;
use super::ldap_connector::Connectors;
use crate::accounts::username::Username;
use crate::accounts::verifier::PasswordVerifier;
use crate::config::snapshot::{Snapshot, UserStoreConfig, UserStoreKind};
use crate::directory::ldap::LdapDirectory;
use crate::directory::local::LocalDirectory;
use crate::directory::{Candidate, DirectoryFault, Proven, UserDirectory};
use crate::oauth::ids::UserId;
use crate::store::Store;
use crate::store::records::UserRecord;
use futures::stream::{FuturesUnordered, StreamExt};
use jiff::SignedDuration;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// How long a directory is waited for whose answer is not needed.
pub const PATIENCE: Duration = Duration::from_millis(150);
/// How long whoever uses a copy of a person waits for the directory to confirm it.
pub const RENEWAL_PATIENCE: Duration = Duration::from_secs(2);

/// The directories. Cheap to clone.
#[derive(Clone)]
pub struct Directories {
    config: ConfigReader,
    store: Arc<dyn Store>,
    verifier: Arc<dyn PasswordVerifier>,
    clock: SharedClock,
    connectors: Connectors,
}

type Directory = Box<dyn UserDirectory>;
type Answer = Result<Option<Candidate>, DirectoryFault>;

impl Directories {
    /// Over these parts of the platform.
    pub fn new(
        config: ConfigReader,
        store: Arc<dyn Store>,
        verifier: Arc<dyn PasswordVerifier>,
        clock: SharedClock,
        connectors: Connectors,
    ) -> Self {
        Self {
            config,
            store,
            verifier,
            clock,
            connectors,
        }
    }

    async fn open(&self, store: &Arc<UserStoreConfig>) -> Result<Directory, DirectoryFault> {
        let (id, rows) = (store.id.clone(), Arc::clone(&self.store));
        Ok(match store.kind {
            UserStoreKind::Local => Box::new(LocalDirectory::new(id, rows, Arc::clone(&self.verifier))),
            UserStoreKind::Ldap(_) => {
                let connector = self.connectors.of(store).await?;
                Box::new(LdapDirectory::new(id, rows, connector, self.clock.now()))
            }
        })
    }

    /// Who has this name and this password: the candidate, and the user if the password is theirs. The same work is done for a name that nobody
    /// has, in every directory: how long it takes tells a stranger nothing.
    ///
    /// # Errors
    /// A directory that may know the name gave no answer, and no other one knows it.
    pub async fn prove(
        &self,
        snapshot: &Snapshot,
        username: Option<&Username>,
        password: &SecretString,
    ) -> Result<(Option<UserId>, Option<Proven>), DirectoryFault> {
        let mut fault = None;
        let mut directories = Vec::new();
        for store in &snapshot.user_stores {
            match self.open(store).await {
                Ok(directory) => directories.push(directory),
                Err(failed) => fault = Some(failed),
            }
        }
        if directories.is_empty() {
            let none = || DirectoryFault::Unavailable("no user store is configured".to_owned());
            return Err(fault.unwrap_or_else(none));
        }
        let located = match username {
            Some(username) => locate(&directories, username).await,
            None => Located::Nobody,
        };
        match located {
            Located::Found(number, candidate) => {
                let proved = prove_in(&directories, Some((number, &candidate)), password).await?;
                Ok((candidate.user.map(|user| user.id), proved))
            }
            Located::Unknown(failed) => Err(failed),
            Located::Nobody => match fault {
                Some(fault) => Err(fault),
                None => Ok((None, prove_in(&directories, None, password).await?)),
            },
        }
    }

    /// A user as their directory says they are, no older than its `cacheTTL`. While the directory gives no answer, as it said last. Whoever comes
    /// from a directory or a provider that the configuration has no more is disabled.
    ///
    /// Whoever is about to give somebody something for being this user asks this.
    pub async fn current(&self, user: UserRecord) -> UserRecord {
        let (Some(origin), Some(snapshot)) = (&user.origin, self.config.current()) else {
            return user;
        };
        let checked_at = origin.checked_at;
        // A provider is asked nothing between two logins: what it said at the last one stands.
        if snapshot.identity_providers.iter().any(|provider| provider.id == user.store) {
            return user;
        }
        let found = snapshot.user_stores.iter().find(|store| store.id == user.store);
        let Some(store) = found.filter(|store| matches!(store.kind, UserStoreKind::Ldap(_))) else {
            return disabled(user);
        };
        let Ok(directory) = self.open(store).await else {
            return user;
        };
        let now = self.clock.now();
        let believed = directory
            .believed_for()
            .map(|believed| SignedDuration::try_from(believed).unwrap_or(SignedDuration::MAX));
        let is_fresh = |checked_at| believed.is_none_or(|believed| now.duration_since(checked_at) < believed);
        if is_fresh(checked_at) || user.profile.disabled || directory.is_silent() {
            return user;
        }
        // The copy may be a copy of a copy: another replica, or another request, may have asked the directory meanwhile.
        let user = match self.store.user(&user.id).await {
            Ok(Some(row)) if row.origin.as_ref().is_some_and(|origin| is_fresh(origin.checked_at)) => return row,
            Ok(Some(row)) => row,
            Ok(None) | Err(_) => user,
        };
        match timeout(RENEWAL_PATIENCE, directory.renew(user.clone())).await {
            Ok(Ok(renewed)) => renewed,
            Ok(Err(fault)) => {
                tracing::warn!(user = user.id.as_str(), %fault, "a directory could not be asked about a user; what it said last stands");
                user
            }
            Err(_) => {
                directory.note_silence();
                user
            }
        }
    }
}

fn disabled(mut user: UserRecord) -> UserRecord {
    user.profile.disabled = true;
    user
}

enum Located {
    /// In the directory with this number
    Found(usize, Box<Candidate>),
    /// Every directory answered: nobody has the name
    Nobody,
    /// Those that answered do not know the name, and not all did
    Unknown(DirectoryFault),
}

async fn locate(directories: &[Directory], username: &Username) -> Located {
    let asked = directories.iter().enumerate();
    let mut asked: FuturesUnordered<_> = asked
        .map(|(number, directory)| async move { (number, directory.identify(username).await) })
        .collect();
    let mut answers: Vec<Option<Answer>> = directories.iter().map(|_| None).collect();
    let mut patience: Option<Instant> = None;
    loop {
        let found = answers.iter().position(|answer| matches!(answer, Some(Ok(Some(_)))));
        let next = match found {
            Some(number) => {
                let before = || directories.iter().zip(&answers).take(number).filter(|(_, answer)| answer.is_none());
                if before().all(|(directory, _)| directory.is_silent()) {
                    break;
                }
                let until = *patience.get_or_insert_with(|| Instant::now() + PATIENCE);
                match timeout_at(until, asked.next()).await {
                    Ok(next) => next,
                    Err(_) => {
                        before().for_each(|(directory, _)| directory.note_silence());
                        break;
                    }
                }
            }
            None => asked.next().await,
        };
        let Some((number, answer)) = next else {
            break;
        };
        if let Some(place) = answers.get_mut(number) {
            *place = Some(answer);
        }
    }
    drop(asked);
    let mut fault = None;
    for (number, answer) in answers.into_iter().enumerate() {
        match answer {
            Some(Ok(Some(candidate))) => return Located::Found(number, Box::new(candidate)),
            Some(Err(failed)) => fault = Some(failed),
            Some(Ok(None)) | None => {}
        }
    }
    fault.map_or(Located::Nobody, Located::Unknown)
}

/// Checks the password where its candidate is, and does the same work for nobody everywhere else.
async fn prove_in(
    directories: &[Directory],
    candidate: Option<(usize, &Candidate)>,
    password: &SecretString,
) -> Result<Option<Proven>, DirectoryFault> {
    // For nobody all of them are waited for, as the one that knows somebody would be.
    let is_needed = |number: usize| candidate.is_none_or(|(chosen, _)| number == chosen);
    let mut waiting = 0_usize;
    let mut asked = FuturesUnordered::new();
    for (number, directory) in directories.iter().enumerate() {
        let needed = is_needed(number);
        if !needed && directory.is_silent() {
            continue;
        }
        waiting += usize::from(needed);
        let who = candidate.filter(|(chosen, _)| *chosen == number).map(|(_, candidate)| candidate);
        asked.push(async move { (needed, directory.prove(who, password).await) });
    }
    let mut proved = Ok(None);
    while waiting > 0
        && let Some((needed, answer)) = asked.next().await
    {
        if needed {
            waiting -= 1;
            if !matches!(answer, Ok(None)) {
                proved = answer;
            }
        }
    }
    // So that a login takes its time whether the one that knows the name is the quickest or not.
    let rest = async { while asked.next().await.is_some() {} };
    let _ = timeout(PATIENCE, rest).await;
    proved
}

//! Brings the users that manifests declare into the store, after each change of the configuration, until it worked.

use super::clock::SharedClock;
use super::restart::jitter;
use crate::accounts::password::{self, Verification};
use crate::accounts::verifier::{PasswordVerifier, VerifierFault};
use crate::config::snapshot::{DeclaredUser, Revision, Snapshot, UserStoreKind};
use crate::oauth::ids::{UserId, UserStoreId};
use crate::oauth::opaque::TokenHash;
use crate::store::records::{PasswordRecord, UserProfile};
use crate::store::{Store, StoreError};
use secrecy::ExposeSecret;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const FIRST_RETRY: Duration = Duration::from_millis(250);
const LONGEST_RETRY: Duration = Duration::from_secs(30);
/// How often a name is asked for again that somebody has who was made by hand.
const TAKEN_RETRY: Duration = Duration::from_secs(60);
/// A password that others change at the same moment is looked at so many times.
const ATTEMPTS: u32 = 5;

/// How far the declared users are in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncStatus {
    /// The newest configuration whose users are all there; `None` before the first
    pub synced: Option<Revision>,
    /// Why the one in force is not there yet, if it was tried
    pub failing: Option<String>,
}

#[derive(Debug, thiserror::Error)]
enum SyncFault {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Verifier(#[from] VerifierFault),
    #[error("the password of user {0} is being changed by others all the time")]
    Contended(UserId),
}

/// What is known to be in the store, so that a change costs what changed and not all passwords.
#[derive(Default)]
struct Known {
    profiles: Vec<UserProfile>,
    /// By username in lower case
    ids: HashMap<String, UserId>,
    /// Names of people who were made by hand, in lower case: they are not brought in
    taken: Vec<String>,
    /// The declared credential that was last brought in
    credentials: HashMap<UserId, Credential>,
}

/// What a manifest says of a password.
#[derive(PartialEq, Eq)]
struct Credential {
    digest: Option<TokenHash>,
    must_change: bool,
}

impl Credential {
    fn of(user: &DeclaredUser) -> Self {
        Self {
            digest: user.password.as_ref().map(|password| TokenHash::of(password.expose_secret())),
            must_change: user.must_change_password,
        }
    }
}

pub(super) struct UserSync {
    store: Arc<dyn Store>,
    verifier: Arc<dyn PasswordVerifier>,
    clock: SharedClock,
    known: HashMap<UserStoreId, Known>,
}

impl UserSync {
    pub(super) fn new(store: Arc<dyn Store>, verifier: Arc<dyn PasswordVerifier>, clock: SharedClock) -> Self {
        Self {
            store,
            verifier,
            clock,
            known: HashMap::new(),
        }
    }

    /// Runs until the configuration's sender is gone.
    pub(super) async fn run(mut self, mut changes: watch::Receiver<Option<Arc<Snapshot>>>, status: &watch::Sender<SyncStatus>) {
        let mut failures = 0_u32;
        loop {
            let snapshot = changes.borrow_and_update().clone();
            let outcome = match &snapshot {
                Some(snapshot) => self.sync(snapshot).await.map(|()| Some(snapshot.revision.clone())),
                None => Ok(None),
            };
            let retry = match outcome {
                Ok(synced) => {
                    failures = 0;
                    status.send_replace(SyncStatus { synced, failing: None });
                    self.known.values().any(|known| !known.taken.is_empty()).then_some(TAKEN_RETRY)
                }
                Err(fault) => {
                    let pause = FIRST_RETRY.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST_RETRY);
                    let pause = pause + pause.saturating_mul(u32::from(jitter())) / 510;
                    failures = failures.saturating_add(1);
                    tracing::warn!(%fault, retry_in = ?pause, "the declared users could not be brought into the store");
                    status.send_modify(|status| status.failing = Some(fault.to_string()));
                    Some(pause)
                }
            };
            let gone = match retry {
                None => changes.changed().await.is_err(),
                Some(pause) => matches!(tokio::time::timeout(pause, changes.changed()).await, Ok(Err(_))),
            };
            if gone {
                return;
            }
        }
    }

    async fn sync(&mut self, snapshot: &Snapshot) -> Result<(), SyncFault> {
        let local: Vec<&UserStoreId> = snapshot
            .user_stores
            .iter()
            .filter(|store| store.kind == UserStoreKind::Local)
            .map(|store| &store.id)
            .collect();
        // A UserStore that is no longer used has no declared users any more.
        let dropped: Vec<_> = self.known.keys().filter(|id| !local.contains(id)).cloned().collect();
        for id in dropped {
            self.store.put_declared_users(&id, &[], self.clock.now()).await?;
            self.known.remove(&id);
        }
        for id in local {
            let users: Vec<&DeclaredUser> = snapshot.users.iter().filter(|user| user.store == *id).map(Arc::as_ref).collect();
            self.sync_store(id, &users).await?;
        }
        Ok(())
    }

    async fn sync_store(&mut self, id: &UserStoreId, users: &[&DeclaredUser]) -> Result<(), SyncFault> {
        let profiles: Vec<_> = users.iter().map(|user| profile(user)).collect();
        let known = self.known.entry(id.clone()).or_default();
        if known.ids.is_empty() || !known.taken.is_empty() || known.profiles != profiles {
            let records = self.store.put_declared_users(id, &profiles, self.clock.now()).await?;
            known.ids = records
                .into_iter()
                .map(|record| (record.profile.username.to_lowercase(), record.id))
                .collect();
            let names = profiles.iter().map(|profile| profile.username.to_lowercase());
            let taken: Vec<_> = names.filter(|name| !known.ids.contains_key(name)).collect();
            if taken != known.taken && !taken.is_empty() {
                tracing::warn!(
                    store = id.as_str(),
                    usernames = ?taken,
                    "manifests declare users whose names people have who were made by hand, and those stay as they are: \
                     give the manifests other usernames, or leave the people to them with `nauthera user release`"
                );
            }
            known.taken = taken;
            known.profiles = profiles;
            let ids: HashSet<&UserId> = known.ids.values().collect();
            known.credentials.retain(|id, _| ids.contains(id));
        }
        for user in users {
            let Some(id) = known.ids.get(&user.username.to_lowercase()) else {
                continue;
            };
            let credential = Credential::of(user);
            if known.credentials.get(id) != Some(&credential) {
                bring_password(&*self.store, &*self.verifier, &self.clock, id, user).await?;
                known.credentials.insert(id.clone(), credential);
            }
        }
        Ok(())
    }
}

fn profile(user: &DeclaredUser) -> UserProfile {
    UserProfile {
        username: user.username.clone(),
        email: user.email.clone(),
        email_verified: user.email_verified,
        display_name: user.display_name.clone(),
        given_name: user.given_name.clone(),
        family_name: user.family_name.clone(),
        attributes: user.attributes.clone(),
        groups: user.groups.clone(),
        disabled: user.disabled,
    }
}

/// Makes the stored password follow the declared one. A password of the person's own choice stays until the manifest changes. One that is changed
/// at the same moment is not overwritten: it is looked at anew.
async fn bring_password(
    store: &dyn Store,
    verifier: &dyn PasswordVerifier,
    clock: &SharedClock,
    id: &UserId,
    user: &DeclaredUser,
) -> Result<(), SyncFault> {
    for _ in 0..ATTEMPTS {
        let stored = store.password(id).await?;
        let Some(record) = wanted(stored.as_ref(), user, verifier, clock).await? else {
            return Ok(());
        };
        if store.replace_password(id, stored.as_ref(), &record, None).await? {
            return Ok(());
        }
    }
    Err(SyncFault::Contended(id.clone()))
}

/// What has to be stored instead of what is; `None` if that is right.
async fn wanted(
    stored: Option<&PasswordRecord>,
    user: &DeclaredUser,
    verifier: &dyn PasswordVerifier,
    clock: &SharedClock,
) -> Result<Option<PasswordRecord>, SyncFault> {
    let before = stored.and_then(|stored| stored.declared_hash.as_deref());
    // Whether the declared password is what opens the account, and not a later one.
    let in_force = stored.filter(|stored| before == Some(stored.hash.as_str()));
    let Some(declared) = &user.password else {
        // The declared password was taken out of the manifest, and the person chose no other: nothing opens the account now.
        return Ok(in_force.map(|_| PasswordRecord {
            hash: password::LOCKED.to_owned(),
            declared_hash: None,
            changed_at: clock.now(),
            must_change: false,
        }));
    };
    let text = declared.expose_secret();
    let found = match before {
        // Without an earlier one there is nothing to compare with.
        None => Verification::Wrong,
        Some(before) if password::is_phc(text) && before == text => Verification::Correct { outdated: false },
        Some(_) if password::is_phc(text) => Verification::Wrong,
        Some(before) => verifier.verify(declared, Some(before)).await?,
    };
    if let Verification::Correct { outdated } = found {
        let Some(stored) = in_force.filter(|stored| outdated || stored.must_change != user.must_change_password) else {
            return Ok(None);
        };
        let hash = if outdated {
            verifier.hash(declared).await?
        } else {
            stored.hash.clone()
        };
        return Ok(Some(PasswordRecord {
            declared_hash: Some(hash.clone()),
            hash,
            changed_at: stored.changed_at,
            must_change: user.must_change_password,
        }));
    }
    let hash = if password::is_phc(text) {
        text.to_owned()
    } else {
        verifier.hash(declared).await?
    };
    Ok(Some(PasswordRecord {
        declared_hash: Some(hash.clone()),
        hash,
        changed_at: clock.now(),
        must_change: user.must_change_password,
    }))
}

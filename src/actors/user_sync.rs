//! Brings the users that manifests declare into the store, after each change of the configuration, until it worked.

use super::clock::SharedClock;
use super::restart::jitter;
use crate::accounts::password;
use crate::accounts::verifier::{PasswordVerifier, VerifierFault};
use crate::config::snapshot::{DeclaredUser, Revision, Snapshot, UserStoreKind};
use crate::oauth::ids::{UserId, UserStoreId};
use crate::oauth::opaque::TokenHash;
use crate::store::records::{PasswordRecord, UserProfile};
use crate::store::{Store, StoreError};
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const FIRST_RETRY: Duration = Duration::from_millis(250);
const LONGEST_RETRY: Duration = Duration::from_secs(30);

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
    #[error("the store returned {0} users where {1} were declared")]
    Count(usize, usize),
}

/// What is known to be in the store, so that a change costs what changed and not all passwords.
#[derive(Default)]
struct Known {
    profiles: Vec<UserProfile>,
    ids: Vec<UserId>,
    /// Digest of the declared credential that was last brought in
    credentials: HashMap<UserId, Option<TokenHash>>,
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
                    None
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
        if known.ids.is_empty() || known.profiles != profiles {
            let records = self.store.put_declared_users(id, &profiles, self.clock.now()).await?;
            if records.len() != profiles.len() {
                return Err(SyncFault::Count(records.len(), profiles.len()));
            }
            known.ids = records.into_iter().map(|record| record.id).collect();
            known.profiles = profiles;
            let ids = &known.ids;
            known.credentials.retain(|id, _| ids.contains(id));
        }
        for (user, id) in users.iter().zip(known.ids.clone()) {
            let digest = user.password.as_ref().map(|password| TokenHash::of(password.expose_secret()));
            if known.credentials.get(&id) != Some(&digest) {
                bring_password(&*self.store, &*self.verifier, &self.clock, &id, user.password.as_ref()).await?;
                known.credentials.insert(id, digest);
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

/// Makes the stored password follow the declared one. A password of the person's own choice stays until the manifest changes.
async fn bring_password(
    store: &dyn Store,
    verifier: &dyn PasswordVerifier,
    clock: &SharedClock,
    user: &UserId,
    declared: Option<&SecretString>,
) -> Result<(), SyncFault> {
    let stored = store.password(user).await?;
    let before = stored.as_ref().and_then(|stored| stored.declared_hash.as_deref());
    let (hash, declared_hash) = match declared {
        None => match &stored {
            // The declared password was taken out of the manifest, and the person chose no other: nothing opens the account now.
            Some(stored) if before == Some(stored.hash.as_str()) => (password::LOCKED.to_owned(), None),
            _ => return Ok(()),
        },
        Some(declared) if password::is_phc(declared.expose_secret()) => {
            let phc = declared.expose_secret();
            if before == Some(phc) {
                return Ok(());
            }
            (phc.to_owned(), Some(phc.to_owned()))
        }
        Some(declared) => {
            // Without an earlier one there is nothing to compare with.
            if let Some(before) = before
                && verifier.verify(declared, Some(before)).await? == (password::Verification::Correct { outdated: false })
            {
                return Ok(());
            }
            let hash = verifier.hash(declared).await?;
            (hash.clone(), Some(hash))
        }
    };
    let changed_at = clock.now();
    let record = PasswordRecord {
        hash,
        declared_hash,
        changed_at,
    };
    Ok(store.set_password(user, &record).await?)
}

//! Users in the server's own database.

use super::{Candidate, DirectoryFault, Proven, UserDirectory};
use crate::accounts::password::Verification;
use crate::accounts::username::Username;
use crate::accounts::verifier::PasswordVerifier;
use crate::oauth::ids::{UserId, UserStoreId};
use crate::store::Store;
use crate::store::records::{PasswordRecord, UserRecord};
use async_trait::async_trait;
use secrecy::SecretString;
use std::sync::Arc;

/// One UserStore of `type: local`.
pub struct LocalDirectory {
    id: UserStoreId,
    store: Arc<dyn Store>,
    verifier: Arc<dyn PasswordVerifier>,
}

impl LocalDirectory {
    /// The users whose UserStore is `id`.
    pub fn new(id: UserStoreId, store: Arc<dyn Store>, verifier: Arc<dyn PasswordVerifier>) -> Self {
        Self { id, store, verifier }
    }

    /// Makes an outdated hash anew, and returns what is in force then, if that is known. A fault here does not spoil the login: the next one tries again. A declared password is left alone,
    /// since whoever syncs the manifests keeps it; and so is one that has to be changed now.
    async fn rehash(&self, user: &UserId, password: &SecretString, old: &PasswordRecord) -> Result<Option<PasswordRecord>, DirectoryFault> {
        if old.must_change || old.declared_hash.as_ref() == Some(&old.hash) {
            return Ok(None);
        }
        let hash = self.verifier.hash(password).await?;
        // Hashing takes a while; a password that was changed meanwhile stays.
        let anew = PasswordRecord { hash, ..old.clone() };
        if self.store.replace_password(user, Some(old), &anew, None).await? {
            return Ok(Some(anew));
        }
        // Another login that came at the same time may have made it anew: it is the same password, set at the same time.
        let in_force = self.store.password(user).await?;
        Ok(in_force.filter(|in_force| in_force.changed_at == old.changed_at))
    }
}

#[async_trait]
impl UserDirectory for LocalDirectory {
    async fn identify(&self, username: &Username) -> Result<Option<Candidate>, DirectoryFault> {
        let user = self.store.user_by_name(&self.id, username.as_str()).await?;
        Ok(user.map(|user| Candidate {
            user: Some(user),
            entry: None,
        }))
    }

    async fn prove(&self, candidate: Option<&Candidate>, password: &SecretString) -> Result<Option<Proven>, DirectoryFault> {
        let user = candidate.and_then(|candidate| candidate.user.as_ref());
        // Looked up for nobody, too: a round trip to the database can be measured from outside.
        let nobody = UserId::new("");
        let mut stored = self.store.password(user.map_or(&nobody, |user| &user.id)).await?;
        let found = self
            .verifier
            .verify(password, stored.as_ref().map(|stored| stored.hash.as_str()))
            .await?;
        let Some(user) = user.filter(|user| found.is_correct() && !user.profile.disabled) else {
            return Ok(None);
        };
        if let (Verification::Correct { outdated: true }, Some(old)) = (found, &stored) {
            match self.rehash(&user.id, password, old).await {
                Ok(Some(anew)) => stored = Some(anew),
                Ok(None) => {}
                Err(fault) => tracing::warn!(user = user.id.as_str(), %fault, "an outdated password hash could not be renewed"),
            }
        }
        Ok(Some(Proven {
            user: user.clone(),
            password: stored.as_ref().map(PasswordRecord::mark),
            must_change: stored.is_some_and(|stored| stored.must_change),
        }))
    }

    async fn renew(&self, user: UserRecord) -> Result<UserRecord, DirectoryFault> {
        Ok(user)
    }
}

//! A person chooses a password of their own, in place of one that somebody else set: who may, whether it will do, and what is then stored.
//!
//! Not an actor: it holds no state. The SessionKeeper stores what was chosen, since sessions end with it.

use super::clock::SharedClock;
use super::config_holder::ConfigReader;
use super::fault::Fault;
use super::session_keeper::messages::ChangePassword;
pub use crate::accounts::password_policy::Weakness;
use crate::accounts::password_policy::{self, Rules};
use crate::accounts::verifier::{PasswordVerifier, VerifierFault};
use crate::config::snapshot::{Snapshot, UserStoreKind};
use crate::oauth::ids::UserId;
use crate::oauth::opaque::TokenHash;
use crate::store::Store;
use crate::store::records::{PasswordRecord, UserRecord};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;

/// What the pages are called unless an organisation gave them a name.
const PRODUCT: &str = "Nauthera";

/// Somebody who proved a password that they may not keep.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Who
    pub user: UserRecord,
    /// The password that they proved
    before: PasswordRecord,
}

/// Where passwords are chosen. Cheap to clone.
#[derive(Clone)]
pub struct ChosenPasswords {
    config: ConfigReader,
    store: Arc<dyn Store>,
    verifier: Arc<dyn PasswordVerifier>,
    clock: SharedClock,
}

impl ChosenPasswords {
    /// Over these parts of the platform.
    pub fn new(config: ConfigReader, store: Arc<dyn Store>, verifier: Arc<dyn PasswordVerifier>, clock: SharedClock) -> Self {
        Self {
            config,
            store,
            verifier,
            clock,
        }
    }

    /// The person who proved the password with this mark, if it still is theirs and has to be changed, and they may log in. `None` else: it was
    /// changed meanwhile, by them or by somebody else.
    ///
    /// # Errors
    /// [`Fault`] if nobody can tell at the moment.
    pub async fn pending(&self, user: &UserId, mark: &TokenHash) -> Result<Option<Pending>, Fault> {
        let own = self.own(user).await?;
        Ok(own.filter(|pending| pending.before.must_change && pending.before.mark() == *mark))
    }

    /// A person with a password of a local store, who has proved who they are and wants another one. `None`: their password is kept elsewhere.
    ///
    /// # Errors
    /// [`Fault`] if nobody can tell at the moment.
    pub async fn own(&self, user: &UserId) -> Result<Option<Pending>, Fault> {
        let snapshot = self.snapshot()?;
        let (Some(user), Some(before)) = (self.store.user(user).await?, self.store.password(user).await?) else {
            return Ok(None);
        };
        let is_local = snapshot
            .user_stores
            .iter()
            .any(|store| store.id == user.store && store.kind == UserStoreKind::Local);
        Ok((is_local && !user.profile.disabled).then_some(Pending { user, before }))
    }

    /// What the SessionKeeper is to store, or why this password will not do.
    ///
    /// # Errors
    /// [`Fault`] if it cannot be hashed at the moment.
    pub async fn choose(&self, pending: &Pending, password: &SecretString) -> Result<Result<ChangePassword, Weakness>, Fault> {
        let snapshot = self.snapshot()?;
        let rules = rules(&snapshot);
        if let Err(weakness) = password_policy::judge(password.expose_secret(), rules, known(&snapshot, &pending.user)) {
            return Ok(Err(weakness));
        }
        let old = self.verifier.verify(password, Some(&pending.before.hash)).await?;
        if old.is_correct() {
            return Ok(Err(Weakness::Same));
        }
        let hash = self.verifier.hash(password).await?;
        Ok(Ok(ChangePassword {
            user: pending.user.id.clone(),
            before: pending.before.clone(),
            after: PasswordRecord {
                hash,
                // The declared one stays known: the person's own stays until the manifest has another.
                declared_hash: pending.before.declared_hash.clone(),
                changed_at: self.clock.now(),
                must_change: false,
            },
        }))
    }

    fn snapshot(&self) -> Result<Arc<Snapshot>, Fault> {
        let current = self.config.current();
        current.ok_or_else(|| Fault::Unavailable("there is no configuration yet".to_owned()))
    }
}

/// What a server asks of passwords.
pub const fn rules(snapshot: &Snapshot) -> Rules {
    Rules {
        min_length: snapshot.passwords.min_length,
    }
}

/// What a guesser would try of a person.
fn known<'a>(snapshot: &'a Snapshot, user: &'a UserRecord) -> impl Iterator<Item = &'a str> {
    let profile = &user.profile;
    let names = [&profile.email, &profile.display_name, &profile.given_name, &profile.family_name];
    let product = snapshot.branding.product_name.as_deref().unwrap_or(PRODUCT);
    names
        .into_iter()
        .flatten()
        .chain([&profile.username])
        .map(String::as_str)
        .chain([product])
}

impl From<VerifierFault> for Fault {
    fn from(fault: VerifierFault) -> Self {
        match fault {
            VerifierFault::Busy { retry_after } => Self::Busy { retry_after },
            VerifierFault::Unavailable(reason) => Self::Unavailable(reason),
            VerifierFault::Internal(reason) => Self::Internal(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::snapshot::PasswordRules;

    #[test]
    fn the_baseline_of_policies_is_that_of_passwords() {
        assert_eq!(PasswordRules::default().min_length, Rules::default().min_length);
    }
}

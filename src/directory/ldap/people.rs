//! People of a directory, as the rest of the server sees them.

use super::client::Who;
use super::entry::Entry;
use super::identity::ExternalId;
use super::outcome::{Bind, Refusal};
use super::profile;
use super::settings::LdapSettings;
use crate::accounts::username::Username;
use crate::directory::{Candidate, DirectoryFault, Proven, UserDirectory};
use crate::oauth::ids::UserStoreId;
use crate::store::Store;
use crate::store::records::{UserProfile, UserRecord};
use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;

/// The way to a directory. A trait, since the actor that owns its connections is in a room above.
#[async_trait]
pub trait Connector: Send + Sync {
    /// As [`LdapClient::find`](super::client::LdapClient::find).
    async fn find(&self, who: Who) -> Result<Option<Entry>, DirectoryFault>;
    /// As [`LdapClient::authenticate`](super::client::LdapClient::authenticate).
    async fn authenticate(&self, dn: String, password: SecretString) -> Result<Bind, DirectoryFault>;
    /// As [`LdapClient::groups`](super::client::LdapClient::groups).
    async fn groups(&self, person: Entry) -> Result<Vec<String>, DirectoryFault>;
    /// How the directory is read.
    fn settings(&self) -> &LdapSettings;
    /// See [`UserDirectory::is_silent`].
    fn is_silent(&self) -> bool;
    /// See [`UserDirectory::note_silence`].
    fn note_silence(&self);
}

/// One UserStore of `type: ldap`, at one moment.
pub struct LdapDirectory<C> {
    id: UserStoreId,
    store: Arc<dyn Store>,
    connector: C,
    now: Timestamp,
}

impl<C: Connector> LdapDirectory<C> {
    /// The people of the UserStore `id`.
    pub fn new(id: UserStoreId, store: Arc<dyn Store>, connector: C, now: Timestamp) -> Self {
        Self { id, store, connector, now }
    }

    /// Takes down what the directory says of somebody. `None`: it does not say who they are, so nobody can be held to be them.
    async fn take_down(&self, entry: &Entry) -> Result<Option<UserRecord>, DirectoryFault> {
        let Some(id) = ExternalId::of(entry) else {
            tracing::warn!(
                store = self.id.as_str(),
                "an entry of a directory has no entryUUID, objectGUID, nsUniqueId or ipaUniqueID that the reader may read: nobody can log in by it"
            );
            return Ok(None);
        };
        let groups = self.connector.groups(entry.clone()).await?;
        let Some(profile) = profile::of(entry, groups, self.connector.settings(), self.now) else {
            return Ok(None);
        };
        Ok(Some(self.keep(&id, profile).await?))
    }

    async fn keep(&self, id: &ExternalId, profile: UserProfile) -> Result<UserRecord, DirectoryFault> {
        Ok(self.store.put_directory_user(&self.id, &id.to_string(), &profile, self.now).await?)
    }
}

#[async_trait]
impl<C: Connector> UserDirectory for LdapDirectory<C> {
    async fn identify(&self, username: &Username) -> Result<Option<Candidate>, DirectoryFault> {
        let who = Who::Named(username.as_str().to_owned());
        let entry = self.connector.find(who).await?;
        // Looked up for nobody, too: a round trip to the database can be measured from outside.
        let id = entry.as_ref().and_then(ExternalId::of);
        let id = id.map(|id| id.to_string()).unwrap_or_default();
        let user = self.store.directory_user(&self.id, &id).await?;
        Ok(entry.map(|entry| Candidate { user, entry: Some(entry) }))
    }

    async fn prove(&self, candidate: Option<&Candidate>, password: &SecretString) -> Result<Option<Proven>, DirectoryFault> {
        let Some(entry) = candidate.and_then(|candidate| candidate.entry.as_ref()) else {
            // A bind costs about the same whoever it is for.
            let nobody = format!("cn={},{}", uuid::Uuid::now_v7().simple(), self.connector.settings().users.base_dn);
            self.connector.authenticate(nobody, password.clone()).await?;
            return Ok(None);
        };
        match self.connector.authenticate(entry.dn().to_owned(), password.clone()).await? {
            // They may know that much: nobody without the password is told.
            Bind::Refused(Refusal::PasswordExpired) => Err(DirectoryFault::PasswordExpired),
            Bind::Refused(refusal) => {
                tracing::info!(store = self.id.as_str(), reason = refusal.as_str(), "a directory refused a login");
                Ok(None)
            }
            Bind::Accepted => Ok(self
                .take_down(entry)
                .await?
                .filter(|user| !user.profile.disabled)
                .map(Proven::elsewhere)),
        }
    }

    async fn renew(&self, user: UserRecord) -> Result<UserRecord, DirectoryFault> {
        let known = user.origin.as_ref().and_then(|origin| ExternalId::parse(&origin.external_id));
        let Some(id) = known.filter(|_| user.store == self.id) else {
            return Ok(user);
        };
        if let Some(entry) = self.connector.find(Who::Known(id.clone())).await? {
            return match self.take_down(&entry).await? {
                Some(user) => Ok(user),
                None => Err(DirectoryFault::Unavailable("the directory does not say who somebody is".to_owned())),
            };
        }
        let gone = UserProfile {
            disabled: true,
            ..user.profile
        };
        tracing::info!(
            user = user.id.as_str(),
            "a directory no longer has a user: their sessions and grants end"
        );
        self.keep(&id, gone).await
    }

    fn believed_for(&self) -> Option<Duration> {
        Some(self.connector.settings().cache_ttl)
    }

    fn is_silent(&self) -> bool {
        self.connector.is_silent()
    }

    fn note_silence(&self) {
        self.connector.note_silence();
    }
}

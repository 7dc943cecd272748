//! What `compile` answers: snapshots, and a verdict for each resource.

use super::input::{Accepted, Key, Kind, Options};
use super::snapshot::Snapshot;
use crate::oauth::ids::ClientId;
use crate::resources::condition::Condition;
use crate::resources::{
    AuthClientStatus, AuthPolicyStatus, AuthServerStatus, ClaimMapperStatus, GroupStatus, IdentityProviderStatus, RoleStatus, UserStatus,
    UserStoreStatus,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// The status that a resource gets.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[allow(missing_docs)]
pub enum Status {
    AuthServer(AuthServerStatus),
    AuthClient(AuthClientStatus),
    /// Of an AuthPolicy or a ClusterAuthPolicy
    AuthPolicy(AuthPolicyStatus),
    UserStore(UserStoreStatus),
    User(UserStatus),
    Group(GroupStatus),
    Role(RoleStatus),
    ClaimMapper(ClaimMapperStatus),
    IdentityProvider(IdentityProviderStatus),
}

impl Status {
    /// Its conditions.
    pub fn conditions(&self) -> &[Condition] {
        match self {
            Self::AuthServer(status) => &status.conditions,
            Self::AuthClient(status) => &status.conditions,
            Self::AuthPolicy(status) => &status.conditions,
            Self::UserStore(status) => &status.conditions,
            Self::User(status) => &status.conditions,
            Self::Group(status) => &status.conditions,
            Self::Role(status) => &status.conditions,
            Self::ClaimMapper(status) => &status.conditions,
            Self::IdentityProvider(status) => &status.conditions,
        }
    }
}

/// What was decided about one resource.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// Its kind
    pub kind: Kind,
    /// Its namespace and name
    #[serde(skip)]
    pub key: Key,
    /// Its status, conditions and all
    pub status: Status,
}

impl Verdict {
    /// Whether the resource was accepted as it is written.
    pub fn accepted(&self) -> bool {
        self.condition("Ready").is_some_and(Condition::holds)
    }

    /// The condition of this type.
    pub fn condition(&self, type_: &str) -> Option<&Condition> {
        self.status.conditions().iter().find(|condition| condition.type_ == type_)
    }
}

/// A client that needs a secret which is not there yet. Whoever calls `compile` makes it (256 random bits or more), stores it under
/// `secret`, and calls `compile` again with it among `Resources::generated`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedSecret {
    /// Namespace and name of the Secret to make
    pub secret: Key,
    /// The AuthClient that will own it
    pub client: Key,
    /// `client_id`, to be written in it
    pub client_id: ClientId,
    /// `issuer`, to be written in it
    pub issuer: String,
}

/// When the secret that was made for a client is renewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Namespace and name of the Secret
    pub secret: Key,
    /// Five cron fields: minute, hour, day of month, month, day of week
    pub schedule: String,
    /// The IANA time zone in which the schedule is meant
    pub time_zone: String,
    /// How long the secret before it stays in force
    pub overlap: Duration,
    /// Renewals are spread over this long after the scheduled time
    pub jitter: Duration,
}

/// The outcome of a compilation.
#[derive(Clone, Debug, Default)]
pub struct Compiled {
    /// One for each AuthServer that was accepted
    pub snapshots: BTreeMap<Key, Arc<Snapshot>>,
    /// One for each resource, by kind, namespace and name
    pub verdicts: Vec<Arc<Verdict>>,
    /// Secrets that the caller has to make
    pub secrets_wanted: Vec<WantedSecret>,
    /// Of each AuthClient in force whose secret is renewed by schedule
    pub rotations: BTreeMap<Key, Rotation>,
    /// The AuthServer that serves each AuthClient in force, and the `client_id` under which it does
    pub client_servers: BTreeMap<Key, (Key, ClientId)>,
    /// The AuthServer of each AuthClient that is being deleted, and its `client_id` there. Those whose server has no configuration are not
    /// here: there is nothing to end.
    pub departing: BTreeMap<Key, (Key, ClientId)>,
    /// The AuthServers that each resource reaches: policies that govern clients there, people's stores, and who lives in them.
    /// AuthServers and AuthClients themselves are not here.
    pub governed: BTreeMap<(Kind, Key), BTreeSet<Key>>,
    /// To be handed to the next compilation
    pub accepted: Accepted,
}

/// No one AuthServer is meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoServer {
    /// There is none
    #[error("no AuthServer is configured: add one to the manifests, or see its verdict for why it was refused")]
    None,
    /// The one that was asked for is not there
    #[error("AuthServer {0} is not there or was refused; there is {1}")]
    Unknown(String, String),
    /// There are several
    #[error("there are several AuthServers ({0}): choose one with --auth-server NAMESPACE/NAME")]
    Several(String),
}

impl Compiled {
    /// The snapshot of the one AuthServer that `options` mean.
    ///
    /// # Errors
    /// [`NoServer`] if it is not there, or if there are several and none was named.
    pub fn chosen(&self, options: &Options) -> Result<Arc<Snapshot>, NoServer> {
        let names = || self.snapshots.keys().map(Key::to_string).collect::<Vec<_>>().join(", ");
        if let Some(wanted) = &options.server {
            return self
                .snapshots
                .iter()
                .find(|(key, _)| key.to_string() == *wanted)
                .map(|(_, snapshot)| Arc::clone(snapshot))
                .ok_or_else(|| {
                    let there = names();
                    NoServer::Unknown(wanted.clone(), if there.is_empty() { "none".to_owned() } else { there })
                });
        }
        let mut snapshots = self.snapshots.values();
        match (snapshots.next(), snapshots.next()) {
            (None, _) => Err(NoServer::None),
            (Some(only), None) => Ok(Arc::clone(only)),
            (Some(_), Some(_)) => Err(NoServer::Several(names())),
        }
    }

    /// The verdict on a resource.
    pub fn verdict(&self, kind: Kind, key: &Key) -> Option<&Verdict> {
        // They are listed by kind, namespace and name.
        let found = self
            .verdicts
            .binary_search_by(|verdict| (verdict.kind, &verdict.key).cmp(&(kind, key)));
        found.ok().and_then(|index| self.verdicts.get(index)).map(Arc::as_ref)
    }

    /// Whether every resource was accepted as it is written.
    pub fn all_accepted(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.accepted())
    }
}

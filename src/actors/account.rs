//! What people see and change of their own account, besides their second factors.
//!
//! Not an actor: it holds no state. What ends a session or a consent goes by way of the SessionKeeper, so that hot copies go with it.

use super::clock::SharedClock;
use super::fault::Fault;
use crate::oauth::ids::{ClientId, SessionId, UserId};
use crate::oauth::scope::Scopes;
use crate::store::Store;
use crate::store::records::{AuditEvent, DeviceRecord};
use jiff::Timestamp;
use std::net::IpAddr;
use std::sync::Arc;

/// At most so many rows of a list are shown.
pub const MOST: u32 = 100;
/// The longest name that a browser gives itself, in bytes.
const LONGEST_AGENT: usize = 512;

/// A session, as its owner sees it.
#[derive(Clone, Debug)]
pub struct Device {
    /// `sid`
    pub session: SessionId,
    /// What its browser calls itself
    pub agent: String,
    /// From where it logged in; empty: not known
    pub address: String,
    /// When its owner last proved themselves there
    pub auth_time: Timestamp,
}

/// What somebody allowed a client.
#[derive(Clone, Debug)]
pub struct Application {
    /// Which
    pub client: ClientId,
    /// What
    pub scopes: Scopes,
    /// Since when
    pub given_at: Timestamp,
}

/// People's own accounts. Cheap to clone.
#[derive(Clone)]
pub struct Account {
    store: Arc<dyn Store>,
    clock: SharedClock,
}

impl Account {
    /// Over these parts of the platform.
    pub fn new(store: Arc<dyn Store>, clock: SharedClock) -> Self {
        Self { store, clock }
    }

    /// Remembers from where somebody logged in. It is for show: without it the login goes on.
    pub async fn note_device(&self, session: &SessionId, agent: Option<&str>, address: Option<IpAddr>) {
        let agent = agent.unwrap_or_default();
        let end = agent.floor_char_boundary(LONGEST_AGENT);
        let device = DeviceRecord {
            agent: agent.get(..end).unwrap_or_default().to_owned(),
            address: address.map(|address| address.to_canonical().to_string()).unwrap_or_default(),
        };
        if let Err(error) = self.store.note_device(session, &device).await {
            tracing::warn!(%error, "it could not be noted from where somebody logged in");
        }
    }

    /// Where somebody is signed in.
    ///
    /// # Errors
    /// [`Fault`] of the store.
    pub async fn devices(&self, user: &UserId) -> Result<Vec<Device>, Fault> {
        let sessions = self.store.sessions_of(user, self.clock.now(), MOST).await?;
        let seen = sessions.into_iter().map(|(session, device)| Device {
            session: session.id,
            agent: device.agent,
            address: device.address,
            auth_time: session.auth_time,
        });
        Ok(seen.collect())
    }

    /// What somebody allowed.
    ///
    /// # Errors
    /// [`Fault`] of the store.
    pub async fn applications(&self, user: &UserId) -> Result<Vec<Application>, Fault> {
        let consents = self.store.consents_of(user, MOST).await?;
        let given = consents.into_iter().map(|(client, consent)| Application {
            client,
            scopes: consent.scopes,
            given_at: consent.given_at,
        });
        Ok(given.collect())
    }

    /// What happened to somebody's account lately.
    ///
    /// # Errors
    /// [`Fault`] of the store.
    pub async fn events(&self, user: &UserId) -> Result<Vec<AuditEvent>, Fault> {
        Ok(self.store.audit_of(user, MOST).await?)
    }
}

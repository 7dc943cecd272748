//! Rate limits: how much each address and each client was let through lately. One for the whole process, bounded in memory.
//!
//! [`limiter`] follows the configuration, [`table`] keeps a bucket for each key, [`share`] reckons with what other servers let through.

pub mod limiter;
pub mod share;
mod table;

use crate::accounts::lockout::counted_as;
use crate::config::rate::{Rate, RateLimits};
use crate::oauth::ids::ClientId;
use limiter::Limiter;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Addresses and clients that are remembered at a time, each.
pub const MOST_KEYS: usize = 65_536;

/// A request that comes too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    /// When the next one is let through, if nobody else of the same key comes first
    pub retry_after: Duration,
}

/// The limiters of a process. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Limiters(Arc<Both>);

struct Both {
    addresses: Limiter<IpAddr>,
    clients: Limiter<ClientId>,
}

impl Default for Limiters {
    fn default() -> Self {
        Self(Arc::new(Both {
            addresses: Limiter::new("address", MOST_KEYS),
            clients: Limiter::new("client", MOST_KEYS),
        }))
    }
}

impl Limiters {
    /// Lets a request from an address through, or not.
    ///
    /// # Errors
    /// [`TooMany`], if all that come from there have used up what they have.
    pub fn address(&self, rate: Option<&Rate>, address: IpAddr) -> Result<(), TooMany> {
        self.0.addresses.admit(rate, &counted_as(address))
    }

    /// Lets a request of a client through, or not. Only for one that has proved itself: nobody may use up another's budget by its name.
    ///
    /// # Errors
    /// [`TooMany`], if the client has used up what it has.
    pub fn client(&self, rate: Option<&Rate>, client: &ClientId) -> Result<(), TooMany> {
        self.0.clients.admit(rate, client)
    }

    /// By address, an IPv6 network by its first.
    pub fn addresses(&self) -> &Limiter<IpAddr> {
        &self.0.addresses
    }

    /// By client that proved itself.
    pub fn clients(&self) -> &Limiter<ClientId> {
        &self.0.clients
    }

    /// Takes up a configuration, and forgets some of those that were quiet for long. To be called now and then.
    pub fn tidy(&self, limits: &RateLimits) {
        self.0.addresses.tidy(limits.per_address.as_ref());
        self.0.clients.tidy(limits.per_client.as_ref());
    }
}

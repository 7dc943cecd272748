//! What was acknowledged to the clients, and so must hold afterwards.

use super::agent::Agent;
use crate::cluster::manifests::OFFICE;
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A client that people log in to: the office proves itself, a shop cannot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Website {
    pub id: String,
    pub is_confidential: bool,
}

impl Website {
    /// The one that proves itself, and asks nobody for consent.
    pub fn office() -> Self {
        Self {
            id: OFFICE.to_owned(),
            is_confidential: true,
        }
    }
}

/// A refresh family: the token that was handed out last, and what came with it.
#[derive(Clone)]
pub struct Family {
    pub website: Website,
    pub refresh: String,
    pub access: String,
    pub id_token: String,
}

/// A person's session in a browser.
#[derive(Clone)]
pub struct Session {
    pub browser: Agent,
    pub person: String,
}

#[derive(Default)]
pub struct Acknowledged {
    /// To be refreshed, the one that waits longest first. A worker takes one out while it uses it
    pub families: VecDeque<Family>,
    pub sessions: Vec<Session>,
    /// Person and website
    pub consents: BTreeSet<(String, Website)>,
    /// Codes that became tokens
    pub codes: Vec<(Website, String)>,
    /// Sessions that were ended, with what they had
    pub logged_out: Vec<(Session, Family)>,
    /// Families that were ended by giving back their refresh token
    pub given_back: Vec<Family>,
    /// Access tokens that were given back by themselves, and when
    pub revoked: Vec<(Website, String, Instant)>,
    /// Access tokens that hold
    pub issued: Vec<String>,
    /// What must never happen, and did
    pub violations: Vec<String>,
    /// Families that ended after requests whose outcome nobody knew
    pub lost_in_doubt: usize,
}

#[derive(Default)]
pub struct Ledger(Mutex<Acknowledged>);

impl Ledger {
    pub fn open(&self) -> MutexGuard<'_, Acknowledged> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn violation(&self, what: String) {
        self.open().violations.push(what);
    }
}

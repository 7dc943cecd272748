//! Portions in, a snapshot out: whole, or on top of the one before. A change costs what changed.

use super::message as m;
use super::{Fault, decode};
use crate::config::revision::{self, Digests};
use crate::config::snapshot::{DeclaredUser, Revision, RoleConfig, Snapshot};
use crate::oauth::client::Client;
use crate::oauth::ids::ClientId;
use prost::Message;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The most bytes that one configuration may have on its way here.
pub const MAX_BYTES: usize = 128 * 1024 * 1024;
/// The most clients, users and roles together.
pub const MAX_PARTS: usize = 500_000;
/// A person who reads them mends the first few.
const FAULTS_LISTED: usize = 20;

/// A snapshot that is held, with the digests of its parts, so that they need not be made again.
#[derive(Clone, Debug)]
pub struct Held {
    /// The snapshot
    pub snapshot: Arc<Snapshot>,
    /// The digests of its parts
    pub digests: Arc<Digests>,
}

impl Held {
    /// Digests a snapshot.
    pub fn new(snapshot: Arc<Snapshot>) -> Self {
        let digests = Arc::new(revision::digests(&snapshot));
        Self { snapshot, digests }
    }
}

/// A snapshot that is being put together.
pub struct Assembly {
    server: String,
    revision: Revision,
    settings: Option<decode::Settings>,
    clients: HashMap<ClientId, Arc<Client>>,
    users: BTreeMap<String, Arc<DeclaredUser>>,
    roles: BTreeMap<String, Arc<RoleConfig>>,
    digests: Digests,
    bytes: usize,
    faults: Vec<Fault>,
}

impl Assembly {
    /// Begins with nothing, or with what is held.
    pub fn new(server: String, revision: Revision, base: Option<&Held>) -> Self {
        let mut assembly = Self {
            server,
            revision,
            settings: None,
            clients: HashMap::new(),
            users: BTreeMap::new(),
            roles: BTreeMap::new(),
            digests: Digests::new(),
            bytes: 0,
            faults: Vec::new(),
        };
        if let Some(base) = base {
            assembly.clients.clone_from(&base.snapshot.clients);
            let users = base.snapshot.users.iter();
            assembly.users = users
                .map(|user| (revision::user_part(&user.store, &user.username), Arc::clone(user)))
                .collect();
            let roles = base.snapshot.roles.iter();
            assembly.roles = roles
                .map(|role| (revision::role_part(&role.store, &role.name), Arc::clone(role)))
                .collect();
            assembly.digests.clone_from(&base.digests);
        }
        assembly
    }

    /// Takes one portion. What is wrong with a resource is kept for [`finish`](Self::finish).
    ///
    /// # Errors
    /// A fault that makes it useless to listen any longer: no portion at all, or too much.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.bytes = self.bytes.saturating_add(bytes.len());
        if self.bytes > MAX_BYTES {
            return Err(self.fault(format!("the configuration has more than {MAX_BYTES} bytes")));
        }
        // The decoder's own message names fields only.
        let portion = m::Portion::decode(bytes).map_err(|error| self.fault(format!("a portion cannot be read: {error}")))?;
        if let Some(settings) = portion.settings {
            if self.settings.is_some() {
                return Err(self.fault("the settings came twice".to_owned()));
            }
            match decode::settings(&self.server, settings) {
                Ok(settings) => self.settings = Some(settings),
                Err(fault) => self.note(fault),
            }
        }
        for name in portion.removed {
            self.remove(&name);
        }
        for client in portion.clients {
            match decode::client(client) {
                Ok(client) => {
                    let digest = revision::client_digest(&client);
                    self.digests.insert(revision::client_part(&client.id), digest);
                    self.clients.insert(client.id.clone(), Arc::new(client));
                }
                Err(fault) => self.note(fault),
            }
        }
        for user in portion.users {
            match decode::user(user) {
                Ok(user) => {
                    let part = revision::user_part(&user.store, &user.username);
                    self.digests.insert(part.clone(), revision::user_digest(&user));
                    self.users.insert(part, Arc::new(user));
                }
                Err(fault) => self.note(fault),
            }
        }
        for role in portion.roles {
            let role = decode::role(role);
            let part = revision::role_part(&role.store, &role.name);
            self.digests.insert(part.clone(), revision::role_digest(&role));
            self.roles.insert(part, Arc::new(role));
        }
        if self.digests.len() > MAX_PARTS {
            return Err(self.fault(format!("the configuration has more than {MAX_PARTS} resources")));
        }
        Ok(())
    }

    fn remove(&mut self, name: &str) {
        self.digests.remove(name);
        self.users.remove(name);
        self.roles.remove(name);
        if let Some(id) = name.strip_prefix("client/") {
            self.clients.remove(&ClientId::new(id));
        }
    }

    fn fault(&self, reason: String) -> Fault {
        Fault::new("AuthServer", self.server.clone(), reason)
    }

    fn note(&mut self, fault: Fault) {
        if self.faults.len() < FAULTS_LISTED {
            self.faults.push(fault);
        }
    }

    /// The snapshot, if everything is there and is what the sender meant.
    ///
    /// # Errors
    /// What is wrong, by resource.
    pub fn finish(mut self) -> Result<Held, Vec<Fault>> {
        let Some(settings) = self.settings.take() else {
            if self.faults.is_empty() {
                let fault = self.fault("its settings are missing".to_owned());
                self.note(fault);
            }
            return Err(self.faults);
        };
        if !self.faults.is_empty() {
            return Err(self.faults);
        }
        let mut snapshot = Snapshot {
            revision: Revision(String::new()),
            server: self.server.clone(),
            issuer: settings.issuer,
            signing: settings.signing,
            clients: self.clients,
            user_stores: settings.user_stores,
            users: self.users.into_values().collect(),
            roles: self.roles.into_values().collect(),
            identity_providers: settings.identity_providers,
            claim_rules: settings.claim_rules,
            departed: settings.departed,
            branding: settings.branding,
            rate_limits: settings.rate_limits,
            passwords: settings.passwords,
        };
        // Found by binary search.
        snapshot.roles.sort();
        self.digests
            .insert(revision::SETTINGS.to_owned(), revision::settings_digest(&snapshot));
        snapshot.revision = revision::of_digests(&self.digests);
        if snapshot.revision != self.revision {
            let reason = format!(
                "what was understood of it has the digest {}, not {}: the sender is of another release, or something was lost",
                snapshot.revision, self.revision
            );
            return Err(vec![Fault::new("AuthServer", self.server, reason)]);
        }
        Ok(Held {
            snapshot: Arc::new(snapshot),
            digests: Arc::new(self.digests),
        })
    }
}

//! A configuration that is ready to be sent: encoded once, whatever the number of replicas.

use super::assembly::{Assembly, Held};
use super::message as m;
use super::{FORMAT, Fault, encode};
use crate::config::revision::{self, Digest, Digests};
use crate::config::snapshot::{Revision, Snapshot};
use bytes::Bytes;
use prost::Message;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A portion is closed once it has so many bytes; one resource is far smaller.
const PORTION_BYTES: usize = 256 * 1024;

/// What a replica said that it holds.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its revision
    pub revision: Revision,
    /// The digests of its parts
    pub digests: Arc<Digests>,
}

/// A configuration in portions.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// NAMESPACE/NAME of the AuthServer
    pub server: String,
    /// The digest of what it comes to
    pub revision: Revision,
    /// What it is a delta on
    pub base: Option<Revision>,
    /// Encoded [`Portion`](m::Portion)s
    pub portions: Vec<Bytes>,
}

impl Prepared {
    /// Everything.
    pub fn whole(snapshot: &Snapshot) -> Self {
        Self::new(snapshot, None, |_| true, Vec::new())
    }

    /// What differs from `base`, which the replica holds. Costs a comparison of pointers for each client that both share.
    pub fn since(base: &Snapshot, snapshot: &Snapshot) -> Self {
        let mut before: Digests = Digests::new();
        let mut changed: BTreeSet<String> = BTreeSet::new();
        for (id, client) in &snapshot.clients {
            let same = base
                .clients
                .get(id)
                .is_some_and(|known| Arc::ptr_eq(known, client) || known == client);
            if !same {
                changed.insert(revision::client_part(id));
            }
        }
        let gone = base.clients.keys().filter(|id| !snapshot.clients.contains_key(*id));
        let mut removed: Vec<String> = gone.map(revision::client_part).collect();
        // Users and roles are few: their digests tell.
        for user in &base.users {
            before.insert(revision::user_part(&user.store, &user.username), revision::user_digest(user));
        }
        for role in &base.roles {
            before.insert(revision::role_part(&role.store, &role.name), revision::role_digest(role));
        }
        let mut keep = |part: String, digest: Digest| {
            if before.remove(&part) != Some(digest) {
                changed.insert(part);
            }
        };
        for user in &snapshot.users {
            keep(revision::user_part(&user.store, &user.username), revision::user_digest(user));
        }
        for role in &snapshot.roles {
            keep(revision::role_part(&role.store, &role.name), revision::role_digest(role));
        }
        removed.extend(before.into_keys());
        Self::new(snapshot, Some(base.revision.clone()), |part| changed.contains(part), removed)
    }

    /// What differs from what a replica said of itself.
    pub fn against(known: &Known, snapshot: &Snapshot) -> Self {
        let digests = revision::digests(snapshot);
        let removed = known.digests.keys().filter(|part| !digests.contains_key(*part)).cloned().collect();
        Self::new(
            snapshot,
            Some(known.revision.clone()),
            |part| known.digests.get(part) != digests.get(part),
            removed,
        )
    }

    fn new(snapshot: &Snapshot, base: Option<Revision>, wanted: impl Fn(&str) -> bool, removed: Vec<String>) -> Self {
        let mut writer = Writer::default();
        writer.open.settings = Some(encode::settings(snapshot));
        for part in removed {
            let size = part.len();
            writer.open.removed.push(part);
            writer.wrote(size);
        }
        for client in snapshot.clients.values() {
            if wanted(&revision::client_part(&client.id)) {
                let message = encode::client(client);
                let size = message.encoded_len();
                writer.open.clients.push(message);
                writer.wrote(size);
            }
        }
        for user in &snapshot.users {
            if wanted(&revision::user_part(&user.store, &user.username)) {
                let message = encode::user(user);
                let size = message.encoded_len();
                writer.open.users.push(message);
                writer.wrote(size);
            }
        }
        for role in &snapshot.roles {
            if wanted(&revision::role_part(&role.store, &role.name)) {
                let message = encode::role(role);
                let size = message.encoded_len();
                writer.open.roles.push(message);
                writer.wrote(size);
            }
        }
        writer.close();
        Self {
            server: snapshot.server.clone(),
            revision: snapshot.revision.clone(),
            base,
            portions: writer.portions,
        }
    }

    /// The header that goes first.
    pub fn header(&self, position: crate::config::snapshot::Position) -> m::Header {
        m::Header {
            format: FORMAT,
            server: self.server.clone(),
            revision: self.revision.0.clone(),
            base_revision: self.base.as_ref().map(|base| base.0.clone()),
            position: Some(m::Position {
                fence: position.fence,
                sequence: position.sequence,
            }),
        }
    }
}

#[derive(Default)]
struct Writer {
    open: m::Portion,
    size: usize,
    portions: Vec<Bytes>,
}

impl Writer {
    fn wrote(&mut self, size: usize) {
        self.size += size;
        if self.size >= PORTION_BYTES {
            self.close();
        }
    }

    fn close(&mut self) {
        let portion = std::mem::take(&mut self.open);
        self.size = 0;
        let bytes = portion.encode_to_vec();
        if !bytes.is_empty() {
            self.portions.push(bytes.into());
        }
    }
}

/// A snapshot as bytes, to be kept: its header and portions, each with its length before it. Holds what is secret in it.
pub fn to_bytes(snapshot: &Snapshot) -> Vec<u8> {
    let prepared = Prepared::whole(snapshot);
    let header = prepared.header(crate::config::snapshot::Position::default());
    let mut bytes = header.encode_length_delimited_to_vec();
    for portion in &prepared.portions {
        // A vector takes any length.
        let _ = prost::encode_length_delimiter(portion.len(), &mut bytes);
        bytes.extend_from_slice(portion);
    }
    bytes
}

/// The snapshot that [`to_bytes`] wrote.
///
/// # Errors
/// What is wrong with it.
pub fn from_bytes(mut bytes: &[u8]) -> Result<Held, Vec<Fault>> {
    let damaged = |what: &str| vec![Fault::new("AuthServer", "", what.to_owned())];
    let header = m::Header::decode_length_delimited(&mut bytes).map_err(|_| damaged("its beginning cannot be read"))?;
    if header.format != FORMAT {
        return Err(damaged("it was written by another release, in a form that this one does not read"));
    }
    let mut assembly = Assembly::new(header.server, Revision(header.revision), None);
    while !bytes.is_empty() {
        let length = prost::decode_length_delimiter(&mut bytes).map_err(|_| damaged("it is cut off"))?;
        let (portion, rest) = bytes.split_at_checked(length).ok_or_else(|| damaged("it is cut off"))?;
        assembly.add(portion).map_err(|fault| vec![fault])?;
        bytes = rest;
    }
    assembly.finish()
}

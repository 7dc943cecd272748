//! The Secret with the key-encryption key.

use super::{Content, Failure, Fault, Round};
use crate::operator::servers::kek::{self, Step};
use crate::operator::servers::secrets;
use crate::operator::servers::step::Belongs;
use crate::operator::world::SecretView;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Round<'_> {
    /// Sees to it. The Secret, if it is there and can be used.
    pub(super) async fn kek(&mut self) -> Option<Arc<SecretView>> {
        let name = self.names.kek();
        let mut secret = self.secret(&name);
        if let Some(known) = &secret {
            match secrets::owner_of(known, &self.subject) {
                Belongs::Here if known.deletion_timestamp.is_none() => {}
                Belongs::Another => {
                    let failure = Failure::Foreign(format!("Secret {name}"));
                    self.missing(Fault::new(failure.reason(), failure.to_string()));
                    return None;
                }
                _ => {
                    let failure = Failure::Leaving(format!("Secret {name}"));
                    self.missing(Fault::new(failure.reason(), failure.to_string()));
                    return None;
                }
            }
        }
        let in_use = self.has_deployment();
        if secret.is_none() && in_use && self.entry.kek.is_none() {
            // Before it counts as lost: somebody may only have taken its label off.
            secret = match secrets::get(&self.context.client, &self.subject, &name).await {
                Ok(found) => found.map(Arc::new),
                Err(failure) => {
                    self.held = true;
                    self.failure(&failure);
                    return None;
                }
            };
        }
        let before = self.entry.kek.clone();
        let (data, put_back) = match kek::step(secret.as_deref(), before.as_deref(), in_use) {
            Step::Rest => {
                if let Some(secret) = &secret
                    && secrets::is_marked(secret, &self.subject)
                {
                    self.entry.kek = Some(Arc::clone(secret));
                    return Some(Arc::clone(secret));
                }
                (BTreeMap::new(), true)
            }
            Step::Make => match kek::first() {
                Some(key) => (key, false),
                None => {
                    self.missing(Fault::new("ApplyFailed", "the system's random generator gives nothing"));
                    return None;
                }
            },
            Step::PutBack(keys) => (keys, true),
            Step::Unusable => {
                let message = format!(
                    "the Secret {name} holds no key of 32 bytes, and is never overwritten: put the key back that it held, or delete the Secret \
                     if nothing was sealed with it yet"
                );
                self.missing(Fault::new("KeyEncryptionKeyInvalid", message));
                return None;
            }
            Step::Lost => {
                let message = format!(
                    "the Secret {name} is gone, and with it what opens the signing keys in the database: restore it from a backup. Without one, \
                     delete the Deployment {}: then a new key is made, signing keys come anew, and tokens that were issued before are void",
                    self.names.own()
                );
                self.missing(Fault::new("KeyEncryptionKeyMissing", message));
                return None;
            }
        };
        let content = Content {
            name: name.clone(),
            type_: "Opaque",
            data,
            annotations: BTreeMap::new(),
            // One that is there though the watch does not show it keeps what it holds.
            keep: secret.is_none(),
        };
        let written = self.write_secret(&content, secret.as_deref()).await;
        match written {
            Some(secret) if kek::is_usable(&secret) => {
                if put_back {
                    self.put_back(format!(
                        "Secret {name} had been changed or deleted: it was put back with the key that it held"
                    ));
                }
                self.entry.kek = Some(Arc::clone(&secret));
                Some(secret)
            }
            _ => {
                self.held = true;
                None
            }
        }
    }
}

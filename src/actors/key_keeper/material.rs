//! Keys between the store and the memory: sealed there if there is a key-encryption key, parsed once here.

use super::algorithm_of;
use super::schedule::INTERACTION;
use crate::jose::seal::Sealer;
use crate::jose::{JoseError, SigningKey, TicketKey};
use crate::store::records::KeyRecord;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use zeroize::Zeroizing;

const PURPOSE: &str = "key";
/// Why a key in the clear is left alone where keys are sealed.
const IN_THE_CLEAR: &str = "it is in the clear, and this server was started with --kek: whoever can write to the database could have put it \
    there. If the database was used without --kek before, start once with --seal-clear-keys; else delete it, and find out who did";

/// A key in use.
#[derive(Clone)]
pub enum Parsed {
    /// Signs tokens
    Signing(Arc<SigningKey>),
    /// Signs forms and tickets
    Ticket(TicketKey),
}

/// A key as it is written to the store.
#[derive(Clone, PartialEq, Eq)]
pub struct Written {
    pub material: Vec<u8>,
    /// The key-encryption key that sealed it
    pub sealed_with: Option<String>,
}

/// What was parsed, and how more is.
pub struct Material {
    sealer: Option<Sealer>,
    parsed: HashMap<String, Parsed>,
    /// Those that were complained of, so that it is said once
    lost: HashSet<String>,
}

impl Material {
    pub fn new(sealer: Option<Sealer>) -> Self {
        Self {
            sealer,
            parsed: HashMap::new(),
            lost: HashSet::new(),
        }
    }

    /// Parses what is new among the records, and forgets what is no longer there.
    ///
    /// # Errors
    /// A key that is no key. One that merely does not open, or is in the clear where keys are sealed, is left out, see
    /// [`is_lost`](Self::is_lost); but a server that was given no key-encryption key at all goes no further at a sealed one: it would make
    /// others beside those that its like use.
    pub fn load(&mut self, records: &[KeyRecord]) -> Result<(), JoseError> {
        self.parsed.retain(|kid, _| records.iter().any(|record| record.kid == *kid));
        self.lost.retain(|kid| records.iter().any(|record| record.kid == *kid));
        for record in records {
            let algorithm = algorithm_of(&record.purpose);
            // A purpose that this release does not know belongs to a later one that runs beside it
            let known = algorithm.is_some() || record.purpose == INTERACTION;
            if !known || self.parsed.contains_key(&record.kid) {
                continue;
            }
            let Some(plain) = self.open(record)? else { continue };
            let parsed = match algorithm {
                Some(algorithm) => Parsed::Signing(Arc::new(SigningKey::from_pkcs8(algorithm, &plain)?)),
                None => Parsed::Ticket(TicketKey::new(record.kid.clone(), &plain)),
            };
            self.lost.remove(&record.kid);
            self.parsed.insert(record.kid.clone(), parsed);
        }
        Ok(())
    }

    /// The key of a record.
    pub fn get(&self, kid: &str) -> Option<&Parsed> {
        self.parsed.get(kid)
    }

    /// Whether a record does not open with the key-encryption keys at hand, or is nobody's word.
    pub fn is_lost(&self, record: &KeyRecord) -> bool {
        self.lost.contains(&record.kid)
    }

    /// A new key, as it is to be written.
    ///
    /// # Errors
    /// There is no randomness.
    pub fn close(&self, kid: &str, purpose: &str, plain: Zeroizing<Vec<u8>>) -> Result<Written, JoseError> {
        let Some(sealer) = &self.sealer else {
            return Ok(Written {
                material: plain.to_vec(),
                sealed_with: None,
            });
        };
        let keys = sealer.keys();
        let sealed = keys.seal(&sealer.binding(PURPOSE, &[kid, purpose]), &plain);
        Ok(Written {
            material: sealed.map_err(|error| JoseError::Signing(error.to_string()))?,
            sealed_with: Some(keys.newest().to_owned()),
        })
    }

    /// How a record is to be written anew, since its key-encryption key is not the newest, or it is in the clear and taken all the same.
    /// `None` if it is to be left as it is.
    ///
    /// # Errors
    /// There is no randomness.
    pub fn reseal(&self, record: &KeyRecord) -> Result<Option<Written>, JoseError> {
        let Some(sealer) = &self.sealer else { return Ok(None) };
        let keys = sealer.keys();
        let is_older = record.sealed_with.as_deref().is_none_or(|id| id < keys.newest());
        if !is_older || !self.parsed.contains_key(&record.kid) {
            return Ok(None);
        }
        let plain = match &record.sealed_with {
            None if sealer.takes_what_is_in_the_clear() => Zeroizing::new(record.material.clone()),
            // Sealing it would make ours what somebody put in the place of a key that is in use here.
            None => return Ok(None),
            Some(_) => match keys.open(&sealer.binding(PURPOSE, &[&record.kid, &record.purpose]), &record.material) {
                Ok(plain) => plain,
                // It was parsed while there was a key for it.
                Err(_) => return Ok(None),
            },
        };
        self.close(&record.kid, &record.purpose, plain).map(Some)
    }

    fn open(&mut self, record: &KeyRecord) -> Result<Option<Zeroizing<Vec<u8>>>, JoseError> {
        match (&record.sealed_with, &self.sealer) {
            (None, None) => Ok(Some(Zeroizing::new(record.material.clone()))),
            (None, Some(sealer)) if sealer.takes_what_is_in_the_clear() => Ok(Some(Zeroizing::new(record.material.clone()))),
            (None, Some(_)) => {
                self.lose(record, IN_THE_CLEAR);
                Ok(None)
            }
            (Some(id), None) => Err(JoseError::Sealed {
                kid: record.kid.clone(),
                sealed_with: id.clone(),
            }),
            (Some(_), Some(sealer)) => {
                let binding = [record.kid.as_str(), record.purpose.as_str()];
                match sealer.keys().open(&sealer.binding(PURPOSE, &binding), &record.material) {
                    Ok(plain) => Ok(Some(plain)),
                    Err(reason) => {
                        self.lose(record, &reason.to_string());
                        Ok(None)
                    }
                }
            }
        }
    }

    fn lose(&mut self, record: &KeyRecord, reason: &str) {
        if self.lost.insert(record.kid.clone()) {
            tracing::error!(
                kid = record.kid,
                purpose = record.purpose,
                reason,
                "a key in the database is of no use; if there is none of its kind, another one is made. What it signed cannot be verified here"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::snapshot::SigningAlgorithm;
    use crate::jose::seal::SealingKeys;
    use jiff::Timestamp;

    fn keys(keys: &[(&str, u8)]) -> SealingKeys {
        let bytes: Vec<(&str, [u8; 32])> = keys.iter().map(|(id, byte)| (*id, [*byte; 32])).collect();
        SealingKeys::new(bytes.iter().map(|(id, key)| (*id, key.as_slice()))).unwrap()
    }

    fn sealer(of: &[(&str, u8)]) -> Sealer {
        Sealer::new("identity/main", keys(of))
    }

    fn plain() -> Zeroizing<Vec<u8>> {
        Zeroizing::new(SigningKey::generate_pkcs8(SigningAlgorithm::ES256).unwrap().to_vec())
    }

    fn record(kid: &str, written: Written) -> KeyRecord {
        KeyRecord {
            kid: kid.to_owned(),
            purpose: "ES256".to_owned(),
            material: written.material,
            sealed_with: written.sealed_with,
            created_at: Timestamp::UNIX_EPOCH,
            active_from: Timestamp::UNIX_EPOCH,
            retires_at: None,
            expires_at: None,
        }
    }

    /// As a server with these key-encryption keys writes it.
    fn sealed(kid: &str, of: &[(&str, u8)]) -> KeyRecord {
        record(kid, Material::new(Some(sealer(of))).close(kid, "ES256", plain()).unwrap())
    }

    fn in_the_clear(kid: &str) -> KeyRecord {
        record(kid, Material::new(None).close(kid, "ES256", plain()).unwrap())
    }

    #[test]
    fn a_sealed_key_shows_nothing_and_is_read_by_its_like() {
        let key = plain();
        let material = Material::new(Some(sealer(&[("1", 1)])));
        let written = material.close("k", "ES256", key.clone()).unwrap();
        assert_eq!(written.sealed_with.as_deref(), Some("1"));
        assert!(
            !written
                .material
                .windows(16)
                .any(|window| key.windows(16).any(|part| part == window))
        );
        let mut another = Material::new(Some(sealer(&[("2", 2), ("1", 1)])));
        another.load(&[record("k", written)]).unwrap();
        assert!(matches!(another.get("k"), Some(Parsed::Signing(_))));
    }

    #[test]
    fn a_key_in_the_clear_is_nobodys_word_where_keys_are_sealed() {
        let mut material = Material::new(Some(sealer(&[("1", 1)])));
        let planted = in_the_clear("k");
        material.load(std::slice::from_ref(&planted)).unwrap();
        assert!(material.get("k").is_none() && material.is_lost(&planted));
        assert!(material.reseal(&planted).unwrap().is_none());
    }

    #[test]
    fn a_key_in_the_clear_in_the_place_of_one_that_is_in_use_is_not_sealed() {
        let mut material = Material::new(Some(sealer(&[("1", 1)])));
        material.load(&[sealed("k", &[("1", 1)])]).unwrap();
        let planted = in_the_clear("k");
        material.load(std::slice::from_ref(&planted)).unwrap();
        assert!(material.reseal(&planted).unwrap().is_none());
    }

    #[test]
    fn a_key_in_the_clear_is_taken_and_sealed_if_that_is_asked_for() {
        let mut material = Material::new(Some(sealer(&[("1", 1)]).taking_what_is_in_the_clear()));
        let clear = in_the_clear("k");
        material.load(std::slice::from_ref(&clear)).unwrap();
        let written = material.reseal(&clear).unwrap().unwrap();
        assert_eq!(written.sealed_with.as_deref(), Some("1"));
        let mut after = Material::new(Some(sealer(&[("1", 1)])));
        after.load(&[record("k", written)]).unwrap();
        assert!(after.get("k").is_some());
    }

    #[test]
    fn is_sealed_anew_with_a_later_key_and_never_with_an_earlier_one() {
        let (first, second) = (sealed("a", &[("1", 1)]), sealed("b", &[("2", 2)]));
        let records = [first.clone(), second.clone()];
        let mut both = Material::new(Some(sealer(&[("1", 1), ("2", 2)])));
        both.load(&records).unwrap();
        assert_eq!(both.reseal(&first).unwrap().unwrap().sealed_with.as_deref(), Some("2"));
        assert!(both.reseal(&second).unwrap().is_none());
        // Its folder of keys is a little behind.
        let mut behind = Material::new(Some(sealer(&[("1", 1)])));
        behind.load(&records).unwrap();
        assert!(behind.reseal(&first).unwrap().is_none() && behind.reseal(&second).unwrap().is_none());
    }

    #[test]
    fn a_key_that_does_not_open_is_lost_until_its_key_comes() {
        let sealer = sealer(&[("1", 1)]);
        let mut material = Material::new(Some(sealer.clone()));
        let (ours, theirs) = (sealed("a", &[("1", 1)]), sealed("b", &[("2", 2)]));
        let records = [ours.clone(), theirs.clone()];
        material.load(&records).unwrap();
        assert!(material.is_lost(&theirs) && !material.is_lost(&ours));
        sealer.replace(keys(&[("1", 1), ("2", 2)]));
        material.load(&records).unwrap();
        assert!(!material.is_lost(&theirs) && material.get("b").is_some());
    }

    #[test]
    fn a_key_that_is_in_use_stays_though_its_sealing_key_went() {
        let sealer = sealer(&[("1", 1)]);
        let mut material = Material::new(Some(sealer.clone()));
        let records = [sealed("a", &[("1", 1)])];
        material.load(&records).unwrap();
        sealer.replace(keys(&[("2", 2)]));
        material.load(&records).unwrap();
        assert!(material.get("a").is_some() && !material.is_lost(&records[0]));
    }

    #[test]
    fn a_key_that_was_moved_to_another_row_does_not_open() {
        let mut moved = sealed("a", &[("1", 1)]);
        moved.kid = "b".to_owned();
        let mut relabelled = sealed("c", &[("1", 1)]);
        relabelled.purpose = INTERACTION.to_owned();
        let mut material = Material::new(Some(sealer(&[("1", 1)])));
        material.load(&[moved.clone(), relabelled.clone()]).unwrap();
        assert!(material.is_lost(&moved) && material.is_lost(&relabelled));
    }

    #[test]
    fn without_any_sealing_key_a_sealed_one_is_an_error_that_says_what_is_missing() {
        let error = Material::new(None).load(&[sealed("a", &[("1", 1)])]).unwrap_err().to_string();
        assert!(error.contains("--kek") && error.contains("\"1\""), "{error}");
    }
}

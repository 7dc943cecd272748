//! The material of factors, sealed in the store if there is a key-encryption key.

use crate::actors::fault::Fault;
use crate::jose::seal::Sealer;
use crate::store::records::FactorRecord;
use zeroize::Zeroizing;

const PURPOSE: &str = "factor";

/// Seals and opens.
pub(super) struct Safe {
    sealer: Option<Sealer>,
}

impl Safe {
    pub(super) const fn new(sealer: Option<Sealer>) -> Self {
        Self { sealer }
    }

    /// The factor with this material, as it is to be kept.
    ///
    /// # Errors
    /// There is no randomness.
    pub(super) fn close(&self, factor: &FactorRecord, material: &[u8]) -> Result<FactorRecord, Fault> {
        let (material, sealed_with) = match &self.sealer {
            None => (material.to_vec(), None),
            Some(sealer) => {
                let keys = sealer.keys();
                let sealed = keys.seal(&sealer.binding(PURPOSE, &facts(factor)), material);
                let sealed = sealed.map_err(|error| Fault::Internal(error.to_string()))?;
                (sealed, Some(keys.newest().to_owned()))
            }
        };
        Ok(FactorRecord {
            material,
            sealed_with,
            ..factor.clone()
        })
    }

    /// The material. `None`, and the log says why, if it does not open, or lies in the clear where this server seals: whoever can write to the
    /// database could have put it there.
    pub(super) fn open(&self, factor: &FactorRecord) -> Option<Zeroizing<Vec<u8>>> {
        let in_the_clear = || Some(Zeroizing::new(factor.material.clone()));
        let refused = |why: &str| {
            tracing::warn!(factor = factor.id.as_str(), why, "a second factor cannot be used");
            None
        };
        match (&factor.sealed_with, &self.sealer) {
            (None, None) => in_the_clear(),
            (None, Some(sealer)) if sealer.takes_what_is_in_the_clear() => in_the_clear(),
            (None, Some(_)) => refused("it is in the clear, and this server was started with --kek"),
            (Some(_), None) => refused("it is sealed, and this server was started without --kek"),
            (Some(_), Some(sealer)) => match sealer.keys().open(&sealer.binding(PURPOSE, &facts(factor)), &factor.material) {
                Ok(plain) => Some(plain),
                Err(error) => refused(&error.to_string()),
            },
        }
    }
}

/// What was sealed for one person's factor opens as no other's.
fn facts(factor: &FactorRecord) -> [&str; 3] {
    [factor.id.as_str(), factor.user.as_str(), factor.kind.as_str()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::seal::SealingKeys;
    use crate::oauth::ids::{FactorId, UserId};
    use crate::store::records::FactorKind;
    use jiff::Timestamp;

    fn factor(user: &str) -> FactorRecord {
        FactorRecord {
            id: FactorId::new("f"),
            user: UserId::new(user),
            kind: FactorKind::Totp,
            name: String::new(),
            material: Vec::new(),
            sealed_with: None,
            credential: None,
            position: 0,
            created_at: Timestamp::UNIX_EPOCH,
            used_at: None,
        }
    }

    fn sealing() -> Safe {
        let keys = SealingKeys::new([("kek-1", [7_u8; 32].as_slice())]).unwrap();
        Safe::new(Some(Sealer::new("identity/main", keys)))
    }

    #[test]
    fn what_was_sealed_opens_for_the_same_person_alone() {
        let safe = sealing();
        let kept = safe.close(&factor("alice"), b"seed").unwrap();
        assert_eq!(kept.sealed_with.as_deref(), Some("kek-1"));
        assert!(!kept.material.windows(4).any(|window| window == b"seed"));
        assert_eq!(safe.open(&kept).unwrap().as_slice(), b"seed");
        let moved = FactorRecord {
            user: UserId::new("mallory"),
            ..kept
        };
        assert!(safe.open(&moved).is_none());
    }

    #[test]
    fn what_lies_in_the_clear_is_nobodys_word_where_keys_seal() {
        let planted = Safe::new(None).close(&factor("alice"), b"seed").unwrap();
        assert!(sealing().open(&planted).is_none());
        assert_eq!(Safe::new(None).open(&planted).unwrap().as_slice(), b"seed");
        let sealed = sealing().close(&factor("alice"), b"seed").unwrap();
        assert!(Safe::new(None).open(&sealed).is_none());
    }
}

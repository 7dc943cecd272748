//! Seals keys anew that are sealed with a key-encryption key that is not the newest, or are in the clear and taken all the same: the older one
//! can go then.

use super::internal;
use super::material::Material;
use crate::actors::fault::Fault;
use crate::jose::seal::Sealer;
use crate::store::Store;
use crate::store::records::KeyRecord;
use jiff::Timestamp;

/// What sealing all keys anew came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// How many there are
    pub keys: usize,
    /// The ids of those that were sealed anew
    pub anew: Vec<String>,
    /// The ids of those that do not open with the key-encryption keys at hand, or are in the clear and nobody's word
    pub lost: Vec<String>,
}

/// Seals all keys of a store with the newest key-encryption key, as a running server does by itself.
///
/// # Errors
/// The store does not answer, or holds a key that is none.
pub async fn reseal(store: &dyn Store, sealer: &Sealer, now: Timestamp) -> Result<Resealed, Fault> {
    let records = store.keys(now).await?;
    let mut material = Material::new(Some(sealer.clone()));
    material.load(&records).map_err(internal)?;
    let anew = all(store, &material, &records).await?;
    let lost = records
        .iter()
        .filter(|record| material.is_lost(record))
        .map(|record| record.kid.clone());
    Ok(Resealed {
        keys: records.len(),
        anew,
        lost: lost.collect(),
    })
}

/// The ids of those that had to be.
pub(super) async fn all(store: &dyn Store, material: &Material, records: &[KeyRecord]) -> Result<Vec<String>, Fault> {
    let mut anew = Vec::new();
    for record in records {
        let Some(written) = material.reseal(record).map_err(internal)? else {
            continue;
        };
        let resealed = KeyRecord {
            material: written.material,
            sealed_with: written.sealed_with,
            ..record.clone()
        };
        if store.reseal_key(&resealed, record.sealed_with.as_deref()).await? {
            tracing::info!(kid = resealed.kid, sealed_with = resealed.sealed_with, "a key was sealed anew");
            anew.push(resealed.kid);
        }
    }
    Ok(anew)
}

//! Seals factors anew that an older key-encryption key sealed, or none: the older one can go then.

use super::safe::Safe;
use crate::actors::fault::Fault;
use crate::jose::seal::Sealer;
use crate::oauth::ids::FactorId;
use crate::store::Store;

const BATCH: u32 = 100;

/// What sealing all factors anew came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// How many were sealed anew
    pub anew: u64,
    /// How many do not open with the keys at hand, or are in the clear and nobody's word
    pub lost: u64,
}

/// Seals all factors of a store with the newest key-encryption key.
///
/// # Errors
/// The store does not answer, or there is no randomness.
pub async fn reseal(store: &dyn Store, sealer: &Sealer) -> Result<Resealed, Fault> {
    let safe = Safe::new(Some(sealer.clone()));
    let newest = sealer.keys().newest().to_owned();
    let (mut resealed, mut after) = (Resealed::default(), FactorId::new(""));
    loop {
        let batch = store.factors_sealed_otherwise(&newest, &after, BATCH).await?;
        let Some(last) = batch.last() else {
            return Ok(resealed);
        };
        after = last.id.clone();
        for factor in &batch {
            let Some(material) = safe.open(factor) else {
                resealed.lost += 1;
                continue;
            };
            // A key that a later release knows, or one that is used just now: it is written by whoever changed it.
            if store.reseal_factor(&safe.close(factor, &material)?, factor).await? {
                resealed.anew += 1;
            }
        }
    }
}

/// Seals anew whenever a newer key-encryption key comes, as long as the process lives.
pub(in crate::actors) async fn follow(store: &dyn Store, sealer: &Sealer) {
    let mut keys = sealer.subscribe();
    loop {
        keys.borrow_and_update();
        match reseal(store, sealer).await {
            Ok(Resealed { anew: 0, .. }) => {}
            Ok(Resealed { anew, .. }) => tracing::info!(anew, "second factors were sealed anew"),
            Err(fault) => {
                tracing::warn!(%fault, "second factors could not be sealed anew; the next key-encryption key or start tries again");
            }
        }
        if keys.changed().await.is_err() {
            return;
        }
    }
}

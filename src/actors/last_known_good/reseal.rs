//! Seals the record anew if its key-encryption key is not the newest: the older one can go then.

use super::record;
use crate::actors::fault::Fault;
use crate::jose::seal::Sealer;
use crate::store::Store;

/// What became of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resealed {
    /// There is none
    Nothing,
    /// It was sealed with the newest key already
    Same,
    /// It was sealed anew
    Anew,
    /// It is of no use with the keys at hand, and was left as it is: why
    Unreadable(String),
}

/// Seals the configuration that a server keeps with the newest key-encryption key.
///
/// # Errors
/// The store does not answer, or there is no randomness.
pub async fn reseal(store: &dyn Store, sealer: &Sealer) -> Result<Resealed, Fault> {
    let Some(before) = store.configuration(sealer.server()).await? else {
        return Ok(Resealed::Nothing);
    };
    if before.standing.key_id == sealer.keys().newest() {
        return Ok(Resealed::Same);
    }
    let (snapshot, position) = match record::open(sealer, &before) {
        Ok(opened) => opened,
        Err(why) => return Ok(Resealed::Unreadable(why.to_string())),
    };
    let after = record::close(sealer, &snapshot, position, before.saved_at).map_err(|error| Fault::Internal(error.to_string()))?;
    // A server that wrote a later one meanwhile sealed it by itself.
    let written = store.put_configuration(&after).await?;
    Ok(if written { Resealed::Anew } else { Resealed::Same })
}

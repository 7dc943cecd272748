//! How far something has come among the replicas of a server: pure.

use super::plan::Reach;
use crate::config::input::Key;
use crate::config::snapshot::Snapshot;
use crate::oauth::ids::ClientId;
use crate::oauth::opaque::TokenHash;
use crate::operator::overlay::Board;
use crate::operator::world::World;
use std::sync::Arc;
use std::time::Duration;

/// A replica that cannot be reached holds a rotation up for no longer than this.
pub const UNREACHABLE_FOR: Duration = Duration::from_secs(60);
/// No replica holds a rotation up for longer than this, not even one that refuses its configuration.
pub const AT_MOST: Duration = Duration::from_secs(600);

/// Whether every serving replica accepts this secret for this client. `waited` is how long the secret has been there, as
/// far as this operator has been, too.
pub fn of_secret(world: &World, board: &Board, server: &Key, client: &ClientId, secret: &TokenHash, waited: Duration) -> Reach {
    if waited > AT_MOST {
        return Reach::Everywhere;
    }
    let accepts = |snapshot: &Arc<Snapshot>| {
        let client = snapshot.clients.get(client);
        client.is_some_and(|client| client.secrets.iter().any(|known| known.hash == *secret))
    };
    // The servers that start from now on start with this; until `compile` has taken it in, none does.
    if !world.compiled.snapshots.get(server).is_some_and(accepts) {
        return Reach::Underway;
    }
    let mut serving = world.replicas_of(server).iter().filter(|replica| replica.ready || replica.serving);
    let everywhere = serving.all(|replica| match board.replica(server, &replica.uid) {
        Some(state) if state.acked.as_ref().is_some_and(accepts) => true,
        Some(state) => state.error.is_some() && waited > UNREACHABLE_FOR,
        None => waited > UNREACHABLE_FOR,
    });
    if everywhere { Reach::Everywhere } else { Reach::Underway }
}

/// Whether every replica has ended the grants of a client that is being deleted: at least one did, and each of them was told.
pub fn of_departure(world: &World, board: &Board, server: &Key, client: &ClientId) -> bool {
    let wanted = world.compiled.snapshots.get(server);
    let told =
        |snapshot: &Arc<Snapshot>| snapshot.departed.contains(client) || wanted.is_some_and(|wanted| snapshot.revision == wanted.revision);
    let replicas = world.replicas_of(server);
    !replicas.is_empty()
        && replicas.iter().all(|replica| {
            board
                .replica(server, &replica.uid)
                .and_then(|state| state.acked.as_ref())
                .is_some_and(told)
        })
}

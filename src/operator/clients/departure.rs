//! When an AuthClient that is being deleted may go: pure.

use super::reach;
use crate::config::input::Key;
use crate::operator::overlay::Board;
use crate::operator::world::World;
use std::time::Duration;

/// A replica that cannot be reached keeps nothing for longer than this.
pub const WAITS_FOR: Duration = Duration::from_secs(30);

/// Whether the client has left its server and its grants have ended there, or it has waited long enough. `waited` is how long it has been
/// known that it is being deleted.
pub fn may_go(world: &World, board: &Board, client: &Key, waited: Duration) -> bool {
    if waited >= WAITS_FOR {
        return true;
    }
    match world.compiled.departing.get(client) {
        Some((server, id)) => reach::of_departure(world, board, server, id),
        // Nobody serves it, or what is compiled is a moment behind.
        None => !world.compiled.client_servers.contains_key(client),
    }
}

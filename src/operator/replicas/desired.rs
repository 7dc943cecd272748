//! Which links there have to be: pure.

use super::remote::Target;
use crate::config::input::{Key, Kind};
use crate::operator::world::{Replica, SecretView, World};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// The Secret with the operator's certificate for an AuthServer.
pub fn identity_secret(server: &Key) -> Key {
    Key::new(server.namespace.clone(), format!("{}-config-operator", server.name))
}

/// The DNS name that the replicas of an AuthServer prove to be.
pub fn server_name(server: &Key) -> String {
    format!("{}-config.{}.svc", server.name, server.namespace)
}

/// The operator's certificate for an AuthServer, if it is there and whole.
pub fn identity(world: &World, server: &Key) -> Option<Arc<SecretView>> {
    let secret = world.secrets.get(&identity_secret(server))?;
    let whole = ["tls.crt", "tls.key", "ca.crt"]
        .iter()
        .all(|key| secret.bytes(key).is_some_and(|value| !value.is_empty()));
    whole.then(|| Arc::clone(secret))
}

/// The AuthServers that are there and have replicas. Slices tell of others too, for whoever may write some: nobody is dialled for those.
pub fn served(world: &World) -> impl Iterator<Item = (&Key, &Vec<Replica>)> {
    let is_there = |server: &Key| world.objects.get(Kind::AuthServer, server).is_some();
    world.replicas.iter().filter(move |(server, _)| is_there(server))
}

/// Every replica that has to be linked to, by AuthServer and pod uid: starting ones too, so that they are configured before they are
/// ready, and those on their way out, for they answer until they are gone.
pub fn targets(world: &World) -> BTreeMap<(Key, String), Target> {
    let mut targets = BTreeMap::new();
    for (server, replicas) in served(world) {
        for replica in replicas {
            let target = Target {
                pod: replica.pod.clone(),
                address: SocketAddr::new(replica.address, replica.port),
                server_name: server_name(server),
            };
            targets.insert((server.clone(), replica.uid.clone()), target);
        }
    }
    targets
}

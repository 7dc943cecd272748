//! Slices into replicas.

use super::Index;
use crate::config::input::Key;
use crate::operator::watch::SliceView;
use crate::operator::world::Replica;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Index {
    /// Takes in a slice's latest form, or that it is gone.
    pub(super) fn slice(&mut self, key: Key, slice: Option<SliceView>) {
        let before = match slice.clone() {
            Some(slice) => self.slices.insert(key, slice),
            None => self.slices.remove(&key),
        };
        if before == slice {
            return;
        }
        for server in before.iter().chain(&slice).map(|slice| &slice.server) {
            let replicas = collect(self.slices.values().filter(|slice| slice.server == *server));
            if self.replicas.get(server).map_or(&[][..], Vec::as_slice) != replicas {
                let all = Arc::make_mut(&mut self.replicas);
                if replicas.is_empty() {
                    all.remove(server);
                } else {
                    all.insert(server.clone(), replicas);
                }
                self.work.publish = true;
            }
        }
    }
}

/// All slices of one server together: one entry a pod. A pod with two addresses is dialled by its IPv4 one.
fn collect<'a>(slices: impl Iterator<Item = &'a SliceView>) -> Vec<Replica> {
    let mut pods: BTreeMap<(&str, &str), &Replica> = BTreeMap::new();
    for replica in slices.flat_map(|slice| &slice.replicas) {
        let known = pods.entry((&replica.pod, &replica.uid)).or_insert(replica);
        if known.address.is_ipv6() && replica.address.is_ipv4() {
            *known = replica;
        }
    }
    pods.into_values().cloned().collect()
}

//! A connection, to one server or to a cluster, that many requests use at once.

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster_async::ClusterConnection;
use redis::{Cmd, Pipeline, RedisFuture, Value};

#[derive(Clone)]
pub(super) struct Line {
    wire: Wire,
    turn: u64,
}

#[derive(Clone)]
pub(super) enum Wire {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Line {
    /// A line that counts for this turn: see [`super::rest::Rest`].
    pub(super) fn new(wire: Wire, turn: u64) -> Self {
        Self { wire, turn }
    }

    pub(super) fn is_cluster(&self) -> bool {
        matches!(self.wire, Wire::Cluster(_))
    }

    pub(super) fn turn(&self) -> u64 {
        self.turn
    }
}

impl ConnectionLike for Line {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match &mut self.wire {
            Wire::One(one) => one.req_packed_command(command),
            Wire::Cluster(cluster) => cluster.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(&'a mut self, pipeline: &'a Pipeline, offset: usize, count: usize) -> RedisFuture<'a, Vec<Value>> {
        match &mut self.wire {
            Wire::One(one) => one.req_packed_commands(pipeline, offset, count),
            Wire::Cluster(cluster) => cluster.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match &self.wire {
            Wire::One(one) => one.get_db(),
            Wire::Cluster(cluster) => cluster.get_db(),
        }
    }
}

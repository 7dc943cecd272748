//! Three replicas behind a load balancer, their PostgreSQL and their Redis.

mod balancer;
mod cache;
pub mod manifests;
mod replica;

use crate::postgres::{self, Postgres};
use crate::redis::Redis;
use balancer::Balancer;
pub use replica::DRAIN_SECONDS;
use replica::Replica;
use std::net::SocketAddr;

/// How many replicas there are.
pub const REPLICAS: usize = 3;

/// Everything that one scenario starts; all of it ends when this is dropped.
pub struct Cluster {
    pub postgres: Postgres,
    pub database: String,
    /// Shared by the replicas, if they have one
    pub cache: Option<Redis>,
    /// Where clients go
    pub origin: String,
    replicas: Vec<Option<Replica>>,
    /// Where each replica is that took requests
    pub addresses: Vec<Option<SocketAddr>>,
    balancer: Balancer,
    folder: tempfile::TempDir,
}

impl Cluster {
    /// Starts everything and waits until the balancer sends requests to all replicas. `signing` says how keys take turns.
    pub async fn start(signing: &str) -> Self {
        Self::start_with(signing, Some(cache::start())).await
    }

    /// The same without a cache.
    pub async fn without_cache(signing: &str) -> Self {
        Self::start_with(signing, None).await
    }

    async fn start_with(signing: &str, cache: Option<Redis>) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let postgres = postgres::start_own();
        let database = postgres.fresh_database_of_rows().await;
        let balancer = Balancer::start(REPLICAS).await;
        let origin = format!("http://{}", balancer.address);
        let folder = tempfile::tempdir().unwrap();
        manifests::write(folder.path(), &origin, signing);
        let mut cluster = Self {
            postgres,
            database,
            cache,
            origin,
            replicas: (0..REPLICAS).map(|_| None).collect(),
            addresses: vec![None; REPLICAS],
            balancer,
            folder,
        };
        // All at once: they also race for the first keys.
        for number in 0..REPLICAS {
            cluster.replicas[number] = Some(cluster.another());
        }
        for number in 0..REPLICAS {
            cluster.takes_requests(number).await;
        }
        cluster
    }

    /// A server on the same database and manifests that the balancer does not know.
    pub fn another(&self) -> Replica {
        let cache = self.cache.as_ref().map(Redis::url_of_user);
        Replica::start(self.folder.path(), &self.database, cache.as_deref())
    }

    /// Starts a replica in an empty place, and waits until requests reach it.
    pub async fn start_again(&mut self, number: usize) {
        assert!(self.replicas[number].is_none());
        self.replicas[number] = Some(self.another());
        self.takes_requests(number).await;
    }

    /// From now on, of so many answers one is lost on its way; 0: none.
    pub fn lose_one_answer_in(&self, answers: usize) {
        self.balancer.lose_one_in(answers);
    }

    /// SIGKILL; returns when the balancer has noticed.
    pub async fn kill(&mut self, number: usize) {
        self.replicas[number].take().unwrap().kill();
        self.balancer.until(number, false).await;
    }

    /// SIGTERM; returns when the process has ended, with code 0.
    pub async fn end(&mut self, number: usize) {
        let replica = self.replicas[number].take().unwrap();
        replica.ask_to_end();
        replica.ended();
        self.balancer.until(number, false).await;
    }

    /// Ends all replicas in an orderly way and looks at what they said.
    pub fn stop(mut self) {
        let replicas: Vec<Replica> = self.replicas.iter_mut().filter_map(Option::take).collect();
        for replica in &replicas {
            replica.ask_to_end();
        }
        for replica in replicas {
            replica.ended();
        }
    }

    async fn takes_requests(&mut self, number: usize) {
        let address = self.replicas[number].as_mut().unwrap().ready();
        self.addresses[number] = Some(address);
        self.balancer.send_to(number, address);
        self.balancer.until(number, true).await;
    }
}

//! `helm install` for every namespace, once for all tests of a run: they have servers in namespaces of their own.

use crate::postgres::{self, Postgres};
use crate::support::node::NodeCluster;
use crate::support::tools::repository;
use std::sync::LazyLock;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Where the operator runs.
pub const HOME: &str = "nauthera-system";
/// Of the database's owner.
const PASSWORD: &str = "hunter2-of-the-tests";

/// A cluster in which the platform is installed.
pub struct Installation {
    pub cluster: NodeCluster,
    /// Runs as long as this is kept.
    _database: Postgres,
    /// PEM of the authority that signs the servers' certificates.
    pub authority: String,
    operator: RwLock<()>,
}

static SHARED: LazyLock<Option<Installation>> = LazyLock::new(Installation::start);

impl Installation {
    /// The one of this run. `None` where the machine does not allow it, which the output then says.
    pub fn shared() -> Option<&'static Self> {
        SHARED.as_ref()
    }

    /// Nobody takes the operator away as long as this is held.
    pub async fn with_operator(&self) -> RwLockReadGuard<'_, ()> {
        self.operator.read().await
    }

    /// For a test that takes the operator away, and puts it back before it lets go of this.
    pub async fn alone(&self) -> RwLockWriteGuard<'_, ()> {
        self.operator.write().await
    }

    fn start() -> Option<Self> {
        let cluster = NodeCluster::start(true)?;
        let database = postgres::start_for(&cluster.host, &cluster.pods);
        blocking(|| async {
            database
                .administer(&format!("CREATE ROLE nauthera LOGIN PASSWORD '{PASSWORD}'"))
                .await;
            database.administer("CREATE DATABASE platform OWNER nauthera").await;
        });
        let url = format!(
            "postgres://nauthera:{PASSWORD}@{}:{}/platform?sslmode=require",
            cluster.host,
            database.port()
        );
        cluster.namespaces(&[HOME]);
        cluster
            .kubectl(&[
                "-n",
                HOME,
                "create",
                "secret",
                "generic",
                "postgres",
                &format!("--from-literal=url={url}"),
                &format!("--from-literal=ca.crt={}", database.authority()),
            ])
            .success();
        cluster.apply(AUTHORITY).success();
        let chart = repository("k8s/chart/nauthera");
        cluster
            .helm(&[
                "install",
                "nauthera",
                chart.to_str().unwrap(),
                "--namespace",
                HOME,
                "--set=defaultDatabase.secretRef=postgres",
                "--set=defaultDatabase.namespaces={*}",
                "--set=log.filter=info\\,nauthera=debug",
            ])
            .success();
        cluster
            .kubectl(&["-n", HOME, "rollout", "status", "deployment/nauthera-operator", "--timeout=120s"])
            .success();
        cluster
            .kubectl(&["wait", "--for=condition=Ready", "clusterissuer/authority", "--timeout=60s"])
            .success();
        let authority = cluster
            .kubectl(&[
                "-n",
                "cert-manager",
                "get",
                "secret",
                "authority",
                "-o",
                "go-template={{index .data \"tls.crt\" | base64decode}}",
            ])
            .success();
        Some(Self {
            cluster,
            _database: database,
            authority,
            operator: RwLock::new(()),
        })
    }
}

/// A certificate authority of this cluster, by cert-manager.
const AUTHORITY: &str = "
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: selfsigned}
spec: {selfSigned: {}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: authority, namespace: cert-manager}
spec:
  isCA: true
  commonName: authority of the tests
  secretName: authority
  privateKey: {algorithm: ECDSA, size: 256}
  issuerRef: {name: selfsigned, kind: ClusterIssuer}
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: authority}
spec: {ca: {secretName: authority}}
";

/// Waits for a future outside of the runtime of the test that happens to come first.
fn blocking<F: Future<Output = ()> + Send>(work: impl FnOnce() -> F + Send) {
    std::thread::scope(|scope| {
        scope
            .spawn(|| {
                tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap()
                    .block_on(work());
            })
            .join()
            .unwrap();
    });
}

//! `nauthera operator`: the operator, in a cluster or beside one.

mod admission;

use super::listen;
use super::process::{self, Signals};
use crate::operator::health;
use crate::operator::run::Operator;
use crate::operator::settings::{Scope, Settings};
use crate::operator::webhook::Webhook;
use anyhow::{Context, anyhow};
use kube::config::{KubeConfigOptions, Kubeconfig};
use std::cell::OnceCell;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::runtime::Handle;

/// What `operator` logs unless told.
pub const DEFAULT_LOG: &str = "info,actix_server=warn,kube_runtime=error,kube_client=error,tower=warn";

/// Settings of `nauthera operator`: flags, or the environment.
#[derive(clap::Args, Debug)]
pub struct OperatorArgs {
    /// Look at this namespace alone; needs no right beyond it [default: the whole cluster]
    #[arg(long, env = "NAUTHERA_WATCH_NAMESPACE", value_name = "NAMESPACE")]
    watch_namespace: Option<String>,
    /// With --watch-namespace: read ClusterAuthPolicies all the same, which needs a cluster-wide right to read them
    #[arg(long, env = "NAUTHERA_CLUSTER_POLICIES")]
    cluster_policies: bool,
    /// The operator's own namespace: where its Lease and the default database's Secret are
    #[arg(long, env = "POD_NAMESPACE", value_name = "NAMESPACE", default_value = "nauthera-system")]
    namespace: String,
    /// This process among its like; the Lease names it
    #[arg(long, env = "POD_NAME", value_name = "NAME", default_value = "nauthera-operator")]
    identity: String,
    /// The Lease that operators of one installation share
    #[arg(long, env = "NAUTHERA_LEASE_NAME", value_name = "NAME", default_value = "nauthera-operator")]
    lease_name: String,
    /// The image of servers whose AuthServer names none
    #[arg(long, env = "NAUTHERA_SERVER_IMAGE", value_name = "IMAGE", default_value = concat!("localhost/nauthera:", env!("CARGO_PKG_VERSION")))]
    server_image: String,
    /// A Secret of the operator's own namespace with the database (key `url`) of AuthServers that name none
    #[arg(long, env = "NAUTHERA_DEFAULT_DATABASE_SECRET", value_name = "NAME")]
    default_database_secret: Option<String>,
    /// Namespaces whose AuthServers may have the default database, or `*`: who may make an AuthServer there can come by its password
    /// [default: the operator's own]
    #[arg(
        long,
        env = "NAUTHERA_DEFAULT_DATABASE_NAMESPACES",
        value_name = "NAMESPACES",
        value_delimiter = ','
    )]
    default_database_namespaces: Vec<String>,
    /// Where /healthz, /readyz and /metrics are served
    #[arg(long, env = "NAUTHERA_METRICS_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8081", value_parser = listen::address)]
    metrics_listen: SocketAddr,
    /// Where the validating webhook is served over HTTPS [default: it is not]
    #[arg(long, env = "NAUTHERA_WEBHOOK_LISTEN", value_name = "ADDRESS", value_parser = listen::address, requires = "webhook_tls")]
    webhook_listen: Option<SocketAddr>,
    /// Folder with the webhook's certificate `tls.crt` and key `tls.key`; waited for, and read again when they change
    #[arg(long, env = "NAUTHERA_WEBHOOK_TLS", value_name = "DIR", requires = "webhook_listen")]
    webhook_tls: Option<PathBuf>,
    /// A kubeconfig file, for an operator outside the cluster [default: the pod's ServiceAccount]
    #[arg(long, env = "NAUTHERA_KUBECONFIG", value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
}

/// Runs until SIGINT or SIGTERM.
///
/// # Errors
/// What kept it from starting, and what to do about it.
pub fn run(args: OperatorArgs) -> anyhow::Result<ExitCode> {
    process::run(|runtime| operate(args, runtime))
}

async fn operate(args: OperatorArgs, runtime: Handle) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    let listener = listen::bind(args.metrics_listen, "--metrics-listen")?;
    let metrics_address = listener.local_addr()?;
    let webhook = args.webhook_listen.zip(args.webhook_tls.clone());
    let config = kube_config(args.kubeconfig.as_ref()).await?;
    let api_server = config.cluster_url.to_string();
    let settings = settings(args);
    let scope = settings.scope.clone();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        api_server,
        scope = ?settings.scope,
        namespace = settings.namespace,
        identity = settings.identity,
        %metrics_address,
        "the operator starts"
    );
    let mut operator = {
        let _runtime = runtime.enter();
        Operator::start(config, settings).context("the way to the API server cannot be set up")?
    };
    let http = health::serve(listener, operator.health.clone()).context("the health endpoints do not start")?;
    let http_handle = http.handle();
    actix_rt::spawn(http);
    let world = operator.health.world.clone();
    let webhook_handle = OnceCell::new();
    let code = tokio::select! {
        Err(error) = admission::serve(webhook, Webhook { world, scope }, &webhook_handle) => {
            tracing::error!(error = format!("{error:#}"), "the process ends because it cannot go on");
            operator.stop().await.ok();
            ExitCode::FAILURE
        }
        ending = signals.next() => {
            tracing::info!(?ending, "shutting down");
            signals.end_at_once_on_the_next();
            match operator.stop().await {
                Ok(()) => ExitCode::SUCCESS,
                Err(reason) => {
                    tracing::error!(reason, "the operator did not end well");
                    ExitCode::FAILURE
                }
            }
        }
        reason = operator.failed() => {
            tracing::error!(reason, "the process ends because it cannot go on");
            ExitCode::FAILURE
        }
    };
    if let Some(handle) = webhook_handle.into_inner() {
        handle.stop(true).await;
    }
    http_handle.stop(false).await;
    Ok(code)
}

fn settings(args: OperatorArgs) -> Settings {
    let mut default_database_namespaces = args.default_database_namespaces;
    default_database_namespaces.retain(|namespace| !namespace.is_empty());
    if default_database_namespaces.is_empty() {
        default_database_namespaces.push(args.namespace.clone());
    }
    let cluster_policies = args.cluster_policies || args.watch_namespace.is_none();
    Settings {
        namespace: args.namespace,
        identity: args.identity,
        lease_name: args.lease_name,
        scope: args.watch_namespace.map_or(Scope::Cluster, Scope::Namespace),
        cluster_policies,
        server_image: args.server_image,
        default_database_secret: args.default_database_secret,
        default_database_namespaces,
        metrics_listen: args.metrics_listen,
    }
}

/// From the file that is named, else as pods have it.
async fn kube_config(file: Option<&PathBuf>) -> anyhow::Result<kube::Config> {
    let Some(file) = file else {
        return kube::Config::incluster().map_err(|error| {
            anyhow!("this is no pod with a ServiceAccount ({error}); outside a cluster name a kubeconfig file: --kubeconfig FILE")
        });
    };
    let shown = file.display();
    let kubeconfig = Kubeconfig::read_from(file).with_context(|| format!("--kubeconfig {shown} cannot be read"))?;
    kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .with_context(|| format!("--kubeconfig {shown} names no cluster that can be used"))
}

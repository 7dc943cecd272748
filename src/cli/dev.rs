//! `nauthera dev`: everything in one process on SQLite, with samples and a demo client.

mod banner;
mod host;
mod offers;
mod places;
mod progress;

use super::manifests::{self, Round, SourceSettings};
use super::process::{self, Signals};
use super::server::{Server, ServerSettings, default_workers, ready};
use super::{complain, listen, say};
use crate::cli::style::Style;
use crate::config::snapshot::Snapshot;
use crate::demo::{self, DemoClient, DemoSettings};
use crate::http::proxies::{ForwardedBy, TrustedProxies};
use crate::oauth::grant_type::ClientAuthMethod;
use crate::store::{StoreSettings, open};
use anyhow::{Context, ensure};
use banner::{Banner, curl_line};
use host::Host;
use places::Places;
use progress::Progress;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::watch;

/// What `dev` logs unless told: its own lines say the rest.
pub const DEFAULT_LOG: &str = "error";

/// Flags of `nauthera dev`.
#[derive(clap::Args, Debug)]
pub struct DevArgs {
    /// Where the server listens; also its issuer. Loopback only, since it speaks plain HTTP. Passkeys need a name: localhost:8080
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = host::parse)]
    listen: Host,
    /// Folder of manifests that is watched [default: the bundled samples]
    #[arg(long, value_name = "DIR")]
    manifests: Option<PathBuf>,
    /// Folder for the database, generated secrets and status [default: one for each clone, below your user's data folder]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The AuthServer to be, as NAMESPACE/NAME; needed when the manifests hold several
    #[arg(long, value_name = "NAMESPACE/NAME")]
    auth_server: Option<String>,
    /// Where the demo client listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081", value_parser = listen::address)]
    demo_listen: SocketAddr,
}

/// Runs until SIGINT or SIGTERM.
///
/// # Errors
/// What kept it from starting, and what to do about it.
pub fn run(args: DevArgs) -> anyhow::Result<ExitCode> {
    let began = Instant::now();
    for (host, flag) in [(args.listen, "--listen"), (Host::Address(args.demo_listen), "--demo-listen")] {
        ensure!(
            host.is_loopback(),
            "{flag} {host}: `dev` speaks plain HTTP and prints its secrets, so it stays on loopback addresses. \
             For other machines use `nauthera serve` with TLS or behind an Ingress"
        );
    }
    process::run(|pools| dev(args, began, pools))
}

async fn dev(args: DevArgs, began: Instant, pools: Handle) -> anyhow::Result<ExitCode> {
    let signals = Signals::listen()?;
    let (listeners, issuer) = args.listen.bind()?;
    let demo_listener = listen::bind(args.demo_listen, "--demo-listen")?;
    let places = Places::decide(args.manifests, args.data)?;
    let demo_origin = format!("http://{}", demo_listener.local_addr()?);

    let settings = StoreSettings::new(format!("sqlite:{}", places.data.join("nauthera.sqlite3").display()));
    let store = pools
        .spawn(async move { open(&settings).await })
        .await
        .context("opening the database")?
        .with_context(|| format!("the database in {} cannot be used", places.data.display()))?;
    let server = Server::start(ServerSettings {
        listeners,
        tls: None,
        workers: default_workers(),
        proxies: TrustedProxies::NONE,
        forwarded_by: ForwardedBy::default(),
        store,
        cache: None,
        drain: Duration::ZERO,
        awaited: "no configuration was applied yet",
        sealer: None,
    })
    .await?;

    let (tell_demo, client) = watch::channel(None);
    start_demo(demo_listener, &issuer, client)?;
    let source = SourceSettings {
        manifests: places.manifests.clone(),
        data: places.data.clone(),
        issuer: Some(issuer),
        auth_server: args.auth_server,
    };
    let mut rounds = manifests::follow(source, &server.platform).await?;

    let platform = server.platform.clone();
    actix_rt::spawn(async move {
        let style = Style::of_stdout();
        let mut progress = Progress::new(style, places.manifests.clone());
        let mut greeted = false;
        while let Some(round) = rounds.recv().await {
            progress.tell(&round);
            let Ok(applied) = &round.outcome else { continue };
            tell_demo.send_replace(demo_client(&applied.snapshot, &demo_origin));
            if !greeted {
                // Keys are made and passwords hashed on the way in; before that nobody gets a token.
                ready(&platform).await;
                greet(&places, &round, &applied.snapshot, &demo_origin, began.elapsed(), style);
                greeted = true;
            }
        }
    });
    Ok(server.until_the_end(signals).await)
}

/// The banner, once the server is ready.
fn greet(places: &Places, round: &Round, snapshot: &Snapshot, demo: &str, took: Duration, style: Style) {
    let person = offers::person(snapshot);
    let curl = offers::service(snapshot, &round.generated).map(|(client, secret)| {
        let in_form = client.auth_method == ClientAuthMethod::ClientSecretPost;
        curl_line(&snapshot.issuer, client.id.as_str(), &secret, in_form)
    });
    let banner = Banner {
        issuer: &snapshot.issuer,
        demo,
        demo_has_client: offers::demo_client(snapshot, demo).is_some(),
        person: person.as_ref(),
        curl: curl.as_deref(),
        manifests: &places.manifests,
        data: &places.data,
        took,
    };
    say(&banner.render(style));
}

fn demo_client(snapshot: &Arc<Snapshot>, origin: &str) -> Option<DemoClient> {
    offers::demo_client(snapshot, origin).map(|client| DemoClient {
        client_id: client.id.as_str().to_owned(),
        scopes: client.scopes.iter().map(str::to_owned).collect(),
        returns_after_logout: client.post_logout_redirect_uris.contains(&format!("{origin}/")),
    })
}

fn start_demo(listener: TcpListener, issuer: &str, client: watch::Receiver<Option<DemoClient>>) -> anyhow::Result<()> {
    let server = demo::server(
        listener,
        DemoSettings {
            issuer: issuer.to_owned(),
            client,
        },
    )?;
    actix_rt::spawn(async move {
        if let Err(error) = server.await {
            complain(&format!("the demo client stopped: {error}"));
        }
    });
    Ok(())
}

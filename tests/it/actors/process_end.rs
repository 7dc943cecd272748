//! A crash loop ends the process, with a code that its supervisor sees.

use crate::support::platform::snapshot;
use futures::future::join_all;
use nauthera::actors::config_holder::Apply;
use nauthera::actors::platform::Platform;
use nauthera::actors::restart::INTENSITY;
use nauthera::cli::process::{self, Signals};
use nauthera::cli::server::{Server, ServerSettings};
use nauthera::store::sqlite::SqliteStore;
use std::net::TcpListener;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

/// Runs the server as `nauthera serve` does, and kills an actor of it again and again.
#[test]
#[ignore = "a process that the test below starts"]
fn crashing_process() {
    let code = process::run(|_| async {
        let signals = Signals::listen()?;
        let server = Server::start(ServerSettings {
            listeners: vec![TcpListener::bind("127.0.0.1:0")?],
            tls: None,
            workers: 1,
            proxies: nauthera::http::proxies::TrustedProxies::NONE,
            forwarded_by: nauthera::http::proxies::ForwardedBy::default(),
            cache: None,
            store: Arc::new(SqliteStore::in_memory()?),
            drain: Duration::ZERO,
            awaited: "a configuration",
            sealer: None,
        })
        .await?;
        let platform = server.platform.clone();
        let new = snapshot("1", Vec::new());
        let algorithms = new.signing.algorithms.clone();
        let revision = new.revision.clone();
        platform.config_holder.ask(Apply(new)).await??;
        platform.config.synced(&revision).await;
        platform.keys.ready(&algorithms, || platform.clock.now()).await;
        println!("ready: {}", is_ready(&platform));
        let end = async {
            join_all((0..=INTENSITY).map(|_| platform.janitor.poison())).await;
            platform.guardian.fatal().await;
            println!("ready: {}", is_ready(&platform));
        };
        let (code, ()) = tokio::join!(server.until_the_end(signals), end);
        Ok(code)
    });
    let code = code.unwrap();
    println!("failure: {}", code == ExitCode::FAILURE);
    // The test harness would end with a code of its own.
    std::process::exit(if code == ExitCode::FAILURE { 1 } else { 0 });
}

fn is_ready(platform: &Platform) -> bool {
    platform.readiness().iter().all(|check| check.ok)
}

#[test]
fn a_crash_loop_ends_the_process_with_a_non_zero_code() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "actors::process_end::crashing_process", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&child.stdout),
        String::from_utf8_lossy(&child.stderr)
    );
    assert_eq!(child.status.code(), Some(1), "{said}");
    for line in ["ready: true", "ready: false", "failure: true"] {
        assert!(said.contains(line), "{line} is missing: {said}");
    }
}

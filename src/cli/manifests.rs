//! From the folder of manifests to the ConfigHolder, again at each change.

use crate::actors::config_holder::Apply;
use crate::actors::platform::Platform;
use crate::config::input::{GeneratedSecret, Key, Options};
use crate::config::snapshot::Snapshot;
use crate::source::{FileSource, SourceUpdate};
use anyhow::Context;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Rounds that may wait to be told. Edits come from people; beyond this the next one is applied when the telling has caught up.
const MOST_UNTOLD: usize = 64;

/// Where manifests come from and what the compiler is told.
pub struct SourceSettings {
    /// Watched
    pub manifests: PathBuf,
    /// Generated secrets and status go below it
    pub data: PathBuf,
    /// Instead of the AuthServer's `issuerUrl`
    pub issuer: Option<String>,
    /// `namespace/name`
    pub auth_server: Option<String>,
}

/// A configuration that is in force.
pub struct Applied {
    /// It
    pub snapshot: Arc<Snapshot>,
    /// `false` if it had been in force already
    pub changed: bool,
}

/// What one look at the folder brought.
pub struct Round {
    /// Files that are there, gone or different since the round before; empty at the start
    pub changed: Vec<PathBuf>,
    /// What a person has to mend, one line each: broken files, then refused resources
    pub complaints: Vec<String>,
    /// What is in force now, or why nothing new is
    pub outcome: Result<Applied, String>,
    /// Secrets that were made for clients
    pub generated: Arc<BTreeMap<Key, Arc<GeneratedSecret>>>,
    /// Reading, compiling and applying
    pub took: Duration,
}

/// Reads the folder, applies what it says, and goes on doing so at each change until the receiver is dropped. The first round is there
/// when this returns.
///
/// # Errors
/// The folder of manifests is not there, or the data folder cannot be used.
pub async fn follow(settings: SourceSettings, platform: &Platform) -> anyhow::Result<mpsc::Receiver<Round>> {
    let options = Options {
        issuer_override: settings.issuer,
        server: settings.auth_server,
        ..Options::default()
    };
    let (mut source, first) = FileSource::open(&settings.manifests, &settings.data, options)
        .await
        .context("the folder of manifests cannot be watched; --manifests names it")?;
    let (sender, rounds) = mpsc::channel(MOST_UNTOLD);
    let platform = platform.clone();
    sender.send(round(first, &platform).await).await.ok();
    actix_rt::spawn(async move {
        let mut directories = platform.connectors.health();
        directories.mark_changed();
        loop {
            tokio::select! {
                Ok(()) = directories.changed() => source.tell(Arc::clone(&directories.borrow_and_update())),
                update = source.next() => {
                    let Some(update) = update else { break };
                    if sender.send(round(update, &platform).await).await.is_err() {
                        break;
                    }
                }
            }
        }
    });
    Ok(rounds)
}

async fn round(update: SourceUpdate, platform: &Platform) -> Round {
    let began = Instant::now();
    let outcome = match &update.snapshot {
        Ok(snapshot) => apply(snapshot, platform).await,
        Err(none) => Err(none.to_string()),
    };
    Round {
        complaints: update.complaints(),
        outcome,
        took: update.took + began.elapsed(),
        changed: update.changed,
        generated: update.generated,
    }
}

async fn apply(snapshot: &Arc<Snapshot>, platform: &Platform) -> Result<Applied, String> {
    match platform.config_holder.ask(Apply(Snapshot::clone(snapshot))).await {
        Ok(Ok(ack)) => Ok(Applied {
            snapshot: Arc::clone(snapshot),
            changed: ack.changed,
        }),
        Ok(Err(nack)) => Err(nack.to_string()),
        Err(fault) => Err(fault.to_string()),
    }
}

/// Readable by its owner only: it holds client secrets and signing keys.
///
/// # Errors
/// The folder cannot be made.
pub fn create_private(folder: &Path) -> anyhow::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .with_context(|| format!("cannot make the data folder {}; name another with --data DIR", folder.display()))
}

//! The configuration from a folder of manifests, and what becomes of it in the log.

use crate::actors::platform::Platform;
use crate::cli::manifests::{self, Round, SourceSettings};
use std::path::PathBuf;

/// What a server without a configuration waits for.
pub const AWAITED: &str = "no configuration was applied yet: the folder of manifests holds none that can be; the log says why";

/// Applies what the folder says, and follows it for as long as the process lives.
///
/// # Errors
/// The folder is not there, or the data folder cannot be used.
pub async fn follow(manifests: PathBuf, data: PathBuf, auth_server: Option<String>, platform: &Platform) -> anyhow::Result<()> {
    let source = SourceSettings {
        manifests,
        data,
        issuer: None,
        auth_server,
    };
    let mut rounds = manifests::follow(source, platform).await?;
    actix_rt::spawn(async move {
        while let Some(round) = rounds.recv().await {
            log(&round);
        }
    });
    Ok(())
}

/// A cluster's Events, as log lines.
fn log(round: &Round) {
    for complaint in &round.complaints {
        tracing::warn!(complaint, "a manifest or a resource is not in force as it is written");
    }
    match &round.outcome {
        Ok(applied) if applied.changed => {
            let (files, milliseconds) = (&round.changed, round.took.as_millis());
            tracing::info!(revision = %applied.snapshot.revision, clients = applied.snapshot.clients.len(), ?files, milliseconds, "manifests applied");
        }
        Ok(_) => {}
        Err(reason) => tracing::error!(
            reason,
            "no configuration can be applied: what was in force stays, and without one the server is not ready"
        ),
    }
}

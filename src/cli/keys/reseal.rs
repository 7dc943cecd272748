//! `nauthera keys reseal`: from older key-encryption keys to the newest.

use crate::actors::key_keeper;
use crate::actors::last_known_good::{self, Resealed};
use crate::actors::second_factors;
use crate::cli::database::PlaceArgs;
use crate::cli::serve::args::auth_server;
use crate::cli::{kek, process, say};
use crate::jose::seal::Sealer;
use crate::store::{Store, open};
use anyhow::{Context, anyhow};
use jiff::Timestamp;
use std::path::PathBuf;
use std::process::ExitCode;

/// Settings of `nauthera keys reseal`: flags, or the environment.
///
/// A running server does the same by itself soon after a newer key is in its folder. This command does it at once and says whether the older keys
/// are still needed. Servers may run meanwhile.
#[derive(clap::Args, Debug)]
pub struct ResealArgs {
    /// Folder of key-encryption keys: the one whose name sorts last seals, the others open what they sealed
    #[arg(long, env = "NAUTHERA_KEK", value_name = "DIR")]
    kek: PathBuf,
    /// The AuthServer whose keys they are, as NAMESPACE/NAME
    #[arg(long, env = "NAUTHERA_AUTH_SERVER", value_name = "NAMESPACE/NAME", value_parser = auth_server)]
    auth_server: String,
    /// Which database
    #[command(flatten)]
    place: PlaceArgs,
}

/// Runs until it is done. The exit code is 1 if something does not open.
pub fn run(args: &ResealArgs) -> anyhow::Result<ExitCode> {
    let (settings, named) = args.place.settings()?;
    let sealer = kek::open_once(&args.kek, &args.auth_server)?;
    process::run(|pools| async move {
        let work = async move {
            let store = open(&settings)
                .await
                .with_context(|| format!("the database cannot be used; {named}"))?;
            reseal(store.as_ref(), &sealer).await
        };
        pools.spawn(work).await.context("sealing anew")?
    })
}

async fn reseal(store: &dyn Store, sealer: &Sealer) -> anyhow::Result<ExitCode> {
    let newest = sealer.keys().newest().to_owned();
    let keys = key_keeper::reseal(store, sealer, Timestamp::now()).await;
    let keys = keys.map_err(|fault| anyhow!("the keys cannot be sealed anew: {fault}"))?;
    say(&format!("{} of {} keys sealed anew with {newest}", keys.anew.len(), keys.keys));
    for kid in &keys.lost {
        say(&format!(
            "key {kid} does not open as one of {}: the log above says why",
            sealer.server()
        ));
    }
    let kept = last_known_good::reseal(store, sealer).await;
    let kept = kept.map_err(|fault| anyhow!("the configuration that is kept cannot be sealed anew: {fault}"))?;
    let factors = second_factors::reseal::reseal(store, sealer).await;
    let factors = factors.map_err(|fault| anyhow!("the second factors cannot be sealed anew: {fault}"))?;
    say(&format!("{} second factors sealed anew with {newest}", factors.anew));
    if factors.lost > 0 {
        say(&format!("{} second factors do not open: the log above says why", factors.lost));
    }
    let configuration = match &kept {
        Resealed::Nothing => "no configuration is kept".to_owned(),
        Resealed::Same => format!("the configuration that is kept was sealed with {newest} already"),
        Resealed::Anew => format!("the configuration that is kept was sealed anew with {newest}"),
        Resealed::Unreadable(why) => format!("the configuration that is kept does not open: {why}"),
    };
    say(&configuration);
    let others: Vec<String> = sealer.keys().ids().into_iter().filter(|id| *id != newest).collect();
    if !keys.lost.is_empty() || factors.lost > 0 || matches!(kept, Resealed::Unreadable(_)) {
        say("not everything could be: keep every key-encryption key that you have, and put the missing one into the folder");
        return Ok(ExitCode::FAILURE);
    }
    if !others.is_empty() {
        let others = others.join(", ");
        say(&format!(
            "nothing in the database needs {others} any more; take it away when every server has {newest}"
        ));
    }
    Ok(ExitCode::SUCCESS)
}

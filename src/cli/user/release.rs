//! `nauthera user release`.

use super::{WhoArgs, audit, find, shown, with_store};
use crate::cli::say;
use crate::store::Store;
use crate::store::records::Keeper;
use anyhow::bail;
use jiff::Timestamp;
use std::process::ExitCode;

/// Settings of `nauthera user release`.
///
/// Whoever was made by hand stays so, even if a manifest declares their username. After this the manifest gets them, with their subject: its profile
/// and its password are theirs then.
#[derive(clap::Args, Debug)]
pub struct ReleaseArgs {
    #[command(flatten)]
    who: WhoArgs,
}

/// Runs until it is done.
pub fn run(args: ReleaseArgs) -> anyhow::Result<ExitCode> {
    let who = args.who;
    let place = who.place.clone();
    with_store(&place, move |store| async move { release(store.as_ref(), &who).await })
}

async fn release(store: &dyn Store, who: &WhoArgs) -> anyhow::Result<()> {
    let person = find::person(store, who).await?;
    let (user, username) = (&person.user, shown(&person.user.profile.username));
    if person.keeper != Keeper::Hand || !store.release_user(&user.id).await? {
        bail!("{username} of {} was not made by hand, so there is nothing to release", user.store);
    }
    audit(store, "user.released", &user.id, Timestamp::now()).await?;
    say(&format!(
        "{username} of {} goes to the manifest that declares them, within a minute. Until one does, they stay as they are.",
        user.store
    ));
    Ok(())
}

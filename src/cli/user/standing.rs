//! `nauthera user disable` and `enable`.

use super::{WhoArgs, audit, find, shown, with_store};
use crate::cli::say;
use crate::store::Store;
use crate::store::records::Keeper;
use anyhow::bail;
use jiff::Timestamp;
use std::process::ExitCode;

/// Settings of `nauthera user disable`.
///
/// Their sessions, and the tokens that hang on those, end in the same act, at every server.
#[derive(clap::Args, Debug)]
pub struct DisableArgs {
    #[command(flatten)]
    who: WhoArgs,
}

/// Settings of `nauthera user enable`.
///
/// Somebody whom a manifest declared once is kept by hand from then on.
#[derive(clap::Args, Debug)]
pub struct EnableArgs {
    #[command(flatten)]
    who: WhoArgs,
}

/// Runs until it is done.
pub fn disable(args: DisableArgs) -> anyhow::Result<ExitCode> {
    set(args.who, true)
}

/// Runs until it is done.
pub fn enable(args: EnableArgs) -> anyhow::Result<ExitCode> {
    set(args.who, false)
}

fn set(who: WhoArgs, disabled: bool) -> anyhow::Result<ExitCode> {
    let place = who.place.clone();
    with_store(&place, move |store| async move { set_in(store.as_ref(), &who, disabled).await })
}

async fn set_in(store: &dyn Store, who: &WhoArgs, disabled: bool) -> anyhow::Result<()> {
    let person = find::person(store, who).await?;
    let (user, username) = (&person.user, shown(&person.user.profile.username));
    match person.keeper {
        Keeper::Manifest => bail!(
            "a manifest declares {username} of {}: set `disabled: {disabled}` there. Done here, the next change of a manifest would undo it",
            user.store
        ),
        Keeper::Directory => bail!(
            "{username} is of the directory {}: let the directory do it. Done here, it would be undone when the directory is next asked",
            user.store
        ),
        Keeper::Hand | Keeper::Nobody => {}
    }
    let what = if disabled { "disabled" } else { "enabled" };
    if user.profile.disabled == disabled {
        say(&format!("{username} of {} is {what} already.", user.store));
        return Ok(());
    }
    let now = Timestamp::now();
    if !store.set_disabled(&user.id, disabled, now).await? {
        bail!(
            "a manifest has declared {username} of {} this very moment: it decides now",
            user.store
        );
    }
    audit(store, &format!("user.{what}"), &user.id, now).await?;
    let effect = if disabled { ": sessions and tokens have ended" } else { "" };
    say(&format!("{username} of {} is {what}{effect}.", user.store));
    Ok(())
}

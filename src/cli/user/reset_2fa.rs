//! `nauthera user reset-2fa`.

use super::{WhoArgs, audit, find, shown, with_store};
use crate::cli::say;
use crate::store::Store;
use jiff::Timestamp;
use std::process::ExitCode;

/// Settings of `nauthera user reset-2fa`.
///
/// For somebody who has lost their second factor and their recovery codes. Takes away all of their apps and keys, the recovery codes, and the browsers
/// that are not asked. Whoever calls this has made sure that it is them who asks for it: a password alone lets them in after that.
#[derive(clap::Args, Debug)]
pub struct ResetTwoFactorArgs {
    #[command(flatten)]
    who: WhoArgs,
}

/// Runs until it is done.
pub fn run(args: ResetTwoFactorArgs) -> anyhow::Result<ExitCode> {
    let who = args.who;
    let place = who.place.clone();
    with_store(&place, move |store| async move { reset(store.as_ref(), &who).await })
}

async fn reset(store: &dyn Store, who: &WhoArgs) -> anyhow::Result<()> {
    let person = find::person(store, who).await?;
    let username = shown(&person.user.profile.username);
    let number = store.remove_all_factors(&person.user.id).await?;
    if number == 0 {
        say(&format!(
            "{username} of {} has no second factor: there was nothing to take away.",
            person.user.store
        ));
        return Ok(());
    }
    audit(store, "factors.reset", &person.user.id, Timestamp::now()).await?;
    let what = if number == 1 {
        "1 second factor".to_owned()
    } else {
        format!("{number} second factors")
    };
    say(&format!(
        "{what} of {username} of {} and their recovery codes are gone, and no browser of theirs is remembered.",
        person.user.store
    ));
    say("Their password alone lets them in now; where a policy requires a second factor, they set one up at the next login.");
    Ok(())
}

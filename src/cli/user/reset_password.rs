//! `nauthera user reset-password`.

use super::password::OneTime;
use super::{WhoArgs, audit, find, shown, with_store};
use crate::cli::say;
use crate::store::Store;
use crate::store::records::{Keeper, Person};
use anyhow::bail;
use jiff::Timestamp;
use std::process::ExitCode;

/// Settings of `nauthera user reset-password`.
///
/// Prints a password that is good for one login, at which the person chooses their own. The one before opens nothing any more; their sessions,
/// and the tokens that hang on those, end in the same act, at every server.
#[derive(clap::Args, Debug)]
pub struct ResetArgs {
    #[command(flatten)]
    who: WhoArgs,
    /// Read the password from the first line of standard input, instead of making one
    #[arg(long)]
    password_stdin: bool,
}

/// Runs until it is done.
pub fn run(args: ResetArgs) -> anyhow::Result<ExitCode> {
    let password = OneTime::get(args.password_stdin)?;
    let who = args.who;
    let place = who.place.clone();
    with_store(&place, move |store| async move { reset(store.as_ref(), &who, &password).await })
}

async fn reset(store: &dyn Store, who: &WhoArgs, password: &OneTime) -> anyhow::Result<()> {
    let person = find::person(store, who).await?;
    let (user, profile) = (&person.user, &person.user.profile);
    let username = shown(&profile.username);
    if person.keeper == Keeper::Directory {
        bail!("{username} is of the directory {}: their password is changed there", user.store);
    }
    let names = [&profile.email, &profile.display_name, &profile.given_name, &profile.family_name];
    password.judge(names.into_iter().flatten().chain([&profile.username]).map(String::as_str))?;
    let before = store.password(&user.id).await?;
    let now = Timestamp::now();
    let declared = before.as_ref().and_then(|before| before.declared_hash.clone());
    let is_declared = declared.is_some();
    let record = password.record(declared, now)?;
    if !store.replace_password(&user.id, before.as_ref(), &record, Some(now)).await? {
        bail!("the password of {username} has been changed this very moment: look who did it, and try again");
    }
    audit(store, "password.reset", &user.id, now).await?;
    say(&format!(
        "{username} of {} has a new password: sessions and tokens have ended.",
        user.store
    ));
    for line in password.lines(&username) {
        say(&line);
    }
    for line in remarks(&person, &username, is_declared) {
        say(&line);
    }
    Ok(())
}

/// What else has to be known.
fn remarks(person: &Person, username: &str, is_declared: bool) -> Vec<String> {
    let mut remarks = Vec::new();
    if person.keeper == Keeper::Manifest && is_declared {
        remarks.push(format!(
            "A manifest declares a password for {username}: that one opens nothing now, until the Secret that holds it is changed."
        ));
    } else if person.keeper == Keeper::Manifest {
        remarks.push(format!(
            "A manifest declares {username}, and no password: if it is given one, that one takes this one's place."
        ));
    }
    if person.user.profile.disabled {
        let how = match person.keeper {
            Keeper::Manifest => "their manifest says so".to_owned(),
            _ => format!("`nauthera user enable {username}` lets them in"),
        };
        remarks.push(format!("{username} is disabled and cannot log in: {how}."));
    }
    remarks
}

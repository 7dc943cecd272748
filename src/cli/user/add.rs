//! `nauthera user add`.

use super::password::OneTime;
use super::{audit, find, shown, store_name, with_store};
use crate::accounts::username::Username;
use crate::cli::database::PlaceArgs;
use crate::cli::say;
use crate::oauth::ids::UserStoreId;
use crate::store::Store;
use crate::store::records::{Keeper, UserProfile};
use anyhow::bail;
use jiff::Timestamp;
use std::process::ExitCode;

/// Settings of `nauthera user add`.
///
/// Makes a user whom no manifest declares, and prints a password that is good for one login. A manifest that declares the same username later
/// does not get the account.
#[derive(clap::Args, Debug)]
pub struct AddArgs {
    /// What they log in with; case does not matter
    #[arg(value_parser = username)]
    username: String,
    /// The UserStore that they live in, as NAMESPACE/NAME [default: the only local one in the database]
    #[arg(long, value_name = "NAMESPACE/NAME", value_parser = store_name)]
    store: Option<String>,
    /// `email`
    #[arg(long, value_name = "ADDRESS", value_parser = email)]
    email: Option<String>,
    /// The address is known to be theirs (`email_verified`)
    #[arg(long, requires = "email")]
    email_verified: bool,
    /// `name`
    #[arg(long, value_name = "NAME", value_parser = text)]
    name: Option<String>,
    /// `given_name`
    #[arg(long, value_name = "NAME", value_parser = text)]
    given_name: Option<String>,
    /// `family_name`
    #[arg(long, value_name = "NAME", value_parser = text)]
    family_name: Option<String>,
    /// A group that they are in; may be given again
    #[arg(long = "group", value_name = "GROUP", value_parser = text)]
    groups: Vec<String>,
    /// Read the password from the first line of standard input, instead of making one
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// As manifests have it.
fn text(text: &str) -> Result<String, String> {
    let fault = if text.trim().is_empty() {
        "is empty"
    } else if text.trim() != text {
        "begins or ends with a space"
    } else if text.chars().any(char::is_control) {
        "holds control characters"
    } else if text.chars().count() > 255 {
        "is longer than 255 characters"
    } else {
        return Ok(text.to_owned());
    };
    Err(fault.to_owned())
}

fn username(name: &str) -> Result<String, String> {
    let name = text(name)?;
    match Username::parse(&name) {
        Some(_) => Ok(name),
        None => Err("is longer than 256 bytes".to_owned()),
    }
}

fn email(address: &str) -> Result<String, String> {
    let address = text(address)?;
    let parts = address.split_once('@');
    match parts.filter(|(local, domain)| !local.is_empty() && !domain.is_empty()) {
        Some(_) => Ok(address),
        None => Err("is not an address".to_owned()),
    }
}

impl AddArgs {
    fn profile(&self) -> UserProfile {
        let mut groups = self.groups.clone();
        groups.sort();
        groups.dedup();
        UserProfile {
            username: self.username.clone(),
            email: self.email.clone(),
            email_verified: self.email_verified,
            display_name: self.name.clone(),
            given_name: self.given_name.clone(),
            family_name: self.family_name.clone(),
            groups,
            disabled: false,
            ..UserProfile::default()
        }
    }
}

/// Runs until it is done.
pub fn run(args: AddArgs) -> anyhow::Result<ExitCode> {
    let password = OneTime::get(args.password_stdin)?;
    let profile = args.profile();
    let known = [&profile.email, &profile.display_name, &profile.given_name, &profile.family_name];
    password.judge(known.into_iter().flatten().chain([&profile.username]).map(String::as_str))?;
    let place = args.store;
    with_store(&args.place, move |store| async move {
        add(store.as_ref(), place.as_deref(), &profile, &password).await
    })
}

async fn add(store: &dyn Store, named: Option<&str>, profile: &UserProfile, password: &OneTime) -> anyhow::Result<()> {
    let place = find::store_of(store, named).await?;
    let is_new = match store.people(Some(&place), None, 1).await?.first() {
        None => true,
        Some(person) if person.keeper == Keeper::Directory => {
            bail!("UserStore {place} is a directory: its people are made there")
        }
        Some(_) => false,
    };
    let now = Timestamp::now();
    let record = password.record(None, now)?;
    let Some(user) = store.add_user(&place, profile, &record, now).await? else {
        return taken(store, &place, &profile.username).await;
    };
    audit(store, "user.added", &user.id, now).await?;
    let username = shown(&user.profile.username);
    say(&format!("Added {username} to {place}."));
    say(&format!("  Subject            {}", user.id));
    for line in password.lines(&username) {
        say(&line);
    }
    if is_new {
        say(&format!(
            "Nobody else lives in {place} yet. If it is misspelt, {username} cannot log in: it is the UserStore that the AuthServer names."
        ));
    }
    Ok(())
}

async fn taken(store: &dyn Store, place: &UserStoreId, username: &str) -> anyhow::Result<()> {
    let user = store.user_by_name(place, username).await?;
    let keeper = match user {
        Some(user) => store.person(&user.id).await?.map(|person| person.keeper),
        None => None,
    };
    let username = shown(username);
    match keeper {
        Some(Keeper::Manifest) => bail!("a manifest declares {username} in {place} already: take another username"),
        Some(Keeper::Nobody) => bail!(
            "{username} is in {place} already: a manifest declared them once. `nauthera user enable {username}` lets the same person in again, \
             with the same subject; for somebody else take another username"
        ),
        _ => bail!("{username} is in {place} already: take another username, or see `nauthera user list`"),
    }
}

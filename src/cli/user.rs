//! `nauthera user`: people whom no manifest declares, for those who run Nauthera without Kubernetes, and new passwords for those who lost theirs.
//!
//! It works on the database, as `nauthera keys` does. Servers may run meanwhile: what one act ends, ends everywhere.

mod add;
mod find;
mod list;
mod password;
mod release;
mod reset_2fa;
mod reset_password;
mod standing;

use super::database::PlaceArgs;
use super::process;
use crate::oauth::ids::UserId;
use crate::store::records::AuditEvent;
use crate::store::{Store, open};
use anyhow::Context;
use clap::Subcommand;
use jiff::Timestamp;
use std::process::ExitCode;
use std::sync::Arc;

/// What to do with people.
#[derive(clap::Args, Debug)]
pub struct UserArgs {
    #[command(subcommand)]
    command: User,
}

#[derive(Subcommand, Debug)]
enum User {
    /// Make a user whom no manifest declares
    Add(add::AddArgs),
    /// List the people in the database, those of directories included
    List(list::ListArgs),
    /// Keep somebody out: their sessions and tokens end at once
    Disable(standing::DisableArgs),
    /// Let somebody in again
    Enable(standing::EnableArgs),
    /// Give somebody a new password for one login, at which they choose their own
    ResetPassword(reset_password::ResetArgs),
    /// Take away somebody's second factors, recovery codes and remembered browsers
    #[command(name = "reset-2fa")]
    ResetTwoFactor(reset_2fa::ResetTwoFactorArgs),
    /// Leave somebody to a manifest that declares their username
    Release(release::ReleaseArgs),
}

/// Who is meant, and in which database.
#[derive(clap::Args, Debug)]
struct WhoArgs {
    /// Username, or subject (`sub`)
    who: String,
    /// The UserStore that they live in, as NAMESPACE/NAME [default: the only local one in the database]
    #[arg(long, value_name = "NAMESPACE/NAME", value_parser = store_name)]
    store: Option<String>,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Does it.
///
/// # Errors
/// What kept it from that, and what to do about it.
pub fn run(args: UserArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        User::Add(args) => add::run(args),
        User::List(args) => list::run(args),
        User::Disable(args) => standing::disable(args),
        User::Enable(args) => standing::enable(args),
        User::ResetPassword(args) => reset_password::run(args),
        User::ResetTwoFactor(args) => reset_2fa::run(args),
        User::Release(args) => release::run(args),
    }
}

/// Reads the name of a UserStore.
fn store_name(text: &str) -> Result<String, String> {
    match text.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => Ok(text.to_owned()),
        _ => Err("write it as NAMESPACE/NAME, such as identity/people".to_owned()),
    }
}

/// Works on the store.
fn with_store<F>(place: &PlaceArgs, work: impl FnOnce(Arc<dyn Store>) -> F + Send + 'static) -> anyhow::Result<ExitCode>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let (settings, named) = place.settings()?;
    process::run(|pools| async move {
        let work = async move {
            let store = open(&settings)
                .await
                .with_context(|| format!("the database cannot be used; {named}"))?;
            work(store).await
        };
        pools.spawn(work).await.context("working on the database")??;
        Ok(ExitCode::SUCCESS)
    })
}

/// Writes down what was done.
async fn audit(store: &dyn Store, kind: &str, user: &UserId, now: Timestamp) -> anyhow::Result<()> {
    let event = AuditEvent {
        at: now,
        kind: kind.to_owned(),
        user: Some(user.clone()),
        client: None,
        details: serde_json::json!({ "by": "nauthera user" }),
    };
    let written = store.append_audit(&[event]).await;
    written.context("it is done, but the audit trail did not take it")
}

/// A text as a terminal may be given it: what a directory says of people may hold anything.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_not_commanded_by_a_name() {
        assert_eq!(shown("a\u{1b}[2J\nb"), "a\u{fffd}[2J\u{fffd}b");
    }

    #[test]
    fn a_store_is_named_with_its_namespace() {
        assert_eq!(store_name("identity/people").unwrap(), "identity/people");
        for text in ["people", "/people", "identity/", "a/b/c", ""] {
            assert!(store_name(text).is_err(), "{text}");
        }
    }
}

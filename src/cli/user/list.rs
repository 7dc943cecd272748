//! `nauthera user list`.

use super::{shown, store_name, with_store};
use crate::cli::database::PlaceArgs;
use crate::cli::say;
use crate::oauth::ids::UserStoreId;
use crate::store::Store;
use crate::store::records::{Keeper, Person};
use serde::Serialize;
use std::process::ExitCode;

/// So many are read at once, and no more are held.
const PAGE: u32 = 200;

const TITLES: [&str; 6] = ["USERNAME", "STORE", "SUBJECT", "STATE", "ORIGIN", "EMAIL"];

/// Settings of `nauthera user list`.
#[derive(clap::Args, Debug)]
pub struct ListArgs {
    /// Only those of this UserStore, as NAMESPACE/NAME
    #[arg(long, value_name = "NAMESPACE/NAME", value_parser = store_name)]
    store: Option<String>,
    /// A JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Runs until it is done.
pub fn run(args: ListArgs) -> anyhow::Result<ExitCode> {
    let (place, as_json) = (args.store.map(UserStoreId::new), args.json);
    with_store(&args.place, move |store| async move {
        list(store.as_ref(), place.as_ref(), as_json).await
    })
}

async fn list(store: &dyn Store, place: Option<&UserStoreId>, as_json: bool) -> anyhow::Result<()> {
    let mut after = None;
    let mut table = Table::default();
    loop {
        let page = store.people(place, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.user.id.clone());
        let lines = if as_json { json(&page)? } else { table.lines(&page) };
        lines.iter().for_each(|line| say(line));
    }
    if after.is_none() && !as_json {
        let place = place.map_or_else(|| "this database".to_owned(), |place| format!("UserStore {place}"));
        say(&format!("There is nobody in {place} yet. `nauthera user add` makes somebody."));
    }
    Ok(())
}

/// Somebody, for programs.
#[derive(Serialize)]
struct Row<'a> {
    username: &'a str,
    store: &'a str,
    subject: &'a str,
    state: &'static str,
    origin: &'static str,
    email: Option<&'a str>,
    name: Option<&'a str>,
    groups: &'a [String],
}

impl<'a> From<&'a Person> for Row<'a> {
    fn from(person: &'a Person) -> Self {
        let (user, profile) = (&person.user, &person.user.profile);
        Self {
            username: &profile.username,
            store: user.store.as_str(),
            subject: user.id.as_str(),
            state: match (profile.disabled, person.must_change) {
                (true, _) => "disabled",
                (false, true) => "new password due",
                (false, false) => "enabled",
            },
            origin: match person.keeper {
                Keeper::Manifest => "declared",
                Keeper::Directory => "directory",
                Keeper::Hand => "own",
                Keeper::Nobody => "no longer declared",
            },
            email: profile.email.as_deref(),
            name: profile.display_name.as_deref(),
            groups: &profile.groups,
        }
    }
}

fn json(page: &[Person]) -> serde_json::Result<Vec<String>> {
    page.iter().map(|person| serde_json::to_string(&Row::from(person))).collect()
}

/// As wide as its widest page so far.
#[derive(Default)]
struct Table {
    widths: [usize; TITLES.len()],
    is_begun: bool,
}

impl Table {
    fn lines(&mut self, page: &[Person]) -> Vec<String> {
        let titles = (!self.is_begun).then(|| TITLES.map(str::to_owned));
        self.is_begun = true;
        let rows: Vec<[String; TITLES.len()]> = titles
            .into_iter()
            .chain(page.iter().map(|person| {
                let row = Row::from(person);
                let email = row.email.unwrap_or("-");
                [row.username, row.store, row.subject, row.state, row.origin, email].map(shown)
            }))
            .collect();
        for row in &rows {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        rows.iter().map(|row| self.line(row)).collect()
    }

    fn line(&self, row: &[String]) -> String {
        let cells = row.iter().zip(self.widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::ids::UserId;
    use crate::store::records::{UserProfile, UserRecord};
    use jiff::Timestamp;

    fn person(username: &str, keeper: Keeper) -> Person {
        Person {
            user: UserRecord {
                id: UserId::new("1"),
                store: UserStoreId::new("a/b"),
                profile: UserProfile {
                    username: username.to_owned(),
                    ..UserProfile::default()
                },
                updated_at: Timestamp::UNIX_EPOCH,
                origin: None,
            },
            keeper,
            must_change: false,
        }
    }

    #[test]
    fn columns_are_as_wide_as_what_is_in_them_and_have_one_line_of_titles() {
        let mut table = Table::default();
        let lines = table.lines(&[person("al", Keeper::Hand), person("a-very-long-name", Keeper::Manifest)]);
        assert_eq!(
            lines,
            [
                "USERNAME          STORE  SUBJECT  STATE    ORIGIN    EMAIL",
                "al                a/b    1        enabled  own       -",
                "a-very-long-name  a/b    1        enabled  declared  -",
            ]
        );
        let more = table.lines(&[person("bo", Keeper::Hand)]);
        assert_eq!(more, ["bo                a/b    1        enabled  own       -"]);
    }
}

//! The database: whether it answers, what it holds, what the role may, and how far its clock is off.

use super::finding::Finding;
use crate::cli::database;
use crate::cli::serve::ServeArgs;
use crate::store::{Examination, examine};
use jiff::SignedDuration;
use tokio::runtime::Handle;

/// Older releases of PostgreSQL are not tried any more.
const OLDEST: u32 = 13;
/// Clocks that are further apart make tokens look as if they were of the future, or ended.
const APART: SignedDuration = SignedDuration::from_secs(2);
const FAR_APART: SignedDuration = SignedDuration::from_secs(30);

/// Looks at it, on the runtime of its connections.
pub async fn look(args: &ServeArgs, pools: &Handle) -> Vec<Finding> {
    let subject = "database";
    let (settings, named) = match database::settings(&args.database, &args.data) {
        Ok(settings) => settings,
        Err(error) => return vec![Finding::fault(subject, format!("{error:#}"))],
    };
    match pools.spawn(async move { examine(&settings).await }).await {
        Ok(Ok(seen)) => judge(&seen, args.database_connections.into()),
        Ok(Err(error)) => vec![Finding::fault(subject, format!("{error}; {named}"))],
        Err(error) => vec![Finding::fault(subject, error.to_string())],
    }
}

fn judge(seen: &Examination, wanted: u32) -> Vec<Finding> {
    let mut findings = vec![product(seen), schema(seen)];
    if !seen.forbidden.is_empty() {
        let tables = seen.forbidden.join(", ");
        let text = format!("the role may not read and write all rows of {tables}: docs/storage.md has the GRANTs");
        findings.push(Finding::fault("rights", text));
    }
    if let Some(most) = seen.connections.filter(|most| *most < wanted.saturating_mul(2)) {
        let text = format!(
            "the database takes {most} connections, and each server takes up to {}: lower --database-connections or raise max_connections",
            wanted + 1
        );
        findings.push(Finding::warning("connections", text));
    }
    findings.extend(seen.clocks.map(|(there, here)| clock(here.duration_since(there))));
    findings
}

fn product(seen: &Examination) -> Finding {
    let (subject, product) = ("database", &seen.product);
    match seen.encrypted {
        _ if seen.release != 0 && seen.release < OLDEST => {
            Finding::fault(subject, format!("{product} is too old: {OLDEST} or later is needed"))
        }
        _ if seen.read_only => Finding::fault(
            subject,
            format!("{product} takes no writes: it is a standby. Name the primary, or several hosts with target_session_attrs=read-write"),
        ),
        Some(true) => Finding::well(subject, format!("{product}, over TLS")),
        Some(false) => Finding::warning(
            subject,
            format!("{product}, without TLS: say sslmode=verify-full in its URL, and name its authority with --database-ca"),
        ),
        None => Finding::warning(subject, format!("{product}: for one server and no more; PostgreSQL takes several")),
    }
}

fn schema(seen: &Examination) -> Finding {
    let subject = "schema";
    let version = seen
        .version
        .map_or_else(|| "there is none yet".to_owned(), |version| format!("it has version {version}"));
    let pending = seen.pending.join(", ");
    match (seen.pending.is_empty(), seen.may_migrate) {
        (true, _) => Finding::well(subject, format!("{version}, which is this release's")),
        (false, true) => Finding::well(subject, format!("{version}; a server runs {pending} at its start")),
        (false, false) => Finding::fault(
            subject,
            format!("{version}; {pending} have to be run, and the role may not: run `nauthera migrate` as one that may"),
        ),
    }
}

fn clock(ahead: SignedDuration) -> Finding {
    let text = format!(
        "this machine's is {} s {} the database's",
        ahead.abs().as_secs(),
        if ahead.is_negative() { "behind" } else { "ahead of" }
    );
    match ahead.abs() {
        apart if apart >= FAR_APART => Finding::fault(
            "clock",
            format!("{text}: tokens of one server would be refused by another. Let NTP set both"),
        ),
        apart if apart >= APART => Finding::warning("clock", format!("{text}: let NTP set both")),
        _ => Finding::well("clock", "this machine's and the database's agree"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;
    use jiff::Timestamp;

    fn fine() -> Examination {
        let now = Timestamp::UNIX_EPOCH;
        Examination {
            product: "PostgreSQL 15.18".to_owned(),
            release: 15,
            encrypted: Some(true),
            version: Some(5),
            pending: Vec::new(),
            may_migrate: false,
            forbidden: Vec::new(),
            connections: Some(100),
            read_only: false,
            clocks: Some((now, now)),
        }
    }

    fn verdict(subject: &str, seen: &Examination) -> Option<Verdict> {
        let found = judge(seen, 16);
        found
            .iter()
            .find(|finding| finding.subject == subject)
            .map(|finding| finding.verdict)
    }

    #[test]
    fn a_database_that_is_as_it_should_be_is_well() {
        assert!(judge(&fine(), 16).iter().all(|finding| finding.verdict == Verdict::Well));
    }

    #[test]
    fn each_thing_that_can_be_wrong_is_told_by_itself() {
        let with = |change: fn(&mut Examination)| {
            let mut seen = fine();
            change(&mut seen);
            seen
        };
        let cases: [(&str, Verdict, Examination); 8] = [
            ("database", Verdict::Fault, with(|seen| seen.release = 12)),
            ("database", Verdict::Fault, with(|seen| seen.read_only = true)),
            ("database", Verdict::Warning, with(|seen| seen.encrypted = Some(false))),
            ("schema", Verdict::Fault, with(|seen| seen.pending = vec!["0006_x"])),
            ("rights", Verdict::Fault, with(|seen| seen.forbidden = vec!["audit".to_owned()])),
            ("connections", Verdict::Warning, with(|seen| seen.connections = Some(20))),
            (
                "clock",
                Verdict::Warning,
                with(|seen| seen.clocks = Some((Timestamp::UNIX_EPOCH, Timestamp::constant(5, 0)))),
            ),
            (
                "clock",
                Verdict::Fault,
                with(|seen| seen.clocks = Some((Timestamp::constant(90, 0), Timestamp::UNIX_EPOCH))),
            ),
        ];
        for (subject, expected, seen) in cases {
            assert_eq!(verdict(subject, &seen), Some(expected), "{subject} {seen:?}");
            let others = judge(&seen, 16);
            assert_eq!(others.iter().filter(|finding| finding.verdict != Verdict::Well).count(), 1);
        }
        let may = with(|seen| {
            seen.pending = vec!["0006_x"];
            seen.may_migrate = true;
        });
        assert_eq!(verdict("schema", &may), Some(Verdict::Well));
    }
}

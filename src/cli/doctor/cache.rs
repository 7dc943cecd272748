//! The cache: whether it answers, what its user may, how it keeps its memory, and how far its clock is off. A server runs without it, so that
//! nothing of it has to be mended before one starts, but for settings that `serve` refuses.

use super::finding::Finding;
use crate::cli::database;
use crate::cli::serve::{ServeArgs, has_no_use_for_a_cache};
use crate::store::cache::check_address;
use crate::store::cache::redis::{CacheExamination, CacheInfo, examine};
use jiff::SignedDuration;
use tokio::runtime::Handle;

const SUBJECT: &str = "cache";
/// Older releases are not tried.
const OLDEST: (u32, u32) = (6, 2);
/// Nothing depends on its clock. One that is off tells of a machine without NTP.
const APART: SignedDuration = SignedDuration::from_secs(2);

/// Looks at it, on the runtime of its connections. Says nothing if none is named.
pub async fn look(args: &ServeArgs, pools: &Handle) -> Vec<Finding> {
    let (settings, named) = match args.cache.settings() {
        Ok(Some(settings)) => settings,
        Ok(None) => return Vec::new(),
        Err(error) => return vec![Finding::fault(SUBJECT, format!("{error:#}"))],
    };
    if let Err(error) = check_address(&settings) {
        return vec![Finding::fault(SUBJECT, format!("{error}; {named}"))];
    }
    // What is wrong with the settings of the database is told where that is looked at.
    if let Ok((database, _)) = database::settings(&args.database, &args.data)
        && let Some(why) = has_no_use_for_a_cache(&database, &named)
    {
        return vec![Finding::fault(SUBJECT, why)];
    }
    match pools.spawn(async move { examine(&settings).await }).await {
        Ok(Ok(seen)) => judge(&seen),
        Ok(Err(error)) => vec![Finding::warning(
            SUBJECT,
            format!("{error}; {named}. Until then a server goes by the database alone"),
        )],
        Err(error) => vec![Finding::fault(SUBJECT, error.to_string())],
    }
}

fn judge(seen: &CacheExamination) -> Vec<Finding> {
    let mut findings = vec![product(seen)];
    if !seen.forbidden.is_empty() {
        let commands = seen.forbidden.join(", ");
        let text = format!("its user may not {commands} what a server keeps there, so that it is of no use: docs/storage.md has the ACL");
        findings.push(Finding::warning("cache rights", text));
    }
    if let Some(said) = &seen.refused {
        findings.push(Finding::warning(
            "cache",
            format!("it refuses: {said}. Look at its memory, and whether it is a replica"),
        ));
    }
    findings.extend(seen.info.as_ref().map(memory));
    findings.extend(seen.clocks.map(|(there, here)| clock(here.duration_since(there))));
    findings
}

fn product(seen: &CacheExamination) -> Finding {
    let product = seen.info.as_ref().map_or("it answers", |info| info.product.as_str());
    match &seen.info {
        Some(info) if info.release < OLDEST => {
            let (major, minor) = OLDEST;
            Finding::warning(SUBJECT, format!("{product} is too old: {major}.{minor} or later is needed"))
        }
        _ if !seen.encrypted => Finding::warning(SUBJECT, format!("{product}, without TLS: let its URL begin with rediss")),
        Some(_) => Finding::well(SUBJECT, format!("{product}, over TLS")),
        None => Finding::well(
            SUBJECT,
            format!("{product}, over TLS. Its user may not ask for its release, memory and clock (INFO, TIME), which no server needs"),
        ),
    }
}

fn memory(info: &CacheInfo) -> Finding {
    let subject = "cache memory";
    match info.most_memory {
        0 => Finding::warning(
            subject,
            "it takes as much as it likes: set its maxmemory, with maxmemory-policy allkeys-lru",
        ),
        _ if info.eviction == "noeviction" => Finding::warning(
            subject,
            "when it is full it takes nothing more: set its maxmemory-policy to allkeys-lru",
        ),
        most => Finding::well(
            subject,
            format!("at most {} MiB; then {} makes room", most / (1024 * 1024), info.eviction),
        ),
    }
}

fn clock(ahead: SignedDuration) -> Finding {
    let subject = "cache clock";
    if ahead.abs() < APART {
        return Finding::well(subject, "this machine's and the cache's agree");
    }
    let seconds = ahead.abs().as_secs();
    let side = if ahead.is_negative() { "behind" } else { "ahead of" };
    Finding::warning(
        subject,
        format!("this machine's is {seconds} s {side} the cache's: let NTP set both"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;
    use jiff::Timestamp;

    fn fine() -> CacheExamination {
        let now = Timestamp::UNIX_EPOCH;
        CacheExamination {
            encrypted: true,
            forbidden: Vec::new(),
            refused: None,
            info: Some(CacheInfo {
                product: "Redis 7.0.15".to_owned(),
                release: (7, 0),
                most_memory: 64 * 1024 * 1024,
                eviction: "allkeys-lru".to_owned(),
            }),
            clocks: Some((now, now)),
        }
    }

    fn with(change: impl FnOnce(&mut CacheExamination, &mut CacheInfo)) -> CacheExamination {
        let mut seen = fine();
        let mut info = seen.info.clone().unwrap();
        change(&mut seen, &mut info);
        seen.info = Some(info);
        seen
    }

    #[test]
    fn a_cache_that_is_as_it_should_be_is_well_also_where_it_may_not_be_asked_what_it_is() {
        let silent = CacheExamination {
            info: None,
            clocks: None,
            ..fine()
        };
        for seen in [fine(), silent] {
            assert!(judge(&seen).iter().all(|finding| finding.verdict == Verdict::Well), "{seen:?}");
        }
    }

    #[test]
    fn each_thing_that_can_be_better_is_told_by_itself_and_keeps_no_server_from_starting() {
        let cases = [
            ("cache", with(|_, info| info.release = (6, 0))),
            ("cache", with(|seen, _| seen.encrypted = false)),
            ("cache", with(|seen, _| seen.refused = Some("OOM".to_owned()))),
            ("cache rights", with(|seen, _| seen.forbidden = vec!["INCRBY"])),
            ("cache memory", with(|_, info| info.most_memory = 0)),
            ("cache memory", with(|_, info| info.eviction = "noeviction".to_owned())),
            (
                "cache clock",
                with(|seen, _| seen.clocks = Some((Timestamp::UNIX_EPOCH, Timestamp::constant(5, 0)))),
            ),
        ];
        for (subject, seen) in cases {
            let found = judge(&seen);
            let told: Vec<_> = found.iter().filter(|finding| finding.verdict != Verdict::Well).collect();
            assert_eq!(told.len(), 1, "{seen:?}");
            assert_eq!((told[0].subject, told[0].verdict), (subject, Verdict::Warning));
        }
    }
}

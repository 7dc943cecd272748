//! What a person reads of a scenario, and what fails it.

use crate::load::World;
use crate::load::record::{Act, Record};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// So many failures are shown in full.
const SHOWN: usize = 30;

/// When something was taken away, and when it was back.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub began: Instant,
    pub ended: Instant,
}

impl Fault {
    /// Between two moments.
    pub fn since(began: Instant) -> Self {
        Self {
            began,
            ended: Instant::now(),
        }
    }

    /// Whether a request was under way while the fault lasted, or in the time after it.
    pub fn touches(&self, record: &Record, afterwards: Duration) -> bool {
        record.ended() >= self.began && record.started <= self.ended + afterwards
    }
}

/// The table of a scenario.
pub fn table(name: &str, world: &World, fault: Fault, checked: usize) -> String {
    let records = world.records.all();
    let failures = records.iter().filter(|record| record.failure.is_some());
    let recovered = failures
        .clone()
        .map(|record| record.ended().saturating_duration_since(fault.ended))
        .max();
    let lasted = fault.ended - fault.began;
    let recovered = recovered.map_or_else(
        || "nothing failed".to_owned(),
        |time| format!("last failure {:.1} s after it", time.as_secs_f64()),
    );
    let mut text = format!(
        "\n### {name}\n\n{} requests, {} failed; the fault lasted {:.1} s; {recovered}; {} things that were acknowledged looked at afterwards, {} wrong\n\n",
        records.len(),
        failures.count(),
        lasted.as_secs_f64(),
        checked,
        world.ledger.open().violations.len(),
    );
    text.push_str("| request | sent | failed | how | worst ms | worst ms of a failure |\n|---|---:|---:|---|---:|---:|\n");
    let mut acts: BTreeMap<Act, Vec<&Record>> = BTreeMap::new();
    for record in &records {
        acts.entry(record.act).or_default().push(record);
    }
    for (act, records) in acts {
        let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
        for failure in records.iter().filter_map(|record| record.failure.as_ref()) {
            *kinds.entry(failure.to_string()).or_default() += 1;
        }
        let how: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} × {kind}")).collect();
        let failed: Vec<&Record> = records.iter().copied().filter(|record| record.failure.is_some()).collect();
        writeln!(
            text,
            "| {act} | {} | {} | {} | {} | {} |",
            records.len(),
            failed.len(),
            how.join(", "),
            worst(&records),
            if failed.is_empty() { String::new() } else { worst(&failed) },
        )
        .unwrap();
    }
    text
}

fn worst(records: &[&Record]) -> String {
    records
        .iter()
        .map(|record| record.took.as_millis())
        .max()
        .unwrap_or_default()
        .to_string()
}

/// Fails on a failure that the fault does not excuse, and on whatever was lost.
pub fn judge(world: &World, fault: Fault, excused: impl Fn(&Record) -> bool) {
    let records = world.records.all();
    let not_excused: Vec<String> = records
        .iter()
        .filter(|record| record.failure.is_some() && !excused(record))
        .map(|record| {
            let since = |time: Instant| match time.checked_duration_since(fault.began) {
                Some(after) => format!("+{:.3} s", after.as_secs_f64()),
                None => format!("-{:.3} s", (fault.began - time).as_secs_f64()),
            };
            let failure = record.failure.as_ref().map(ToString::to_string).unwrap_or_default();
            format!(
                "{}: {failure}, from {} to {}",
                record.act,
                since(record.started),
                since(record.ended())
            )
        })
        .collect();
    assert!(
        not_excused.is_empty(),
        "the fault, from 0 to {:?}, does not excuse {} failures:\n{}",
        fault.ended - fault.began,
        not_excused.len(),
        not_excused[..not_excused.len().min(SHOWN)].join("\n")
    );
    let violations = world.ledger.open().violations.clone();
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

//! What a person reads of a scenario, and what fails it.

use crate::load::World;
use crate::load::record::{Act, Record};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// So many lines are shown of what is wrong.
const SHOWN: usize = 30;

/// When something was taken away, and when it was back: once, or several times.
#[derive(Clone, Debug)]
pub struct Fault(Vec<(Instant, Instant)>);

impl Fault {
    /// From then until now.
    pub fn since(began: Instant) -> Self {
        Self(vec![(began, Instant::now())])
    }

    /// One after the other.
    pub fn all(faults: impl IntoIterator<Item = Self>) -> Self {
        Self(faults.into_iter().flat_map(|fault| fault.0).collect())
    }

    /// When the first one began.
    pub fn began(&self) -> Instant {
        self.0[0].0
    }

    /// When the last one was over.
    pub fn ended(&self) -> Instant {
        self.0[self.0.len() - 1].1
    }

    /// Whether a request was under way while a fault lasted, or in the time after it.
    pub fn touches(&self, record: &Record, afterwards: Duration) -> bool {
        let touched = |(began, ended): &(Instant, Instant)| record.ended() >= *began && record.started <= *ended + afterwards;
        self.0.iter().any(touched)
    }

    /// The time until a request ended since the fault before it was over.
    fn recovered(&self, record: &Record) -> Duration {
        let before = self.0.iter().rfind(|(began, _)| *began <= record.ended());
        before.map_or(Duration::ZERO, |(_, ended)| record.ended().saturating_duration_since(*ended))
    }

    fn lasted(&self) -> Duration {
        self.0.iter().map(|(began, ended)| *ended - *began).sum()
    }
}

/// The table of a scenario.
pub fn table(name: &str, world: &World, fault: &Fault, looked_at: &str) -> String {
    let records = world.records.all();
    let failures = records.iter().filter(|record| record.failure.is_some());
    let recovered = match failures.clone().map(|record| fault.recovered(record)).max() {
        Some(time) => format!("the last failure came {:.1} s after it", time.as_secs_f64()),
        None => "nothing failed".to_owned(),
    };
    let mut text = format!(
        "\n### {name}\n\n{} requests, {} failed. The fault lasted {:.1} s; {recovered}.\nLooked at afterwards: {looked_at}; {} wrong.\n\n",
        records.len(),
        failures.count(),
        fault.lasted().as_secs_f64(),
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
pub fn judge(world: &World, fault: &Fault, excused: impl Fn(&Record) -> bool) {
    let records = world.records.all();
    let not_excused: Vec<String> = records
        .iter()
        .filter(|record| record.failure.is_some() && !excused(record))
        .map(|record| {
            let since = |time: Instant| match time.checked_duration_since(fault.began()) {
                Some(after) => format!("+{:.3} s", after.as_secs_f64()),
                None => format!("-{:.3} s", (fault.began() - time).as_secs_f64()),
            };
            let failure = record.failure.as_ref().map(ToString::to_string).unwrap_or_default();
            let earlier = match record.earlier.first {
                Some(first) => format!("; {} requests before it, from {}", record.earlier.count, since(first)),
                None => String::new(),
            };
            format!(
                "{}: {failure}, from {} to {}{earlier}",
                record.act,
                since(record.started),
                since(record.ended())
            )
        })
        .collect();
    let violations = world.ledger.open().violations.clone();
    assert!(
        not_excused.is_empty() && violations.is_empty(),
        "the fault, from 0 to {:?}, does not excuse {} failures:\n{}\n{} things do not hold:\n{}",
        fault.ended() - fault.began(),
        not_excused.len(),
        first_of(&not_excused),
        violations.len(),
        first_of(&violations),
    );
}

fn first_of(lines: &[String]) -> String {
    lines[..lines.len().min(SHOWN)].join("\n")
}

//! When keys are made and when they go: pure, over what the store holds.

use crate::config::snapshot::SigningPolicy;
use crate::jose::signing_key::algorithm_name;
use crate::store::records::KeyRecord;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// The purpose of the symmetric key that seals forms and tickets.
pub const INTERACTION: &str = "interaction";

/// The store is asked at least this often for keys that other replicas made.
pub const LONGEST_LOOK: Duration = Duration::from_secs(30);
/// So many looks fit into an overlap.
const LOOKS_PER_OVERLAP: u32 = 8;

/// How often the store is asked for keys that other replicas made. A relying party may keep a copy of the JWKS for half the overlap, so every
/// replica has to publish a new key within the other half, even if a look fails.
pub fn look_every(policy: &SigningPolicy) -> Duration {
    LONGEST_LOOK.min(policy.overlap / LOOKS_PER_OVERLAP)
}

/// One change to the stored keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Make a key
    Add {
        /// Of this purpose
        purpose: String,
        /// That signs from here on
        active_from: Timestamp,
        /// If this is still the newest one
        expected_newest: Option<String>,
    },
    /// Say when a key stops signing and when it is forgotten
    Retire {
        /// Which
        kid: String,
        /// Signs until here
        retires_at: Timestamp,
        /// Is published until here
        expires_at: Timestamp,
    },
}

/// An order from outside to make new keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// None: the schedule decides
    None,
    /// New keys now, that sign once everyone had time to fetch them
    Rotate,
    /// New keys that sign at once: the old ones may be known to someone
    Replace,
}

/// `time + by`, or the end of time.
pub fn after(time: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by)
        .ok()
        .and_then(|by| time.checked_add(by).ok())
        .unwrap_or(Timestamp::MAX)
}

/// What is to be done. `records` are as the store gives them: within a purpose the newest last. `longest` is the longest lifetime of any
/// token: a key stays published until nothing that it signed can be alive.
pub fn plan(records: &[KeyRecord], policy: &SigningPolicy, longest: Duration, now: Timestamp, order: Order) -> Vec<Step> {
    let mut steps = Vec::new();
    let forgotten = |retires_at| after(after(retires_at, policy.overlap), longest);
    let wanted: Vec<&str> = policy
        .algorithms
        .iter()
        .map(|algorithm| algorithm_name(*algorithm))
        .chain([INTERACTION])
        .collect();
    for purpose in &wanted {
        let own: Vec<&KeyRecord> = records.iter().filter(|record| record.purpose == *purpose).collect();
        let newest = own.last();
        if let Some(active_from) = next_active_from(newest.copied(), policy, now, order) {
            steps.push(Step::Add {
                purpose: (*purpose).to_owned(),
                active_from,
                expected_newest: newest.map(|record| record.kid.clone()),
            });
        }
        for (record, successor) in own.iter().zip(own.iter().skip(1)) {
            if record.retires_at.is_none() {
                steps.push(Step::Retire {
                    kid: record.kid.clone(),
                    retires_at: successor.active_from,
                    expires_at: forgotten(successor.active_from),
                });
            }
        }
    }
    for record in records {
        if record.retires_at.is_none() && !wanted.contains(&record.purpose.as_str()) {
            steps.push(Step::Retire {
                kid: record.kid.clone(),
                retires_at: now,
                expires_at: forgotten(now),
            });
        }
    }
    steps
}

/// When a key that is made now begins to sign; `None` if none is due.
fn next_active_from(newest: Option<&KeyRecord>, policy: &SigningPolicy, now: Timestamp, order: Order) -> Option<Timestamp> {
    let Some(newest) = newest else {
        return Some(now);
    };
    if let Some(retires_at) = newest.retires_at {
        // Its algorithm was taken out of the configuration, and is back
        return Some(retires_at.max(now));
    }
    let is_waiting = newest.active_from > now;
    match order {
        Order::Replace => return Some(now),
        Order::Rotate if !is_waiting => return Some(after(now, policy.overlap)),
        Order::Rotate | Order::None => {}
    }
    let rotates_at = after(newest.active_from, policy.rotate_every);
    let is_due = after(now, policy.overlap) >= rotates_at;
    (is_due && !is_waiting).then(|| rotates_at.max(after(now, policy.overlap)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::snapshot::SigningAlgorithm;

    const HOUR: u64 = 3600;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(hour * 3600).unwrap()
    }

    fn policy() -> SigningPolicy {
        SigningPolicy {
            algorithms: vec![SigningAlgorithm::ES256],
            rotate_every: Duration::from_secs(720 * HOUR),
            overlap: Duration::from_secs(48 * HOUR),
        }
    }

    fn record(purpose: &str, kid: &str, active_from: i64) -> KeyRecord {
        KeyRecord {
            kid: kid.to_owned(),
            purpose: purpose.to_owned(),
            material: vec![],
            sealed_with: None,
            created_at: at(active_from),
            active_from: at(active_from),
            retires_at: None,
            expires_at: None,
        }
    }

    fn planned(records: &[KeyRecord], now: i64, order: Order) -> Vec<Step> {
        plan(records, &policy(), Duration::from_secs(HOUR), at(now), order)
            .into_iter()
            .filter(|step| !matches!(step, Step::Add { purpose, .. } if purpose == INTERACTION))
            .collect()
    }

    fn add(active_from: i64, expected: Option<&str>) -> Step {
        Step::Add {
            purpose: "ES256".to_owned(),
            active_from: at(active_from),
            expected_newest: expected.map(str::to_owned),
        }
    }

    fn retire(kid: &str, retires_at: i64, expires_at: i64) -> Step {
        Step::Retire {
            kid: kid.to_owned(),
            retires_at: at(retires_at),
            expires_at: at(expires_at),
        }
    }

    #[test]
    fn a_new_key_is_seen_well_before_a_copy_that_lacks_it_may_still_be_in_use() {
        assert_eq!(look_every(&policy()), LONGEST_LOOK);
        for seconds in [1, 4, 60, 300] {
            let overlap = Duration::from_secs(seconds);
            let looks = look_every(&SigningPolicy { overlap, ..policy() });
            assert!(3 * looks <= overlap / 2, "{overlap:?}: {looks:?}");
            assert!(looks > Duration::ZERO);
        }
    }

    #[test]
    fn the_first_key_signs_at_once() {
        assert_eq!(planned(&[], 5, Order::None), [add(5, None)]);
        let both = plan(&[], &policy(), Duration::ZERO, at(5), Order::None);
        assert_eq!(both.len(), 2, "a signing key and the one for tickets");
    }

    #[test]
    fn a_successor_is_published_an_overlap_before_it_signs() {
        let first = record("ES256", "a", 0);
        assert_eq!(planned(std::slice::from_ref(&first), 671, Order::None), []);
        assert_eq!(planned(std::slice::from_ref(&first), 672, Order::None), [add(720, Some("a"))]);
        assert_eq!(
            planned(&[first], 10_000, Order::None),
            [add(10_048, Some("a"))],
            "late, but never unannounced"
        );
    }

    #[test]
    fn the_old_key_stays_until_nothing_that_it_signed_is_alive() {
        let records = [record("ES256", "a", 0), record("ES256", "b", 720)];
        assert_eq!(planned(&records, 700, Order::None), [retire("a", 720, 720 + 48 + 1)]);
    }

    #[test]
    fn an_order_makes_new_keys_early_but_not_twice() {
        let first = record("ES256", "a", 0);
        assert_eq!(planned(std::slice::from_ref(&first), 10, Order::Rotate), [add(58, Some("a"))]);
        let mut old = first;
        old.retires_at = Some(at(58));
        let records = [old, record("ES256", "b", 58)];
        assert_eq!(planned(&records, 20, Order::Rotate), [], "one is waiting already");
        assert_eq!(planned(&records, 20, Order::Replace), [add(20, Some("b"))]);
    }

    #[test]
    fn an_algorithm_that_left_the_configuration_retires_and_may_come_back() {
        let mut gone = record("RS256", "r", 0);
        let signs = record("ES256", "a", 0);
        assert_eq!(
            planned(&[signs.clone(), gone.clone()], 10, Order::None),
            [retire("r", 10, 10 + 48 + 1)]
        );
        gone.retires_at = Some(at(10));
        let mut both = policy();
        both.algorithms.push(SigningAlgorithm::RS256);
        let steps = plan(&[signs, gone], &both, Duration::ZERO, at(12), Order::None);
        assert!(steps.contains(&Step::Add {
            purpose: "RS256".to_owned(),
            active_from: at(12),
            expected_newest: Some("r".to_owned())
        }));
    }

    #[test]
    fn times_beyond_the_end_of_the_calendar_do_not_overflow() {
        assert_eq!(after(at(0), Duration::MAX), Timestamp::MAX);
    }
}

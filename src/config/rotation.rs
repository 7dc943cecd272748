//! When client secrets are renewed: cron schedules in time zones, the tightest of several, and each client's own moment.

use super::input::Key;
use super::verdict::Rotation;
use crate::resources::AuthPolicySpec;
use crate::resources::auth_policy::SecretRotation;
use aws_lc_rs::digest;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::time::Duration;

/// Schedules are compared over this many renewals.
const COMPARED: usize = 48;
/// … from here on, so that the outcome is the same at any time.
const COMPARED_FROM: Timestamp = Timestamp::constant(1_704_067_200, 0);

/// What policies say together about the renewal of client secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RotationRule {
    /// Schedules, each with its time zone
    pub schedules: BTreeSet<(String, String)>,
    /// The shortest overlap
    pub overlap: Duration,
    /// The smallest spread
    pub jitter: Duration,
}

impl RotationRule {
    /// What one policy says. `None` if it asks for no renewal.
    pub fn of(spec: &AuthPolicySpec) -> Option<Self> {
        let rotation = spec.client_authentication.as_ref()?.secret_rotation.as_ref()?;
        let schedule = rotation.schedule.clone().filter(|_| rotation.enabled)?;
        Some(Self {
            schedules: BTreeSet::from([(schedule, rotation.time_zone.clone())]),
            overlap: rotation.overlap.duration(),
            jitter: rotation.jitter.duration(),
        })
    }

    /// Both at once.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.schedules.extend(other.schedules);
        self.overlap = self.overlap.min(other.overlap);
        self.jitter = self.jitter.min(other.jitter);
        self
    }

    /// The schedule that renews most often, with its time zone: the one whose longest wait between renewals is the shortest.
    pub fn tightest(&self) -> Option<&(String, String)> {
        if self.schedules.len() < 2 {
            return self.schedules.first();
        }
        let wait = |(schedule, time_zone): &(String, String)| {
            let plan = Plan::parse(schedule, time_zone).ok();
            plan.map_or(SignedDuration::MAX, |plan| plan.longest_wait())
        };
        self.schedules.iter().min_by_key(|plan| wait(plan))
    }
}

/// Everything that is wrong with a policy's rotation.
pub fn faults(rotation: &SecretRotation) -> Vec<String> {
    const FIELD: &str = "clientAuthentication.secretRotation";
    match &rotation.schedule {
        Some(schedule) => Plan::parse(schedule, &rotation.time_zone)
            .err()
            .map(|(field, fault)| format!("{FIELD}.{field}: {fault}"))
            .into_iter()
            .collect(),
        None if rotation.enabled => vec![format!("{FIELD}.schedule is missing; for example \"0 0 * * *\" for each midnight")],
        None => Vec::new(),
    }
}

/// When the secret of a client is renewed next: the first moment after `after` that the schedule names, put off by this client's own part
/// of `jitter`. Equal input gives equal output, on every operator. `None` if the schedule cannot be read or never comes again; policies
/// are accepted only if it can be and does.
///
/// In the hour that clocks skip in spring a renewal comes when they have; in the hour that they repeat in autumn a fixed time comes once.
pub fn next_rotation(schedule: &str, time_zone: &str, jitter: Duration, client: &Key, after: Timestamp) -> Option<Timestamp> {
    let plan = Plan::parse(schedule, time_zone).ok()?;
    let own = own_moment(client, jitter);
    plan.next(after.checked_sub(own).ok()?)?.checked_add(own).ok()
}

impl Rotation {
    /// When a client's secret is renewed next, if it was last looked at, or renewed, at `after`.
    pub fn next_after(&self, client: &Key, after: Timestamp) -> Option<Timestamp> {
        next_rotation(&self.schedule, &self.time_zone, self.jitter, client, after)
    }
}

/// A client's own moment within the spread, in whole seconds, by a hash of its name.
fn own_moment(client: &Key, jitter: Duration) -> SignedDuration {
    let name = digest::digest(&digest::SHA256, client.to_string().as_bytes());
    let number = name
        .as_ref()
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let moment = number.checked_rem(jitter.as_secs()).unwrap_or(0);
    SignedDuration::from_secs(i64::try_from(moment).unwrap_or(0))
}

/// A schedule in its time zone.
struct Plan {
    cron: Cron,
    zone: TimeZone,
}

impl Plan {
    /// The field at fault, and the fault.
    fn parse(schedule: &str, time_zone: &str) -> Result<Self, (&'static str, String)> {
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser
            .parse(schedule)
            .map_err(|error| ("schedule", format!("{schedule:?} is not a schedule: {error}")))?;
        let zone = TimeZone::get(time_zone).map_err(|_| {
            let message = format!("{time_zone:?} is not a time zone; write UTC, or a name such as Europe/Berlin");
            ("timeZone", message)
        })?;
        let plan = Self { cron, zone };
        match plan.next(COMPARED_FROM) {
            Some(_) => Ok(plan),
            None => Err(("schedule", format!("{schedule:?} names a time that never comes"))),
        }
    }

    fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let from = after.to_zoned(self.zone.clone());
        self.cron.find_next_occurrence(&from, false).ok().map(|next| next.timestamp())
    }

    fn longest_wait(&self) -> SignedDuration {
        let mut at = COMPARED_FROM;
        let mut longest = SignedDuration::ZERO;
        for index in 0..COMPARED {
            let Some(next) = self.next(at) else {
                return SignedDuration::MAX;
            };
            if index > 0 {
                longest = longest.max(next.duration_since(at));
            }
            at = next;
        }
        longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, zone: &str, jitter: u64, name: &str, after: &str) -> String {
        let client = Key::new("team-a", name);
        let after: Timestamp = after.parse().unwrap();
        let next = next_rotation(schedule, zone, Duration::from_secs(jitter), &client, after).unwrap();
        next.to_string()
    }

    fn rule(schedules: &[&str]) -> RotationRule {
        RotationRule {
            schedules: schedules.iter().map(|s| ((*s).to_owned(), "UTC".to_owned())).collect(),
            overlap: Duration::from_secs(1),
            jitter: Duration::from_secs(1),
        }
    }

    #[test]
    fn a_schedule_is_meant_in_its_time_zone() {
        let after = "2026-01-10T12:00:00Z";
        assert_eq!(next("0 0 * * *", "UTC", 0, "shop", after), "2026-01-11T00:00:00Z");
        assert_eq!(next("0 0 * * *", "Europe/Berlin", 0, "shop", after), "2026-01-10T23:00:00Z");
        assert_eq!(next("30 9 * * 1", "America/New_York", 0, "shop", after), "2026-01-12T14:30:00Z");
    }

    #[test]
    fn the_next_moment_is_after_the_given_one() {
        assert_eq!(next("* * * * *", "UTC", 0, "shop", "2026-01-10T12:00:00Z"), "2026-01-10T12:01:00Z");
        assert_eq!(
            next("* * * * *", "UTC", 0, "shop", "2026-01-10T12:00:00.5Z"),
            "2026-01-10T12:01:00Z"
        );
    }

    #[test]
    fn a_time_that_clocks_skip_comes_when_they_have_skipped_it() {
        // Berlin, 29 March 2026: 02:00 becomes 03:00 (01:00Z).
        assert_eq!(
            next("30 2 * * *", "Europe/Berlin", 0, "shop", "2026-03-28T12:00:00Z"),
            "2026-03-29T01:00:00Z"
        );
        assert_eq!(
            next("30 2 * * *", "Europe/Berlin", 0, "shop", "2026-03-29T01:00:00Z"),
            "2026-03-30T00:30:00Z"
        );
    }

    #[test]
    fn a_time_that_clocks_repeat_comes_once() {
        // Berlin, 25 October 2026: 03:00 becomes 02:00 (01:00Z).
        let first = next("30 2 * * *", "Europe/Berlin", 0, "shop", "2026-10-24T12:00:00Z");
        assert_eq!(first, "2026-10-25T00:30:00Z");
        assert_eq!(next("30 2 * * *", "Europe/Berlin", 0, "shop", &first), "2026-10-26T01:30:00Z");
    }

    #[test]
    fn each_client_has_its_own_moment_within_the_jitter_and_keeps_it() {
        let noon: Timestamp = "2026-01-10T12:00:00Z".parse().unwrap();
        let mut moments = BTreeSet::new();
        for number in 0..50 {
            let client = Key::new("team-a", format!("client-{number}"));
            let of = |after| next_rotation("0 * * * *", "UTC", Duration::from_secs(600), &client, after).unwrap();
            let first = of(noon);
            // Within ten minutes of an hour: of this one if its moment is still to come.
            let late = first.duration_since(noon).as_secs() % 3600;
            assert!((0..600).contains(&late), "{late}");
            assert_eq!(of(first).duration_since(first).as_secs(), 3600);
            assert_eq!(of(first - SignedDuration::from_nanos(1)), first);
            moments.insert(late);
        }
        assert!(moments.len() > 25, "{moments:?}");
    }

    #[test]
    fn the_tightest_schedule_is_the_one_with_the_shortest_longest_wait() {
        for (schedules, tightest) in [
            (&["0 0 * * *", "0 0 * * 0"][..], "0 0 * * *"),
            (&["0 0 1 * *", "0 0 * * 0"], "0 0 * * 0"),
            (&["*/5 9 * * *", "0 */6 * * *"], "0 */6 * * *"),
            (&["0 0 29 2 *", "0 0 1 1 *"], "0 0 1 1 *"),
        ] {
            let (schedule, _) = rule(schedules).tightest().cloned().unwrap();
            assert_eq!(schedule, tightest);
        }
    }

    #[test]
    fn together_two_rules_take_the_shorter_of_each() {
        let mut longer = rule(&["0 0 * * *"]);
        longer.overlap = Duration::from_secs(9);
        let both = rule(&["0 0 * * 0"]).and(longer.clone());
        assert_eq!(both, longer.and(rule(&["0 0 * * 0"])));
        assert_eq!((both.overlap, both.schedules.len()), (Duration::from_secs(1), 2));
    }

    #[test]
    fn no_time_however_odd_is_too_much() {
        let client = Key::new("team-a", "shop");
        for zone in ["UTC", "Pacific/Apia"] {
            for after in [Timestamp::MIN, Timestamp::MAX, "4999-12-31T23:59:59Z".parse().unwrap()] {
                let next = next_rotation("0 0 29 2 *", zone, Duration::from_secs(300), &client, after);
                assert!(next.is_none_or(|next| next > after));
            }
        }
    }

    #[test]
    fn refuses_what_is_no_schedule_or_never_comes() {
        let fault = |schedule: &str, zone: &str| Plan::parse(schedule, zone).err();
        for (schedule, zone, field) in [
            ("midnight", "UTC", "schedule"),
            ("0 0 * *", "UTC", "schedule"),
            ("0 0 0 * * *", "UTC", "schedule"),
            ("0 0 31 2 *", "UTC", "schedule"),
            ("61 0 * * *", "UTC", "schedule"),
            ("0 0 * * *", "Mars/Olympus", "timeZone"),
            ("0 0 * * *", "", "timeZone"),
        ] {
            assert_eq!(fault(schedule, zone).map(|(field, _)| field), Some(field), "{schedule} {zone}");
        }
        assert!(fault("0 0 * * *", "Europe/Berlin").is_none());
    }
}

//! How failed logins slow the next ones down: a back-off, never a lock for good.
//!
//! After [`Rule::free`] failures within [`Rule::window`] each further try has to wait since the last failure: [`Rule::first`], then twice
//! as long, up to [`Rule::longest`]. A try that comes too early is refused without looking at the password, and is not counted, so that
//! nobody is kept out for longer by being attacked faster. A success forgets the account's failures, not the address's: whoever has one
//! account could otherwise guess at others for free.

use jiff::Timestamp;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// The numbers of a back-off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Failures older than this are forgotten
    pub window: Duration,
    /// So many failures cost nothing
    pub free: u32,
    /// The wait after the first failure that costs something
    pub first: Duration,
    /// The longest wait
    pub longest: Duration,
}

/// Per account: after 5 failures 2 s, 4 s, 8 s … 5 min. That is at most 24 guesses in the first hour, 12 in each further one.
pub const ACCOUNT: Rule = Rule {
    window: Duration::from_secs(3600),
    free: 5,
    first: Duration::from_secs(2),
    longest: Duration::from_secs(300),
};

/// Per address, which may be a whole office: after 50 failures 1 s, 2 s, 4 s … 1 min.
pub const ADDRESS: Rule = Rule {
    window: Duration::from_secs(3600),
    free: 50,
    first: Duration::from_secs(1),
    longest: Duration::from_secs(60),
};

impl Rule {
    /// How long the next try has to wait yet; `None` if it may go ahead.
    pub fn wait(&self, failures: u32, last: Option<Timestamp>, now: Timestamp) -> Option<Duration> {
        let last = last?;
        let costly = failures.checked_sub(self.free)?;
        let pause = self.first.saturating_mul(2_u32.saturating_pow(costly)).min(self.longest);
        // A clock of another replica may be ahead of ours: then the whole pause is left, and never more.
        let passed = Duration::try_from(now.duration_since(last)).unwrap_or(Duration::ZERO);
        pause.checked_sub(passed).filter(|left| !left.is_zero())
    }
}

/// What an address is counted under: an IPv4 address itself, or the first address of the /64 that one IPv6 customer has.
pub fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX))),
        address => address,
    }
}

/// The same as text: an IPv4 address, or an IPv6 network.
pub fn address_bucket(address: IpAddr) -> String {
    match counted_as(address) {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(network) => format!("{network}/64"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    #[test]
    fn lets_the_first_failures_pass_and_then_doubles_the_wait() {
        let waits: Vec<_> = (0..=14)
            .map(|failures| ACCOUNT.wait(failures, Some(NOW), NOW).map(|wait| wait.as_secs()))
            .collect();
        let costly = [2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map(Some);
        assert_eq!(waits[..5], [None; 5]);
        assert_eq!(waits[5..], costly);
        assert_eq!(ACCOUNT.wait(u32::MAX, Some(NOW), NOW), Some(ACCOUNT.longest));
    }

    #[test]
    fn lets_a_try_pass_when_its_wait_is_over() {
        let after = |secs| NOW + jiff::SignedDuration::from_secs(secs);
        assert_eq!(ACCOUNT.wait(5, Some(NOW), after(1)), Some(Duration::from_secs(1)));
        assert_eq!(ACCOUNT.wait(5, Some(NOW), after(2)), None);
        assert_eq!(ACCOUNT.wait(5, None, NOW), None);
    }

    #[test]
    fn never_waits_longer_than_the_pause_when_clocks_differ() {
        let ahead = NOW + jiff::SignedDuration::from_secs(3600);
        assert_eq!(ACCOUNT.wait(5, Some(ahead), NOW), Some(Duration::from_secs(2)));
    }

    #[test]
    fn counts_an_ipv6_customer_as_one() {
        let bucket = |text: &str| address_bucket(text.parse().unwrap());
        assert_eq!(bucket("2001:db8:1:2:3:4:5:6"), bucket("2001:db8:1:2::1"));
        assert_ne!(bucket("2001:db8:1:2::1"), bucket("2001:db8:1:3::1"));
        assert_eq!(bucket("::ffff:192.0.2.7"), "192.0.2.7");
    }
}

//! What becomes of a presented refresh token (RFC 9700 §4.14.2): the decision, without a database.

use jiff::Timestamp;
use std::time::Duration;

/// A refresh token and its family as they are, read under a lock.
#[derive(Clone, Debug)]
pub(super) struct RefreshState {
    /// When it stops being accepted
    pub expires_at: Timestamp,
    /// When it was used
    pub consumed_at: Option<Timestamp>,
    /// Its one retry has been used, or it never has one
    pub retried: bool,
    /// It has a successor, and that was never presented
    pub successor_unused: bool,
    /// The grant has not ended or expired, its user may log in, and its session is there unless it is offline
    pub grant_is_live: bool,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefreshVerdict {
    /// Answer; nothing changes
    Keep,
    /// Mark it used, and put the successor in its place
    Rotate,
    /// A retry after a lost answer: the earlier successor dies, the new one takes its place
    Retry,
    /// End the grant
    Reused,
    /// Refuse: too old
    Expired,
    /// Refuse: the grant has ended
    Ended,
}

/// Decides. `rotates` tells whether the caller brought a successor.
pub(super) fn decide(state: &RefreshState, rotates: bool, now: Timestamp, grace: Duration) -> RefreshVerdict {
    if let Some(consumed_at) = state.consumed_at {
        let waited = now.duration_since(consumed_at);
        let in_time = i128::try_from(grace.as_nanos()).is_ok_and(|grace| waited.as_nanos() <= grace);
        return match () {
            () if !(rotates && in_time && !state.retried && state.successor_unused) => RefreshVerdict::Reused,
            () if !state.grant_is_live => RefreshVerdict::Ended,
            () => RefreshVerdict::Retry,
        };
    }
    match () {
        () if !state.grant_is_live => RefreshVerdict::Ended,
        () if state.expires_at <= now => RefreshVerdict::Expired,
        () if rotates => RefreshVerdict::Rotate,
        () => RefreshVerdict::Keep,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(10);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn unused() -> RefreshState {
        RefreshState {
            expires_at: at(1000),
            consumed_at: None,
            retried: false,
            successor_unused: false,
            grant_is_live: true,
        }
    }

    fn used_at(second: i64) -> RefreshState {
        RefreshState {
            consumed_at: Some(at(second)),
            successor_unused: true,
            ..unused()
        }
    }

    #[test]
    fn rotates_for_a_public_client_and_keeps_for_a_confidential_one() {
        assert_eq!(decide(&unused(), true, at(1), GRACE), RefreshVerdict::Rotate);
        assert_eq!(decide(&unused(), false, at(1), GRACE), RefreshVerdict::Keep);
    }

    #[test]
    fn grants_one_retry_up_to_the_last_moment_of_the_grace() {
        assert_eq!(decide(&used_at(5), true, at(15), GRACE), RefreshVerdict::Retry);
        assert_eq!(decide(&used_at(5), true, at(16), GRACE), RefreshVerdict::Reused);
        let again = RefreshState {
            retried: true,
            ..used_at(5)
        };
        assert_eq!(decide(&again, true, at(6), GRACE), RefreshVerdict::Reused);
    }

    #[test]
    fn sees_reuse_once_the_successor_was_presented() {
        let state = RefreshState {
            successor_unused: false,
            ..used_at(5)
        };
        assert_eq!(decide(&state, true, at(6), GRACE), RefreshVerdict::Reused);
    }

    #[test]
    fn sees_reuse_even_when_the_token_is_too_old_or_its_grant_has_ended() {
        let state = RefreshState {
            grant_is_live: false,
            ..used_at(5)
        };
        assert_eq!(decide(&state, true, at(2000), GRACE), RefreshVerdict::Reused);
        assert_eq!(decide(&state, true, at(6), GRACE), RefreshVerdict::Ended);
    }

    #[test]
    fn a_clock_that_went_back_is_within_the_grace() {
        assert_eq!(decide(&used_at(5), true, at(4), GRACE), RefreshVerdict::Retry);
    }

    #[test]
    fn refuses_at_the_moment_of_expiry() {
        assert_eq!(decide(&unused(), true, at(1000), GRACE), RefreshVerdict::Expired);
    }
}

//! Bookkeeping for a budget that several servers share: what this one let through and has not told yet, what the shared counter said last,
//! and what this one owes for what others let through. Pure.
//!
//! Each server lets through what its own bucket holds, and tells a shared counter. What others let through it takes out of its own bucket
//! before it lets anything more through. So each server may let a burst through at once, and in the long run all of them together let
//! through what one may. A shared counter lives for a while only (a *window*), and then begins anew.

use std::num::NonZeroU32;

/// A server owes at most so many bursts, whatever a shared counter says: it is not kept shut for longer than that many refills.
const MOST_OWED: u32 = 8;

/// One key's account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Let through, and not yet told
    spent: u32,
    /// Told, and not yet seen in a total
    told: u64,
    /// Which counter was seen last, and what it said
    seen: Option<(u64, u64)>,
    owed: u32,
}

impl Share {
    /// A request was let through here.
    pub const fn spend(&mut self) {
        self.spent = self.spent.saturating_add(1);
    }

    /// What is to be told; it counts as told.
    pub fn tell(&mut self) -> Option<NonZeroU32> {
        let spent = NonZeroU32::new(std::mem::take(&mut self.spent))?;
        self.told = self.told.saturating_add(spent.get().into());
        Some(spent)
    }

    /// The counter of `window` stands at `total`, all that was told included. If an answer was lost, what was told may be in the total or
    /// not: then it is taken for in, since nobody shall pay twice for their own.
    pub fn learn(&mut self, window: u64, total: u64, burst: NonZeroU32) {
        let before = match self.seen {
            Some((same, total)) if same == window => total,
            _ => 0,
        };
        // A counter that began anew within its window stands below what it stood at.
        let before = if total < before { 0 } else { before };
        let others = total.saturating_sub(before).saturating_sub(self.told);
        let followed = self.seen.is_some_and(|(last, _)| last.saturating_add(1) >= window);
        // Who comes here for the first time may have used a bucket up elsewhere, and not more than that.
        let most = if followed {
            burst.get().saturating_mul(MOST_OWED)
        } else {
            burst.get()
        };
        let others = u32::try_from(others).unwrap_or(u32::MAX);
        self.owed = self.owed.saturating_add(others).min(most.max(self.owed));
        self.told = 0;
        self.seen = Some((window, total));
    }

    /// Pays what is owed as far as the bucket goes. `take` takes so many out of the bucket if there are as many, which there never are of
    /// more than `burst`.
    pub fn pay(&mut self, burst: NonZeroU32, mut take: impl FnMut(NonZeroU32) -> bool) {
        let mut part = burst.get();
        while let Some(next) = NonZeroU32::new(self.owed.min(part)) {
            if take(next) {
                self.owed -= next.get();
            } else {
                part = next.get() / 2;
            }
        }
    }

    /// What is owed yet.
    pub const fn owed(&self) -> u32 {
        self.owed
    }

    /// Whether there is nothing to tell or to pay.
    pub const fn is_settled(&self) -> bool {
        self.spent == 0 && self.owed == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BURST: NonZeroU32 = NonZeroU32::new(10).unwrap();

    fn spent(share: &mut Share, times: u32) -> u32 {
        (0..times).for_each(|_| share.spend());
        share.tell().map_or(0, NonZeroU32::get)
    }

    #[test]
    fn owes_what_others_let_through_and_never_its_own() {
        let mut share = Share::default();
        assert_eq!(share.tell(), None);
        assert_eq!(spent(&mut share, 3), 3);
        share.learn(7, 3, BURST);
        assert_eq!(share.owed(), 0);
        assert_eq!(spent(&mut share, 2), 2);
        share.learn(7, 9, BURST);
        assert_eq!(share.owed(), 4, "9 − 3 before − 2 of its own");
        share.learn(7, 9, BURST);
        assert_eq!(share.owed(), 4, "nothing new");
    }

    #[test]
    fn a_new_window_begins_at_nothing() {
        let mut share = Share::default();
        spent(&mut share, 1);
        share.learn(7, 1, BURST);
        spent(&mut share, 2);
        share.learn(8, 5, BURST);
        assert_eq!(share.owed(), 3);
    }

    #[test]
    fn a_counter_that_was_lost_within_its_window_begins_at_nothing() {
        let mut share = Share::default();
        spent(&mut share, 9);
        share.learn(7, 9, BURST);
        spent(&mut share, 1);
        share.learn(7, 3, BURST);
        assert_eq!(share.owed(), 2);
    }

    #[test]
    fn an_answer_that_was_lost_is_not_paid_for_twice() {
        let mut share = Share::default();
        spent(&mut share, 5);
        spent(&mut share, 1);
        share.learn(7, 6, BURST);
        assert_eq!(share.owed(), 0);
    }

    #[test]
    fn a_key_that_is_new_here_owes_one_burst_at_most_and_nobody_owes_without_end() {
        let mut share = Share::default();
        spent(&mut share, 1);
        share.learn(7, u64::MAX, BURST);
        assert_eq!(share.owed(), 10);
        share.learn(8, u64::MAX, BURST);
        assert_eq!(share.owed(), 80);
        share.learn(100, u64::MAX, BURST);
        assert_eq!(share.owed(), 80, "what is owed stays owed");
    }

    #[test]
    fn pays_as_far_as_the_bucket_goes() {
        let mut share = Share::default();
        share.learn(7, 10, BURST);
        let mut bucket = 7;
        share.pay(BURST, |part| {
            let enough = bucket >= part.get();
            bucket -= if enough { part.get() } else { 0 };
            enough
        });
        assert_eq!((share.owed(), bucket), (3, 0));
        share.pay(BURST, |_| true);
        assert!(share.is_settled());
    }

    /// Two servers, a caller that never stops, an exchange every 200 ms.
    #[test]
    fn in_the_long_run_all_servers_together_let_through_what_one_may() {
        for servers in [1_usize, 2, 3, 10] {
            // 10 a second, up to 10 at once, for 60 s: 10 + 600. A bucket is worth 1,000 ms.
            let (mut shares, mut buckets) = (vec![Share::default(); servers], vec![1000_u64; servers]);
            let (mut total, mut through) = (0, 0);
            for millisecond in 0..60_000_u64 {
                for (share, bucket) in shares.iter_mut().zip(&mut buckets) {
                    *bucket = (*bucket + 1).min(1000);
                    share.pay(BURST, |part| {
                        let price = u64::from(part.get()) * 100;
                        let enough = *bucket >= price;
                        *bucket -= if enough { price } else { 0 };
                        enough
                    });
                    if share.owed() == 0 && *bucket >= 100 {
                        *bucket -= 100;
                        share.spend();
                        through += 1;
                    }
                }
                let window = millisecond / 2000;
                if millisecond % 2000 == 0 {
                    total = 0;
                }
                if millisecond % 200 == 199 {
                    for share in &mut shares {
                        total += u64::from(share.tell().map_or(0, NonZeroU32::get));
                        share.learn(window, total, BURST);
                    }
                }
            }
            let bursts = 10 * servers;
            assert!(through <= 600 + 2 * bursts, "{servers} servers let {through} through");
            assert!(through >= 540, "{servers} servers let {through} through");
        }
    }
}

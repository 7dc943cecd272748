//! Those who have connected and have yet to prove themselves. Anybody can connect, so they are bounded; and whoever comes when there is no
//! more room gets in all the same, while somebody else gives way: of the address that has the most here, the one who came first. So a crowd
//! from one address pushes out its own, and only a crowd from everywhere the eldest of all, who had the most time.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

/// The crowd. Clones share it.
#[derive(Clone)]
pub struct Crowd {
    most: usize,
    within: Arc<Mutex<Within>>,
}

#[derive(Default)]
struct Within {
    /// Counts who came
    came: u64,
    /// In the order in which they came
    strangers: BTreeMap<u64, (IpAddr, CancellationToken)>,
}

/// One of the crowd, until this is dropped.
pub struct Stranger {
    number: u64,
    gives_way: CancellationToken,
    crowd: Crowd,
}

impl Crowd {
    /// A crowd of so many at most.
    pub fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            within: Arc::default(),
        }
    }

    /// Lets somebody in who connected from this address.
    pub fn enter(&self, from: IpAddr) -> Stranger {
        let mut within = self.lock();
        while within.strangers.len() >= self.most {
            if !within.cut_one() {
                break;
            }
        }
        within.came += 1;
        let (number, gives_way) = (within.came, CancellationToken::new());
        within.strangers.insert(number, (from, gives_way.clone()));
        Stranger {
            number,
            gives_way,
            crowd: self.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Within> {
        self.within.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Within {
    /// Tells one of them to go; `false` if nobody is there.
    fn cut_one(&mut self) -> bool {
        let mut by_address: BTreeMap<IpAddr, usize> = BTreeMap::new();
        for (from, _) in self.strangers.values() {
            *by_address.entry(*from).or_default() += 1;
        }
        let largest = by_address.values().copied().max().unwrap_or_default();
        let eldest = self
            .strangers
            .iter()
            .find(|(_, (from, _))| by_address.get(from) == Some(&largest))
            .map(|(number, _)| *number);
        let Some((_, gives_way)) = eldest.and_then(|number| self.strangers.remove(&number)) else {
            return false;
        };
        gives_way.cancel();
        true
    }
}

impl Stranger {
    /// Completes when it has to go.
    pub async fn gives_way(&self) {
        self.gives_way.cancelled().await;
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.crowd.lock().strangers.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    fn gone(strangers: &[Stranger]) -> Vec<bool> {
        strangers.iter().map(|stranger| stranger.gives_way.is_cancelled()).collect()
    }

    #[test]
    fn a_crowd_from_one_address_pushes_out_its_own_and_nobody_else() {
        let crowd = Crowd::new(3);
        let slow = crowd.enter(from(1));
        let strangers: Vec<_> = (0..5).map(|_| crowd.enter(from(2))).collect();
        assert_eq!(gone(&strangers), [true, true, true, false, false]);
        assert!(!slow.gives_way.is_cancelled());
        let another = crowd.enter(from(1));
        assert_eq!(gone(&strangers), [true, true, true, true, false]);
        assert!(!slow.gives_way.is_cancelled() && !another.gives_way.is_cancelled());
    }

    #[test]
    fn of_a_crowd_from_everywhere_the_eldest_gives_way() {
        let crowd = Crowd::new(3);
        let strangers: Vec<_> = (0..4).map(|last| crowd.enter(from(last))).collect();
        assert_eq!(gone(&strangers), [true, false, false, false]);
    }

    #[test]
    fn who_has_gone_by_himself_leaves_room() {
        let crowd = Crowd::new(2);
        let first = crowd.enter(from(1));
        drop(crowd.enter(from(1)));
        let last = crowd.enter(from(1));
        assert!(!first.gives_way.is_cancelled() && !last.gives_way.is_cancelled());
        drop((first, last));
        assert!(crowd.lock().strangers.is_empty());
    }
}

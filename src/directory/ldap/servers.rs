//! The servers of one directory: which of them is used, and which is gone.

use super::ailment::{Ailment, Failure};
use super::circuit::Circuit;
use super::settings::Target;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;

/// How one server stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Host and port
    pub server: String,
    /// Why it is not used; `None`: it is believed to work
    pub gone: Option<Failure>,
}

/// The servers of one directory, in the order in which they are preferred.
pub struct Servers {
    targets: Vec<Target>,
    circuits: Mutex<Vec<Circuit>>,
    doubted: Notify,
}

impl Servers {
    /// All are believed to work until they are tried.
    pub fn new(targets: Vec<Target>) -> Self {
        let now = Instant::now();
        Self {
            circuits: Mutex::new(targets.iter().map(|_| Circuit::new(now)).collect()),
            targets,
            doubted: Notify::new(),
        }
    }

    fn circuits(&self) -> MutexGuard<'_, Vec<Circuit>> {
        self.circuits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The target with this number.
    pub fn target(&self, number: usize) -> Option<&Target> {
        self.targets.get(number)
    }

    /// Those that are believed to work, the preferred one first.
    pub fn usable(&self) -> Vec<usize> {
        let circuits = self.circuits();
        (0..circuits.len())
            .filter(|number| circuits.get(*number).is_some_and(|circuit| circuit.open().is_none()))
            .collect()
    }

    /// The one that is used.
    pub fn preferred(&self) -> Option<usize> {
        self.circuits().iter().position(|circuit| circuit.open().is_none())
    }

    /// How each of them stands.
    pub fn standing(&self) -> Vec<Standing> {
        let circuits = self.circuits();
        let both = self.targets.iter().zip(circuits.iter());
        both.map(|(target, circuit)| Standing {
            server: target.to_string(),
            gone: circuit.open().cloned(),
        })
        .collect()
    }

    /// How each of them stands, as others are told: what has lasted. `None` until each has been tried.
    pub fn told(&self, now: Instant) -> Option<Vec<Option<Ailment>>> {
        let mut circuits = self.circuits();
        let tried = circuits.iter().all(Circuit::is_tried);
        tried.then(|| circuits.iter_mut().map(|circuit| circuit.told(now)).collect())
    }

    /// Why none is usable.
    pub fn why_gone(&self) -> String {
        let all = self.standing().into_iter();
        let each: Vec<String> = all
            .map(|one| {
                format!(
                    "{}: {}",
                    one.server,
                    one.gone.as_ref().map_or("not tried", |gone| gone.why.as_str())
                )
            })
            .collect();
        format!("the directory cannot be reached ({})", each.join("; "))
    }

    /// A server cannot be used.
    pub fn fail(&self, number: usize, failure: &Failure, jitter: u8) {
        let why = failure.why.as_str();
        let target = self.target(number).map(ToString::to_string).unwrap_or_default();
        let mut circuits = self.circuits();
        let Some(circuit) = circuits.get_mut(number) else {
            return;
        };
        if circuit.open().is_none_or(|before| before.why != why) {
            tracing::warn!(server = target, why, "a directory's server is not used until it answers");
        }
        circuit.fail(Instant::now(), failure.clone(), jitter);
    }

    /// A server answered.
    pub fn succeed(&self, number: usize) {
        let was_gone = self
            .circuits()
            .get_mut(number)
            .is_some_and(|circuit| circuit.succeed(Instant::now()));
        if was_gone {
            let target = self.target(number).map(ToString::to_string).unwrap_or_default();
            tracing::info!(server = target, "a directory's server answers again");
        }
    }

    /// An answer is late: the servers that are believed to work are probed at once.
    pub fn doubt(&self) {
        let now = Instant::now();
        self.circuits().iter_mut().for_each(|circuit| circuit.doubt(now));
        self.doubted.notify_one();
    }

    /// Completes when a server is to be probed, with its number.
    pub async fn due(&self) -> usize {
        loop {
            let next = self
                .circuits()
                .iter()
                .enumerate()
                .map(|(number, circuit)| (circuit.probe_at(), number))
                .min();
            let Some((at, number)) = next else {
                return std::future::pending().await;
            };
            if at <= Instant::now() {
                return number;
            }
            tokio::select! {
                () = tokio::time::sleep_until(at.into()) => {}
                () = self.doubted.notified() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::Encryption;
    use super::*;

    fn servers() -> Servers {
        let target = |host: &str| Target {
            host: host.to_owned(),
            port: 636,
            encryption: Encryption::Direct,
        };
        Servers::new(vec![target("a"), target("b")])
    }

    #[test]
    fn the_first_one_that_works_is_used() {
        let servers = servers();
        assert_eq!((servers.preferred(), servers.usable()), (Some(0), vec![0, 1]));
        assert_eq!(servers.told(Instant::now()), None, "nobody has tried them");
        servers.fail(0, &Failure::new(Ailment::Unreachable, "refused"), 0);
        assert_eq!((servers.preferred(), servers.usable()), (Some(1), vec![1]));
        servers.fail(1, &Failure::new(Ailment::Silent, "hangs"), 0);
        assert_eq!(servers.preferred(), None);
        let both = vec![Some(Ailment::Unreachable), Some(Ailment::Silent)];
        assert_eq!(servers.told(Instant::now()), Some(both));
        assert_eq!(servers.why_gone(), "the directory cannot be reached (a:636: refused; b:636: hangs)");
        servers.succeed(0);
        assert_eq!(servers.preferred(), Some(0), "back, and preferred again");
    }

    #[tokio::test]
    async fn a_doubted_server_is_due_at_once() {
        let servers = servers();
        servers.succeed(0);
        servers.succeed(1);
        servers.doubt();
        assert_eq!(servers.due().await, 0);
        servers.succeed(0);
        assert_eq!(servers.due().await, 1);
    }
}

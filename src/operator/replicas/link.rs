//! One replica's link: connects, asks, pushes the newest configuration, and tells the board. One at a time is under way; whatever came
//! meanwhile is one newest configuration, so nothing queues up.

use super::course::{Course, Step, Wanted};
use super::publisher::{Line, Publisher};
use super::remote::{Dial, Fault, Outcome, Remote, Target};
use crate::config::directory_health::DirectoryHealth;
use crate::config::input::Key;
use crate::operator::leader::Leader;
use crate::operator::pauses::Pauses;
use crate::operator::world::SecretView;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// A connection that is not there by then has failed.
pub const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// An answer to Describe that is not there by then will not come.
pub const DESCRIBE_WITHIN: Duration = Duration::from_secs(5);
/// An answer to Apply that is not there by then will not come.
pub const APPLY_WITHIN: Duration = Duration::from_secs(20);
/// The first pause after a failure: a starting process listens in a moment.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A connection that served for so long was a good one.
const GOOD_AFTER: Duration = Duration::from_secs(10);

/// How long a link waits to be ended when its term is over.
const NOT_LEADING: Duration = Duration::from_millis(100);

/// What a link follows.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// The configuration that the replica has to run on; `None` if its AuthServer has none
    pub wanted: watch::Receiver<Option<Wanted>>,
    /// The Secret with the operator's certificate; `None` while it is not there
    pub identity: watch::Receiver<Option<Arc<SecretView>>>,
}

/// One replica's link.
pub struct Link<D: Dial> {
    /// How it connects
    pub dial: Arc<D>,
    /// The AuthServer
    pub server: Key,
    /// The pod's uid
    pub uid: String,
    /// Where it connects to
    pub target: Target,
    /// This leader's term
    pub fence: u64,
    /// Whether this process still leads
    pub leader: Leader,
    /// What it follows
    pub inputs: Inputs,
    /// Whom it tells
    pub publisher: Publisher,
    /// How the replica's directories stand, as it said last over the connection that there is
    pub directories: Option<Arc<Vec<DirectoryHealth>>>,
}

type Known<D> = <<D as Dial>::Link as Remote>::Known;

/// Why a connection was given up.
enum Ended {
    /// The certificate was renewed
    Renewed,
    /// Whoever says what to do is gone
    Over,
    Failed(Fault),
}

impl<D: Dial> Link<D> {
    /// Keeps the link until the inputs' senders are gone.
    pub async fn keep(mut self) {
        let mut course = Course::new(self.fence);
        let mut pauses = Pauses::new(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            let identity = self.inputs.identity.borrow_and_update().clone();
            let ended = match identity {
                Some(identity) => self.connection(&identity, &mut course, &mut pauses).await,
                None => Ended::Failed(Fault("the operator's certificate for this AuthServer is not there yet".to_owned())),
            };
            match ended {
                Ended::Over => return,
                Ended::Renewed => {}
                Ended::Failed(fault) => {
                    self.directories = None;
                    let pause = pauses.longer();
                    tracing::debug!(server = %self.server, pod = self.target.pod, %fault, retry_in = ?pause, "a replica cannot be reached");
                    self.tell(&course, Some(fault.to_string()));
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        changed = self.inputs.identity.changed() => if changed.is_err() { return },
                    }
                }
            }
        }
    }

    /// One connection, from dialling to its end.
    async fn connection(&mut self, identity: &SecretView, course: &mut Course<Known<D>>, pauses: &mut Pauses) -> Ended {
        let began = Instant::now();
        let dialled = within(CONNECT_WITHIN, "connecting", self.dial.dial(&self.target, identity)).await;
        let mut remote = match dialled {
            Ok(remote) => remote,
            Err(fault) => return Ended::Failed(fault),
        };
        course.connected();
        loop {
            let wanted = self.inputs.wanted.borrow_and_update().clone();
            match course.next(Instant::now(), wanted.as_ref()) {
                Step::Describe => match within(DESCRIBE_WITHIN, "Describe", remote.describe()).await {
                    Ok(mut said) => {
                        self.directories = Some(Arc::new(std::mem::take(&mut said.directories)));
                        course.described(said, wanted.as_ref(), Instant::now());
                    }
                    Err(fault) => return Ended::Failed(fault),
                },
                // A process that was stopped and goes on may not know yet that its term is over.
                Step::Apply(..) if self.leader.fence() != Some(self.fence) => tokio::time::sleep(NOT_LEADING).await,
                Step::Apply(sent, base) => {
                    let position = course.position(&sent);
                    let apply = remote.apply(&sent.snapshot, &base, position);
                    match within(APPLY_WITHIN, "Apply", apply).await {
                        Ok(outcome) => {
                            self.log(&sent, &outcome);
                            if outcome == Outcome::Ack {
                                pauses.reset();
                            }
                            course.answered(&sent, &base, outcome, Instant::now());
                            self.tell_standing(course);
                        }
                        Err(fault) => return Ended::Failed(fault),
                    }
                }
                Step::Wait(until) => {
                    self.tell_standing(course);
                    tokio::select! {
                        changed = self.inputs.wanted.changed() => if changed.is_err() { return Ended::Over },
                        changed = self.inputs.identity.changed() => return if changed.is_err() { Ended::Over } else { Ended::Renewed },
                        () = tokio::time::sleep_until(until) => {}
                    }
                    if began.elapsed() > GOOD_AFTER {
                        pauses.reset();
                    }
                }
            }
        }
    }

    fn tell_standing(&self, course: &Course<Known<D>>) {
        self.tell(course, course.is_fenced().then(|| "a later leader pushes to it".to_owned()));
    }

    fn tell(&self, course: &Course<Known<D>>, error: Option<String>) {
        let line = Line {
            acked: course.acked().cloned(),
            nack: course.refused(self.inputs.wanted.borrow().as_ref()).cloned(),
            directories: self.directories.clone(),
            error,
        };
        self.publisher.write(&self.server, &self.uid, &self.target.pod, line);
    }

    fn log(&self, sent: &Wanted, outcome: &Outcome) {
        let (server, pod, revision) = (&self.server, &self.target.pod, &sent.snapshot.revision);
        match outcome {
            Outcome::Ack => tracing::info!(%server, pod, %revision, "a replica runs on the configuration"),
            Outcome::Nack(faults) => tracing::warn!(%server, pod, %revision, ?faults, "a replica refused the configuration"),
            Outcome::BaseUnknown => tracing::debug!(%server, pod, %revision, "a replica needs the whole configuration"),
            Outcome::Fenced(highest) => tracing::warn!(%server, pod, highest, "a later leader has spoken to a replica"),
        }
    }
}

/// A call that ends in time.
async fn within<T>(limit: Duration, what: &str, call: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    match timeout(limit, call).await {
        Ok(answer) => answer,
        Err(_) => Err(Fault(format!("{what} was not answered within {} s", limit.as_secs()))),
    }
}

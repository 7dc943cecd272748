//! Kubernetes Events: what a person would want to know, at the resource that it is about.

mod series;
mod writer;

pub use writer::EventWriter;

use crate::config::input::{Key, Kind};
use std::borrow::Cow;
use tokio::sync::mpsc;

/// Events that may wait to be written. Beyond that they are dropped and counted: a log line says the same.
const MOST_WAITING: usize = 1024;

/// How much a person should care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// All is well
    Normal,
    /// Somebody should look
    Warning,
}

/// What happened, to which resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// The resource's kind
    pub kind: Kind,
    /// The resource
    pub key: Key,
    /// How much a person should care
    pub severity: Severity,
    /// One word in PascalCase: what happened (`ClientRefused`)
    pub reason: Cow<'static, str>,
    /// One word in PascalCase: what was being done (`Compile`)
    pub action: &'static str,
    /// A sentence for people; holds no secret
    pub note: String,
}

/// Takes happenings and writes them as Events, while this process leads. Cheap to clone; never waits.
#[derive(Clone, Debug)]
pub struct Events {
    sender: mpsc::Sender<Happening>,
}

/// Where the writer takes happenings from.
pub type Happenings = mpsc::Receiver<Happening>;

/// The two ends.
pub fn channel() -> (Events, Happenings) {
    let (sender, receiver) = mpsc::channel(MOST_WAITING);
    (Events { sender }, receiver)
}

impl Events {
    /// Tells of something, if there is room.
    pub fn tell(&self, happening: Happening) {
        // When many things happen at once, what people should look at comes before what is well.
        let crowded = happening.severity == Severity::Normal && self.sender.capacity() < MOST_WAITING / 2;
        if crowded || self.sender.try_send(happening).is_err() {
            tracing::debug!("an Event is left out: too many wait to be written");
        }
    }

    /// Tells that all is well.
    pub fn normal(&self, kind: Kind, key: &Key, reason: &'static str, action: &'static str, note: impl Into<String>) {
        self.tell(Happening {
            kind,
            key: key.clone(),
            severity: Severity::Normal,
            reason: Cow::Borrowed(reason),
            action,
            note: note.into(),
        });
    }

    /// Tells that somebody should look.
    pub fn warning(&self, kind: Kind, key: &Key, reason: &'static str, action: &'static str, note: impl Into<String>) {
        self.tell(Happening {
            kind,
            key: key.clone(),
            severity: Severity::Warning,
            reason: Cow::Borrowed(reason),
            action,
            note: note.into(),
        });
    }
}

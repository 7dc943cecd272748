//! What other processes changed, as the store tells it: so that copies which a process holds are let go of at once.

mod heard;

pub(super) use heard::Change;
pub use heard::Heard;

/// Counts what was told. Two readings that are equal: nothing changed in between, as far as one was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notices {
    /// Sessions ended or got another cookie, or people changed
    pub sessions: u64,
    /// Signing keys were made or retired
    pub keys: u64,
    /// Whether the store tells at present, and was heard a moment ago. If not, copies age as if nobody told anything
    pub told: bool,
}

impl Notices {
    /// Anything may have changed while nothing was told.
    pub(super) const fn anything(&mut self) {
        self.sessions += 1;
        self.keys += 1;
    }
}

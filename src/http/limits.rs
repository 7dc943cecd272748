//! What a client may take of the server: sizes and times, in one place.

use std::time::Duration;

/// Largest form body. Authorization requests, tokens and forms are far smaller; more is refused with 413.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// What is read and thrown away of a body that is too large, so that its sender gets to read the refusal instead of a reset connection.
pub const MAX_DISCARDED_BYTES: usize = 8 * 1024 * 1024;

/// How long a client may take for what, and the server for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// A TLS handshake must be over after this long
    pub handshake: Duration,
    /// The request line and headers must be complete after this long (408). actix-http bounds their size (128 KiB) and number (96)
    pub headers: Duration,
    /// A body must be complete after this long (408)
    pub body: Duration,
    /// From the end of the headers to the beginning of the answer, the body included (503). No longer than what runs at a shutdown gets
    pub handling: Duration,
    /// An idle connection is kept this long
    pub keep_alive: Duration,
    /// After its answer a connection that is to close gets this long to read it
    pub disconnect: Duration,
    /// What is sent must have reached the other end after this long, or the connection is cut
    pub unread: Duration,
}

impl Times {
    /// After an answer the next request must be there so soon, however it comes: an idle connection's time, and that of a head.
    pub const fn silence(&self) -> Duration {
        self.keep_alive.saturating_add(self.headers)
    }
}

impl Default for Times {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(5),
            headers: Duration::from_secs(5),
            body: Duration::from_secs(10),
            handling: Duration::from_secs(SHUTDOWN_TIMEOUT_SECONDS),
            keep_alive: Duration::from_secs(75),
            disconnect: Duration::from_secs(1),
            unread: Duration::from_secs(30),
        }
    }
}

/// Connections of one worker at a time; more wait in the kernel's queue.
pub const MAX_CONNECTIONS_PER_WORKER: usize = 10_000;

/// Requests that run get this long at a shutdown.
pub const SHUTDOWN_TIMEOUT_SECONDS: u64 = 20;

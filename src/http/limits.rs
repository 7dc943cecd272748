//! What a client may take of the server: sizes and times, in one place.

use std::time::Duration;

/// Largest form body. Authorization requests, tokens and forms are far smaller; more is refused with 413.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// What is read and thrown away of a body that is too large, so that its sender gets to read the refusal instead of a reset connection.
pub const MAX_DISCARDED_BYTES: usize = 8 * 1024 * 1024;

/// A body must be complete after this long (408).
pub const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The request line and headers must be complete after this long (408). actix-http bounds their size (128 KiB) and number (96).
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(5);

/// An idle connection is kept this long.
pub const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// After its answer a connection that is to close gets this long to read it.
pub const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Connections of one worker at a time; more wait in the kernel's queue.
pub const MAX_CONNECTIONS_PER_WORKER: usize = 10_000;

/// Requests that run get this long at a shutdown.
pub const SHUTDOWN_TIMEOUT_SECONDS: u64 = 20;

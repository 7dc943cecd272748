//! The config service with its real ends: the server that a replica runs, the client that the operator runs, TLS between them.

mod applying;
mod authority;
mod discovery;
mod limits;
mod many;
mod peers;
mod renewal;
mod stand;
mod strangers;
mod taken_over;

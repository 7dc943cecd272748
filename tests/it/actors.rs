//! The platform's actors: what a panic costs, what is refused when too much waits, what is never lost.

mod back_pressure;
mod departures;
mod last_known_good;
mod logins;
mod outage;
mod panics;
mod process_end;
mod sealed_keys;
mod staleness;
mod state;

//! LDAP directories, against real OpenLDAP servers.

mod active_directory;
mod failover;
pub mod fixture;
mod health;
mod hostile;
mod isolation;
mod leaving;
mod logins;
mod reading;
mod tokens;
mod transport;

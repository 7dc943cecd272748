//! LDAP directories, against real OpenLDAP servers.

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

//! LDAP directories, against real OpenLDAP servers.

mod failover;
mod fixture;
mod hostile;
mod isolation;
mod leaving;
mod logins;
mod reading;
mod tokens;
mod transport;

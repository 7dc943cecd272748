//! LDAP directories, against real OpenLDAP servers.

mod failover;
mod fixture;
mod hostile;
mod reading;
mod transport;

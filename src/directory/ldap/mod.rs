//! LDAP directories (RFC 4511): people and groups are there, passwords are checked there, and here is a row for each person who has logged in.
//!
//! Nothing that a directory sends is trusted: messages are bounded before they are parsed ([`guard`]), and so are entries, values and groups. A
//! directory that does not answer says nothing about a password.

pub mod account;
pub mod ailment;
pub mod ber;
pub mod circuit;
pub mod client;
pub mod connect;
pub mod connection;
pub mod entry;
pub mod examine;
pub mod fault;
pub mod filter;
pub mod groups;
pub mod guard;
pub mod identity;
pub mod outcome;
mod people;
pub mod pool;
pub mod profile;
pub mod servers;
pub mod settings;
mod settled;
#[cfg(test)]
mod testing;

pub use people::{Connector, LdapDirectory};

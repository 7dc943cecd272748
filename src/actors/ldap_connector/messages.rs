//! What an LdapConnector is asked.

use crate::directory::ldap::client::Who;
use crate::directory::ldap::entry::Entry;
use crate::directory::ldap::fault::LdapFault;
use crate::directory::ldap::outcome::Bind;
use actix::Message;
use secrecy::SecretString;

/// The entry of a person.
#[derive(Message)]
#[rtype(result = "Result<Option<Entry>, LdapFault>")]
pub struct Find(pub Who);

/// Whether a password is that of the person with this distinguished name.
#[derive(Message)]
#[rtype(result = "Result<Bind, LdapFault>")]
pub struct Authenticate {
    /// Who
    pub dn: String,
    /// What they typed
    pub password: SecretString,
}

/// Names of the groups that a person is in.
#[derive(Message)]
#[rtype(result = "Result<Vec<String>, LdapFault>")]
pub struct Groups(pub Entry);

//! Connections that are kept, to the first server that works.

use super::ailment::{Ailment, Failure};
use super::connection::{Connection, Identity, Trouble};
use super::fault::LdapFault;
use super::outcome::Bind;
use super::servers::Servers;
use super::settings::LdapSettings;
use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use rustls::ClientConfig;
use secrecy::ExposeSecret;
use std::sync::Arc;

/// A pool of connections.
pub type Pool = managed::Pool<Manager>;
/// A connection that goes back into its pool.
pub type Pooled = managed::Object<Manager>;

/// Opens connections, and looks at them before they are used again.
#[derive(Clone)]
pub struct Manager {
    /// How the directory is reached
    pub settings: Arc<LdapSettings>,
    /// Its servers
    pub servers: Arc<Servers>,
    /// How they are encrypted
    pub tls: Arc<ClientConfig>,
}

impl Manager {
    /// Connects to one server and binds the reader, within the connect timeout.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub async fn reach(&self, server: usize) -> Result<Connection, Failure> {
        let none = || Failure::new(Ailment::Unresolved, "there is no such server");
        let target = self.servers.target(server).ok_or_else(none)?;
        let limit = self.settings.connect_timeout;
        let reach = async {
            let mut connection = Connection::open(server, target, &self.tls).await?;
            self.bind_reader(&mut connection).await.map_err(told)?;
            Ok(connection)
        };
        tokio::time::timeout(limit, reach)
            .await
            .unwrap_or_else(|_| Err(Failure::new(Ailment::Silent, format!("it gave no answer within {limit:?}"))))
    }

    /// Makes a connection speak for the reader.
    ///
    /// # Errors
    /// [`Trouble`]; that the password is not the reader's is [`LdapFault::Refused`].
    pub async fn bind_reader(&self, connection: &mut Connection) -> Result<(), Trouble> {
        let settings = &self.settings;
        let password = settings.bind_password.expose_secret();
        match connection.bind(&settings.bind_dn, password, settings.operation_timeout).await? {
            Bind::Accepted => {
                connection.identity = Identity::Reader;
                Ok(())
            }
            Bind::Refused(refusal) => Err(Trouble::Fault(LdapFault::Refused(format!(
                "it does not let the reader {:?} in: {}. Are bindDN and bindPasswordSecretRef right?",
                settings.bind_dn,
                refusal.as_str()
            )))),
        }
    }
}

fn told(trouble: Trouble) -> Failure {
    match trouble {
        Trouble::Lost(why) => Failure::new(Ailment::Unreachable, why),
        Trouble::Late => Failure::new(Ailment::Silent, "it gave no answer in time"),
        Trouble::Fault(fault) => {
            let ailment = match &fault {
                LdapFault::Refused(_) => Ailment::ReaderRefused,
                LdapFault::Nonsense(_) => Ailment::Nonsense,
                LdapFault::Unavailable(_) | LdapFault::Busy { .. } | LdapFault::Internal(_) => Ailment::Unavailable,
            };
            Failure::new(ailment, fault)
        }
    }
}

impl managed::Manager for Manager {
    type Type = Connection;
    type Error = LdapFault;

    async fn create(&self) -> Result<Connection, LdapFault> {
        for server in self.servers.usable() {
            match self.reach(server).await {
                Ok(connection) => return Ok(connection),
                Err(why) => self.servers.fail(server, &why, jitter()),
            }
        }
        Err(LdapFault::Unavailable(self.servers.why_gone()))
    }

    async fn recycle(&self, connection: &mut Connection, _: &Metrics) -> RecycleResult<LdapFault> {
        if connection.is_closed() {
            return Err(RecycleError::message("it was closed"));
        }
        // The preferred server is back, or this one is gone.
        if self.servers.preferred() != Some(connection.server) {
            return Err(RecycleError::message("it leads to another server than the one in use"));
        }
        Ok(())
    }
}

/// One random byte; 0 if there is no randomness.
pub(super) fn jitter() -> u8 {
    let mut byte = [0_u8];
    match aws_lc_rs::rand::fill(&mut byte) {
        Ok(()) => byte.first().copied().unwrap_or(0),
        Err(_) => 0,
    }
}

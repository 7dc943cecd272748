//! What is asked of a directory, over connections that are kept.

use super::connection::{Connection, Identity, Search, Trouble};
use super::entry::Entry;
use super::fault::LdapFault;
use super::identity::ExternalId;
use super::outcome::Bind;
use super::pool::{Manager, Pool, Pooled, jitter};
use super::servers::{Servers, Standing};
use super::settings::LdapSettings;
use super::{connect, filter, profile};
use deadpool::Runtime;
use deadpool::managed::{Object, PoolError, TimeoutType};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::time::Duration;

/// One directory. Belongs to the runtime that it was made on: connections are driven there.
pub struct LdapClient {
    settings: Arc<LdapSettings>,
    servers: Arc<Servers>,
    manager: Manager,
    pool: Pool,
}

/// Who is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// By the name that they log in with, comparable ([`Username`](crate::accounts::username::Username))
    Named(String),
    /// By what the directory knows them by
    Known(ExternalId),
}

impl LdapClient {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// [`LdapFault::Refused`] if the authorities cannot be used.
    pub fn new(settings: Arc<LdapSettings>, servers: Arc<Servers>) -> Result<Self, LdapFault> {
        let manager = Manager {
            tls: connect::tls(&settings)?,
            settings: Arc::clone(&settings),
            servers: Arc::clone(&servers),
        };
        let pool = Pool::builder(manager.clone())
            .max_size(settings.pool_max)
            .wait_timeout(Some(settings.operation_timeout))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| LdapFault::Internal(format!("no pool of connections: {error}")))?;
        Ok(Self {
            settings,
            servers,
            manager,
            pool,
        })
    }

    /// How its servers stand.
    pub fn standing(&self) -> Vec<Standing> {
        self.servers.standing()
    }

    /// How it is read.
    pub fn settings(&self) -> &LdapSettings {
        &self.settings
    }

    /// The entry of a person; `None` if there is none, or several have the name.
    ///
    /// # Errors
    /// [`LdapFault`].
    pub async fn find(&self, who: &Who) -> Result<Option<Entry>, LdapFault> {
        let users = &self.settings.users;
        let search = Search {
            base: users.base_dn.clone(),
            is_base_only: false,
            filter: match who {
                Who::Named(name) => filter::by_username(users, name),
                Who::Known(id) => filter::by_id(users, id),
            },
            attributes: profile::attributes(&self.settings),
            page: 10,
            most: 10,
            is_sample: false,
        };
        let mut found = self.search(&search).await?;
        found.retain(|entry| match who {
            Who::Named(name) => profile::has_name(entry, &self.settings, name),
            Who::Known(id) => ExternalId::of(entry).as_ref() == Some(id),
        });
        match found.len() {
            0 | 1 => Ok(found.pop().filter(|entry| !entry.dn().is_empty())),
            several => {
                // Whose password would be checked? Nobody's.
                tracing::warn!(several, "a name has several entries in a directory: nobody can log in by it");
                Ok(None)
            }
        }
    }

    /// Whether this is the password of the person with this distinguished name.
    ///
    /// # Errors
    /// [`LdapFault`]; none says anything about the password.
    pub async fn authenticate(&self, dn: &str, password: &SecretString) -> Result<Bind, LdapFault> {
        let mut again = true;
        loop {
            let mut connection = self.connection().await?;
            let limit = self.settings.operation_timeout;
            let answer = connection.bind(dn, password.expose_secret(), limit).await;
            if let Some(outcome) = self.settle(connection, answer, &mut again)? {
                return Ok(outcome);
            }
        }
    }

    /// Searches as the reader.
    ///
    /// # Errors
    /// [`LdapFault`].
    pub async fn search(&self, search: &Search) -> Result<Vec<Entry>, LdapFault> {
        let mut again = true;
        loop {
            let mut connection = self.connection().await?;
            let answer = self.search_on(&mut connection, search).await;
            if let Some(found) = self.settle(connection, answer, &mut again)? {
                return Ok(found);
            }
        }
    }

    async fn search_on(&self, connection: &mut Connection, search: &Search) -> Result<Vec<Entry>, Trouble> {
        if connection.identity != Identity::Reader {
            self.manager.bind_reader(connection).await?;
        }
        connection.search(search, self.settings.operation_timeout).await
    }

    /// What becomes of a connection and of an answer: `None` is to be tried once more, on another connection.
    fn settle<T>(&self, connection: Pooled, answer: Result<T, Trouble>, again: &mut bool) -> Result<Option<T>, LdapFault> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(Trouble::Lost(why)) => {
                // The others to that server are likely gone too: they are looked at before they are used.
                drop(Object::take(connection));
                if std::mem::take(again) {
                    return Ok(None);
                }
                self.servers.doubt();
                Err(LdapFault::Unavailable(format!("the connection to the directory was lost: {why}")))
            }
            Err(Trouble::Late) => {
                // An answer may still come, and would be taken for the next one's.
                drop(Object::take(connection));
                self.servers.doubt();
                let limit = self.settings.operation_timeout;
                Err(LdapFault::Unavailable(format!("the directory gave no answer within {limit:?}")))
            }
            Err(Trouble::Fault(fault)) => {
                if matches!(fault, LdapFault::Nonsense(_)) {
                    drop(Object::take(connection));
                }
                Err(fault)
            }
        }
    }

    async fn connection(&self) -> Result<Pooled, LdapFault> {
        if self.servers.preferred().is_none() {
            return Err(LdapFault::Unavailable(self.servers.why_gone()));
        }
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(fault) => fault,
            PoolError::Timeout(TimeoutType::Wait) => {
                self.servers.doubt();
                LdapFault::Busy {
                    retry_after: Duration::from_secs(1),
                }
            }
            other => LdapFault::Internal(format!("no connection to the directory: {other}")),
        })
    }

    /// Probes servers as they are due: one that does not answer is not used until it does. Never returns.
    pub async fn keep_healthy(&self) {
        loop {
            let server = self.servers.due().await;
            match self.manager.reach(server).await {
                Ok(_) => self.servers.succeed(server),
                Err(why) => self.servers.fail(server, &why, jitter()),
            }
        }
    }
}

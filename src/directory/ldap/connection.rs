//! One connection to a server, with one operation at a time on it.

use super::ailment::{Ailment, Failure};
use super::entry::Entry;
use super::fault::LdapFault;
use super::guard::{self, Allowance};
use super::outcome::{self, Bind};
use super::{connect, settings::Target};
use futures::FutureExt;
use ldap3::controls::{Control, ControlType, PagedResults};
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, Scope, SearchEntry, SearchOptions, StdStream};
use rustls::ClientConfig;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::AbortHandle;

/// Why an operation came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The connection is gone: another one may do better
    Lost(String),
    /// No answer in time
    Late,
    /// Another connection would do no better
    Fault(LdapFault),
}

/// Who a connection speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Whoever reads the directory
    Reader,
    /// Nobody, or somebody whose password was tried on it
    Other,
}

/// What to look for.
#[derive(Clone, Debug)]
pub struct Search {
    /// From this entry on
    pub base: String,
    /// This entry alone, or all below it
    pub is_base_only: bool,
    /// RFC 4515
    pub filter: String,
    /// Attributes to be told
    pub attributes: Vec<String>,
    /// Entries per page
    pub page: u32,
    /// More entries than this are a fault
    pub most: usize,
    /// Whether one page is enough
    pub is_sample: bool,
}

/// A connection.
pub struct Connection {
    ldap: Ldap,
    allowance: Arc<Allowance>,
    tasks: [AbortHandle; 2],
    /// Number of the server that it leads to
    pub server: usize,
    /// Who it speaks for
    pub identity: Identity,
}

impl Drop for Connection {
    fn drop(&mut self) {
        // A server that hangs would keep them for as long as it does.
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl Connection {
    /// Connects; nobody is bound yet. The caller sets the deadline.
    ///
    /// # Errors
    /// What the network or TLS said.
    pub async fn open(server: usize, target: &Target, tls: &Arc<ClientConfig>) -> Result<Self, Failure> {
        let lost = |error: &dyn std::fmt::Display| Failure::new(Ailment::Unreachable, error);
        let stream = connect::open(target, tls).await?;
        let allowance = Arc::new(Allowance::default());
        let (stream, guard) = guard::before(stream, &allowance).map_err(|error| lost(&error))?;
        let settings = LdapConnSettings::new().set_std_stream(StdStream::Unix(stream));
        // The URL says what kind of stream it is, and no more.
        let (driver, ldap) = match LdapConnAsync::with_settings(settings, "ldapi:///").await {
            Ok(both) => both,
            Err(error) => {
                guard.abort();
                return Err(lost(&error));
            }
        };
        let driver = tokio::spawn(async move {
            if let Err(error) = driver.drive().await {
                tracing::debug!(%error, "a connection to a directory ended");
            }
        });
        Ok(Self {
            ldap,
            allowance,
            tasks: [guard, driver.abort_handle()],
            server,
            identity: Identity::Other,
        })
    }

    /// Whether it was closed, as far as is known without asking.
    pub fn is_closed(&mut self) -> bool {
        self.ldap.is_closed()
    }

    /// Binds as somebody (RFC 4513 §5.1.3), and says whether the password was theirs. Without a name or a password a directory would bind
    /// nobody and call it a success: that is never sent.
    ///
    /// # Errors
    /// [`Trouble`]; none says anything about the password.
    pub async fn bind(&mut self, dn: &str, password: &str, deadline: Duration) -> Result<Bind, Trouble> {
        if dn.is_empty() || password.is_empty() {
            return Ok(Bind::Refused(outcome::Refusal::Wrong));
        }
        self.identity = Identity::Other;
        let Self { ldap, allowance, .. } = self;
        let answer = within(allowance, deadline, async { ldap.simple_bind(dn, password).await.map_err(trouble) }).await?;
        outcome::of_bind(answer.rc, &answer.text).map_err(Trouble::Fault)
    }

    /// Searches, page by page. `deadline` is for all of it. References to other servers are passed over.
    ///
    /// # Errors
    /// [`Trouble`]. That the base does not exist is [`LdapFault::Refused`], unless it is the entry itself that was asked for.
    pub async fn search(&mut self, search: &Search, deadline: Duration) -> Result<Vec<Entry>, Trouble> {
        let Self { ldap, allowance, .. } = self;
        within(allowance, deadline, pages(ldap, search)).await
    }
}

async fn pages(ldap: &mut Ldap, search: &Search) -> Result<Vec<Entry>, Trouble> {
    let scope = if search.is_base_only { Scope::Base } else { Scope::Subtree };
    let mut found = Vec::new();
    let mut cookie = Vec::new();
    loop {
        let size = i32::try_from(search.page).unwrap_or(i32::MAX);
        let mut stream = ldap
            .with_controls(PagedResults { size, cookie })
            .with_search_options(SearchOptions::new())
            .streaming_search(&search.base, scope, &search.filter, search.attributes.clone())
            .await
            .map_err(trouble)?;
        while let Some(entry) = stream.next().await.map_err(trouble)? {
            if entry.is_ref() || entry.is_intermediate() {
                continue;
            }
            if found.len() == search.most {
                let reason = format!("the directory found more than {} entries where nobody needs so many", search.most);
                return Err(Trouble::Fault(LdapFault::Nonsense(reason)));
            }
            found.push(Entry::from(SearchEntry::construct(entry)));
        }
        let done = stream.finish().await;
        match done.rc {
            0 => {}
            // noSuchObject of the very entry that was asked for
            32 if search.is_base_only => return Ok(Vec::new()),
            code => return Err(Trouble::Fault(outcome::fault("search", code, &done.text))),
        }
        let next = done.ctrls.iter().find_map(|control| match control {
            Control(Some(ControlType::PagedResults), raw) if raw.val.is_some() => Some(raw.parse::<PagedResults>().cookie),
            _ => None,
        });
        match next {
            Some(next) if !next.is_empty() && !search.is_sample => cookie = next,
            _ => return Ok(found),
        }
    }
}

fn trouble(error: LdapError) -> Trouble {
    match error {
        LdapError::FilterParsing => Trouble::Fault(LdapFault::Refused(
            "a filter of the UserStore is not one that RFC 4515 allows".to_owned(),
        )),
        LdapError::Timeout { .. } => Trouble::Late,
        other => Trouble::Lost(other.to_string()),
    }
}

/// Runs one operation. ldap3 panics on messages that are well-formed but not what they should be; that ends this operation and this connection.
async fn within<T>(allowance: &Allowance, deadline: Duration, operation: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    allowance.renew();
    match tokio::time::timeout(deadline, AssertUnwindSafe(operation).catch_unwind()).await {
        Err(_) => Err(Trouble::Late),
        Ok(Err(_)) => Err(Trouble::Fault(LdapFault::Nonsense(
            "the directory sent an answer that is not LDAP".to_owned(),
        ))),
        // The guard knows better why.
        Ok(Ok(Err(Trouble::Lost(why)))) => Err(Trouble::Lost(allowance.why().map_or(why, str::to_owned))),
        Ok(Ok(answer)) => answer,
    }
}

//! LdapConnector: one actor per UserStore of `type: ldap`, each on a thread of its own. It owns the connections to the directory, and probes its
//! servers.
//!
//! What goes wrong in one reaches no other: a panic ends the question at hand and drops the connections, dying too often is no reason to end the
//! process ([`Weight::Isolated`](super::guardian::Weight)), and one whose thread hangs is left behind and replaced.

mod handle;
pub mod health;
pub mod messages;
mod registry;
pub mod settings;

use super::gate::callable;
use crate::directory::ldap::client::LdapClient;
use crate::directory::ldap::entry::Entry;
use crate::directory::ldap::fault::LdapFault;
use crate::directory::ldap::outcome::Bind;
use crate::directory::ldap::servers::Servers;
use crate::directory::ldap::settings::LdapSettings;
use actix::{Actor, AsyncContext, Context, Handler, ResponseFuture, Supervised, WrapFuture};
pub use handle::LdapHandle;
use messages::{Authenticate, Find, Groups};
pub use registry::{Connectors, MAX_LEFT_BEHIND};
use std::sync::Arc;

/// What it is supervised as.
pub const NAME: &str = "ldap_connector";

/// The actor.
pub struct LdapConnector {
    settings: Arc<LdapSettings>,
    servers: Arc<Servers>,
    client: Result<Arc<LdapClient>, LdapFault>,
}

impl LdapConnector {
    fn new(settings: Arc<LdapSettings>, servers: Arc<Servers>) -> Self {
        Self {
            settings,
            servers,
            client: Err(LdapFault::Unavailable("the directory is about to be connected".to_owned())),
        }
    }

    fn ask<T, F>(&self, question: impl FnOnce(Arc<LdapClient>) -> F + 'static) -> ResponseFuture<Result<T, LdapFault>>
    where
        T: 'static,
        F: Future<Output = Result<T, LdapFault>> + 'static,
    {
        match self.client.clone() {
            Ok(client) => Box::pin(question(client)),
            Err(fault) => Box::pin(std::future::ready(Err(fault))),
        }
    }
}

impl Actor for LdapConnector {
    type Context = Context<Self>;

    /// Here and not before: connections belong to the thread that they were opened on.
    fn started(&mut self, ctx: &mut Self::Context) {
        self.client = LdapClient::new(Arc::clone(&self.settings), Arc::clone(&self.servers)).map(Arc::new);
        match self.client.clone() {
            Ok(client) => {
                ctx.spawn(async move { client.keep_healthy().await }.into_actor(self));
            }
            Err(fault) => tracing::error!(%fault, "a directory cannot be used"),
        }
    }
}

impl Supervised for LdapConnector {
    /// The connections may be in the middle of something; `started` makes new ones.
    fn restarting(&mut self, _: &mut Self::Context) {
        self.client = Err(LdapFault::Unavailable("the directory is connected anew".to_owned()));
    }
}

callable!(LdapConnector);

impl Handler<Find> for LdapConnector {
    type Result = ResponseFuture<Result<Option<Entry>, LdapFault>>;

    fn handle(&mut self, Find(who): Find, _: &mut Self::Context) -> Self::Result {
        self.ask(move |client| async move { client.find(&who).await })
    }
}

impl Handler<Authenticate> for LdapConnector {
    type Result = ResponseFuture<Result<Bind, LdapFault>>;

    fn handle(&mut self, message: Authenticate, _: &mut Self::Context) -> Self::Result {
        self.ask(move |client| async move { client.authenticate(&message.dn, &message.password).await })
    }
}

impl Handler<Groups> for LdapConnector {
    type Result = ResponseFuture<Result<Vec<String>, LdapFault>>;

    fn handle(&mut self, Groups(person): Groups, _: &mut Self::Context) -> Self::Result {
        self.ask(move |client| async move { client.groups(&person).await })
    }
}

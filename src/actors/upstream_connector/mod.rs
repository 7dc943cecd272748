//! UpstreamConnector: one actor per IdentityProvider, each on a thread of its own. It owns what is known of the provider, and the connections to it.
//!
//! As with a directory, what goes wrong in one reaches no other: a panic ends the question at hand, dying too often is no reason to end the process
//! ([`Weight::Isolated`](super::guardian::Weight)), and one whose thread hangs is left behind and replaced.

pub mod messages;
mod registry;

use super::gate::callable;
use crate::config::snapshot::IdentityProviderConfig;
use crate::upstream::client::UpstreamClient;
use crate::upstream::fault::UpstreamFault;
use crate::upstream::logout_token::Ended;
use crate::upstream::person::Identity;
use actix::{Actor, AsyncContext, Context, Handler, ResponseFuture, Supervised, WrapFuture};
use messages::{Begin, EndSession, Finish, LoggedOut};
pub use registry::{UpstreamHandle, Upstreams};
use std::sync::Arc;
use url::Url;

/// What it is supervised as.
pub const NAME: &str = "upstream_connector";

/// The actor.
pub struct UpstreamConnector {
    provider: Arc<IdentityProviderConfig>,
    client: Result<Arc<UpstreamClient>, UpstreamFault>,
}

impl UpstreamConnector {
    fn new(provider: Arc<IdentityProviderConfig>) -> Self {
        Self {
            provider,
            client: Err(UpstreamFault::Unavailable("it is about to be connected".to_owned())),
        }
    }

    fn ask<T, F>(&self, question: impl FnOnce(Arc<UpstreamClient>) -> F + 'static) -> ResponseFuture<Result<T, UpstreamFault>>
    where
        T: 'static,
        F: Future<Output = Result<T, UpstreamFault>> + 'static,
    {
        match self.client.clone() {
            Ok(client) => Box::pin(question(client)),
            Err(fault) => Box::pin(std::future::ready(Err(fault))),
        }
    }
}

impl Actor for UpstreamConnector {
    type Context = Context<Self>;

    /// Here and not before: connections belong to the thread that they were opened on.
    fn started(&mut self, ctx: &mut Self::Context) {
        self.client = UpstreamClient::new(Arc::clone(&self.provider)).map(Arc::new);
        match self.client.clone() {
            Ok(client) => {
                ctx.spawn(async move { client.keep_fresh().await }.into_actor(self));
            }
            Err(fault) => tracing::error!(provider = self.provider.name, %fault, "an upstream provider cannot be used"),
        }
    }
}

impl Supervised for UpstreamConnector {
    /// The connections may be in the middle of something; `started` makes new ones.
    fn restarting(&mut self, _: &mut Self::Context) {
        self.client = Err(UpstreamFault::Unavailable("it is connected anew".to_owned()));
    }
}

callable!(UpstreamConnector);

impl Handler<Begin> for UpstreamConnector {
    type Result = ResponseFuture<Result<Url, UpstreamFault>>;

    fn handle(&mut self, Begin(ask): Begin, _: &mut Self::Context) -> Self::Result {
        self.ask(move |client| async move { client.address(&ask).await })
    }
}

impl Handler<Finish> for UpstreamConnector {
    type Result = ResponseFuture<Result<Identity, UpstreamFault>>;

    fn handle(&mut self, Finish(answered): Finish, _: &mut Self::Context) -> Self::Result {
        self.ask(move |client| async move { client.finish(&answered).await })
    }
}

impl Handler<LoggedOut> for UpstreamConnector {
    type Result = ResponseFuture<Result<Ended, UpstreamFault>>;

    fn handle(&mut self, LoggedOut { token, now }: LoggedOut, _: &mut Self::Context) -> Self::Result {
        self.ask(move |client| async move { client.ended(&token, now).await })
    }
}

impl Handler<EndSession> for UpstreamConnector {
    type Result = ResponseFuture<Result<Option<Url>, UpstreamFault>>;

    fn handle(&mut self, EndSession: EndSession, _: &mut Self::Context) -> Self::Result {
        self.ask(move |client| async move { client.end_session().await })
    }
}

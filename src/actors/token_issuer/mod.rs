//! The TokenIssuer: one actor per HTTP worker, that turns requests into tokens and says what became of tokens.
//!
//! It owns nothing shared; it holds this worker's handles on the configuration, the keys and the store. Every message is answered by a
//! future of its own, so that one that waits for the database holds nobody up, and a panic in it ends that one request.

mod authorization_code;
mod exchange;
mod introspect;
mod issue;
mod issue_code;
mod lookup;
pub mod messages;
mod person;
mod refresh_token;
mod revoke;
mod token_exchange;
mod userinfo;

use super::audit_log::AuditHandle;
use super::clock::SharedClock;
use super::config_holder::ConfigReader;
use super::directories::Directories;
use super::fault::Fault;
use super::gate::callable;
use super::key_keeper::KeyReader;
use super::platform::Platform;
use crate::config::snapshot::Snapshot;
use crate::oauth::client::Client;
use crate::oauth::client_auth::Credentials;
use crate::oauth::form::Params;
use crate::oauth::grant_type::ClientAuthMethod;
use crate::oauth::grants;
use crate::oauth::grants::TokenResponse;
use crate::oauth::ids::{ClientId, UserId};
use crate::oauth::introspection::Introspection;
use crate::oauth::opaque::OpaqueToken;
use crate::rates::Limiters;
use crate::store::records::AuditEvent;
use crate::store::{Reads, Store};
use crate::telemetry::metrics::Metrics;
use actix::{Actor, Context, Handler, ResponseFuture, Supervised};
use aws_lc_rs::rand;
use jiff::Timestamp;
use messages::{Exchange, Introspect, IssueCode, Revoke, UserInfo, UserInfoAnswer};
use std::sync::Arc;

/// The actor.
pub struct TokenIssuer {
    services: Arc<Services>,
}

/// What the issuer works with.
struct Services {
    store: Arc<dyn Store>,
    reads: Reads,
    config: ConfigReader,
    keys: KeyReader,
    clock: SharedClock,
    metrics: Metrics,
    audit: AuditHandle,
    limiters: Limiters,
    directories: Directories,
}

impl TokenIssuer {
    /// An issuer of one worker.
    pub fn new(platform: &Platform) -> Self {
        Self {
            services: Arc::new(Services {
                store: Arc::clone(&platform.store),
                reads: platform.reads.clone(),
                config: platform.config.clone(),
                keys: platform.keys.clone(),
                clock: Arc::clone(&platform.clock),
                metrics: platform.metrics.clone(),
                audit: platform.audit.clone(),
                limiters: platform.limiters.clone(),
                directories: platform.directories.clone(),
            }),
        }
    }
}

impl Actor for TokenIssuer {
    type Context = Context<Self>;
}

/// There is no state to rebuild: the handles outlive a panic.
impl Supervised for TokenIssuer {}

callable!(TokenIssuer);

impl Handler<Exchange> for TokenIssuer {
    type Result = ResponseFuture<Result<TokenResponse, Fault>>;

    fn handle(&mut self, message: Exchange, _: &mut Self::Context) -> Self::Result {
        let services = Arc::clone(&self.services);
        Box::pin(async move { services.exchange(message).await })
    }
}

impl Handler<Introspect> for TokenIssuer {
    type Result = ResponseFuture<Result<Introspection, Fault>>;

    fn handle(&mut self, message: Introspect, _: &mut Self::Context) -> Self::Result {
        let services = Arc::clone(&self.services);
        Box::pin(async move { services.introspect(message).await })
    }
}

impl Handler<Revoke> for TokenIssuer {
    type Result = ResponseFuture<Result<(), Fault>>;

    fn handle(&mut self, message: Revoke, _: &mut Self::Context) -> Self::Result {
        let services = Arc::clone(&self.services);
        Box::pin(async move { services.revoke(message).await })
    }
}

impl Handler<UserInfo> for TokenIssuer {
    type Result = ResponseFuture<Result<UserInfoAnswer, Fault>>;

    fn handle(&mut self, message: UserInfo, _: &mut Self::Context) -> Self::Result {
        let services = Arc::clone(&self.services);
        Box::pin(async move { services.userinfo(&message.token).await })
    }
}

impl Handler<IssueCode> for TokenIssuer {
    type Result = ResponseFuture<Result<OpaqueToken, Fault>>;

    fn handle(&mut self, message: IssueCode, _: &mut Self::Context) -> Self::Result {
        let services = Arc::clone(&self.services);
        Box::pin(async move { services.issue_code(message).await })
    }
}

impl Services {
    /// The configuration in force; a request reads it once.
    fn snapshot(&self) -> Result<Arc<Snapshot>, Fault> {
        self.config
            .current()
            .ok_or_else(|| Fault::Unavailable("no configuration was applied yet".to_owned()))
    }

    /// The client that sends a form, proven and within its rate. One without a secret proves nothing, and is limited by its address alone.
    fn caller<'a>(
        &self,
        snapshot: &'a Snapshot,
        params: &Params,
        authorization: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<&'a Arc<Client>, Fault> {
        grants::refuse_repetition(params)?;
        let credentials = Credentials::read(authorization, params)?;
        let client = credentials.authenticate(snapshot.client(credentials.client_id()), now)?;
        if client.auth_method != ClientAuthMethod::None {
            self.limiters
                .client(snapshot.rate_limits.per_client.as_ref(), &client.id)
                .inspect_err(|_| self.metrics.rate_limited("client"))?;
        }
        Ok(client)
    }

    fn audit(&self, now: Timestamp, kind: &str, client: &ClientId, user: Option<&UserId>, details: serde_json::Value) {
        self.audit.record(AuditEvent {
            at: now,
            kind: kind.to_owned(),
            user: user.cloned(),
            client: Some(client.clone()),
            details,
        });
    }
}

/// A fresh opaque token.
fn fresh_token() -> Result<OpaqueToken, Fault> {
    let mut entropy = [0; 32];
    rand::fill(&mut entropy).map_err(|_| Fault::Internal("the machine gives no randomness".to_owned()))?;
    Ok(OpaqueToken::from_entropy(entropy))
}

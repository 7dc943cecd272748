//! What one HTTP worker holds: the process-wide handles, and the gates of its own actors.

use super::limits::Times;
use super::proxies::{ForwardedBy, TrustedProxies};
use crate::actors::gate::{Gate, GateLimits};
use crate::actors::platform::Platform;
use crate::actors::session_keeper::{Changes, SessionKeeper};
use crate::actors::supervision::supervise;
use crate::actors::token_issuer::TokenIssuer;
use crate::config::snapshot::Snapshot;
use crate::jose::KeyRing;
use actix_web::HttpRequest;
use std::net::IpAddr;
use std::sync::Arc;

/// A worker's state, as `web::Data<AppState>`.
pub struct AppState {
    /// The process-wide handles
    pub platform: Platform,
    /// This worker's keeper of login sessions
    pub sessions: Gate<SessionKeeper>,
    /// This worker's issuer of tokens
    pub tokens: Gate<TokenIssuer>,
    /// How long everything may take
    pub times: Times,
    proxies: TrustedProxies,
    forwarded_by: ForwardedBy,
}

impl AppState {
    /// Starts the actors of the worker that calls this, on its own arbiter. `changes` is shared by all
    /// workers; `proxies` are in front of the server.
    pub fn start(platform: &Platform, changes: &Changes, proxies: TrustedProxies, forwarded_by: ForwardedBy, times: Times) -> Self {
        let keeper = SessionKeeper::new(platform, changes);
        let keeper = supervise("session_keeper", &platform.guardian, keeper);
        let issuer = supervise("token_issuer", &platform.guardian, TokenIssuer::new(platform));
        Self {
            tokens: Gate::new("token_issuer", issuer, GateLimits::default(), platform.metrics.clone()),
            sessions: Gate::new("session_keeper", keeper, GateLimits::default(), platform.metrics.clone()),
            platform: platform.clone(),
            times,
            proxies,
            forwarded_by,
        }
    }

    /// The configuration in force. A request reads it once.
    pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.platform.config.current()
    }

    /// Whether browsers reach the issuer by https.
    pub fn is_https(&self) -> bool {
        self.snapshot().is_some_and(|snapshot| snapshot.issuer.starts_with("https://"))
    }

    /// The keys in force. A request reads them once.
    pub fn keys(&self) -> Arc<KeyRing> {
        self.platform.keys.current()
    }

    /// Where a request comes from, as far as trusted proxies tell.
    pub fn client_address(&self, request: &HttpRequest) -> Option<IpAddr> {
        self.proxies.caller(
            self.forwarded_by,
            request.peer_addr().map(|address| address.ip()),
            request.headers(),
        )
    }
}

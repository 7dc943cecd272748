//! What one HTTP worker holds: the process-wide handles, and the gates of its own actors.

use crate::actors::gate::{Gate, GateLimits};
use crate::actors::platform::Platform;
use crate::actors::session_keeper::{Changes, SessionKeeper};
use crate::actors::supervision::supervise;
use crate::actors::token_issuer::TokenIssuer;
use crate::config::snapshot::Snapshot;
use crate::jose::KeyRing;
use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// A worker's state, as `web::Data<AppState>`.
pub struct AppState {
    /// The process-wide handles
    pub platform: Platform,
    /// This worker's keeper of login sessions
    pub sessions: Gate<SessionKeeper>,
    /// This worker's issuer of tokens
    pub tokens: Gate<TokenIssuer>,
    proxies: usize,
}

impl AppState {
    /// Starts the actors of the worker that calls this, on its own arbiter. `changes` is shared by all
    /// workers; `proxies` are in front of the server.
    pub fn start(platform: &Platform, changes: &Changes, proxies: usize) -> Self {
        let keeper = SessionKeeper::new(
            Arc::clone(&platform.store),
            Arc::clone(&platform.clock),
            changes.clone(),
            platform.audit.clone(),
        );
        let keeper = supervise("session_keeper", &platform.guardian, keeper);
        let issuer = supervise("token_issuer", &platform.guardian, TokenIssuer::new(platform));
        Self {
            tokens: Gate::new("token_issuer", issuer, GateLimits::default(), platform.metrics.clone()),
            sessions: Gate::new("session_keeper", keeper, GateLimits::default(), platform.metrics.clone()),
            platform: platform.clone(),
            proxies,
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
        let peer = request.peer_addr().map(|address| address.ip());
        let forwarded = forwarded(request.headers());
        let forwarded: Vec<&str> = forwarded.iter().map(String::as_str).collect();
        address(peer, &forwarded, self.proxies)
    }
}

/// The entries of `X-Forwarded-For`. Text or not: bytes that a caller wrote must not hide what the proxy put behind them.
fn forwarded(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all("x-forwarded-for")
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(|entry| String::from_utf8_lossy(entry.trim_ascii()).into_owned())
        .collect()
}

/// Each trusted proxy appended whom it saw; what stands before that was written by whoever called the first of them.
fn address(peer: Option<IpAddr>, forwarded: &[&str], proxies: usize) -> Option<IpAddr> {
    match proxies {
        0 => peer,
        proxies => {
            let position = forwarded.len().checked_sub(proxies)?;
            read(forwarded.get(position)?)
        }
    }
}

/// An address; some proxies write its port too.
fn read(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_trusted_proxies_wrote_counts() {
        let ip = |text: &str| Some(text.parse().unwrap());
        assert_eq!(address(ip("10.0.0.9"), &["1.1.1.1"], 0), ip("10.0.0.9"));
        assert_eq!(address(ip("10.0.0.9"), &["6.6.6.6", "203.0.113.7"], 1), ip("203.0.113.7"));
        assert_eq!(
            address(ip("10.0.0.9"), &["6.6.6.6", "203.0.113.7", "10.0.0.8"], 2),
            ip("203.0.113.7")
        );
        assert_eq!(address(ip("10.0.0.9"), &["203.0.113.7"], 2), None);
        assert_eq!(address(ip("10.0.0.9"), &["<script>"], 1), None);
    }

    #[test]
    fn what_a_caller_wrote_cannot_hide_what_a_proxy_wrote() {
        let request = actix_web::test::TestRequest::default()
            .insert_header(("x-forwarded-for", &b"\xff\xfe, 6.6.6.6, 203.0.113.7"[..]))
            .to_http_request();
        let ip = |text: &str| Some(text.parse().unwrap());
        let forwarded = forwarded(request.headers());
        let texts: Vec<&str> = forwarded.iter().map(String::as_str).collect();
        assert_eq!(address(None, &texts, 1), ip("203.0.113.7"));
        // Some proxies write the port too (RFC 7239 §6 has it; several send it here).
        assert_eq!(address(None, &["203.0.113.7:4711"], 1), ip("203.0.113.7"));
        assert_eq!(address(None, &["[2001:db8::1]:4711"], 1), ip("2001:db8::1"));
        assert_eq!(address(None, &["[2001:db8::1]"], 1), ip("2001:db8::1"));
    }
}

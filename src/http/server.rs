//! Routes, middleware and the listening server with its limits.

use super::limits::{MAX_CONNECTIONS_PER_WORKER, SHUTDOWN_TIMEOUT_SECONDS, Times};
use super::proxies::{ForwardedBy, TrustedProxies};
use super::state::AppState;
use super::{
    account, authorize, base_path, consent, discovery, files, health, introspect, jwks, login, logout, observe, revoke, setup, silence,
    start, token, upstream_logout, userinfo,
};
use crate::actors::platform::Platform;
use crate::actors::session_keeper::Changes;
use actix_web::body::BoxBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, Error, HttpServer, web};
use std::io;
use std::net::TcpListener;

/// The routes, one line an endpoint, each configured in the endpoint's own file.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .configure(start::configure)
        .configure(authorize::configure)
        .configure(login::configure)
        .configure(login::passkey::configure)
        .configure(login::second_factor::configure)
        .configure(setup::configure)
        .configure(account::configure)
        .configure(consent::configure)
        .configure(logout::configure)
        .configure(upstream_logout::configure)
        .configure(files::configure)
        .configure(token::configure)
        .configure(introspect::configure)
        .configure(revoke::configure)
        .configure(userinfo::configure)
        .configure(jwks::configure)
        .configure(discovery::configure)
        .configure(health::configure)
        .default_service(web::to(super::missing));
}

/// The application of one worker: routes and middleware around its state.
pub fn app(
    state: web::Data<AppState>,
) -> App<impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()>> {
    App::new()
        .app_data(state)
        .configure(configure)
        .wrap(from_fn(base_path::strip))
        .wrap(from_fn(observe::observe))
}

/// How the server listens.
pub struct Listen {
    /// Sockets that are bound already, so that the caller knows their ports (bind port 0 in tests)
    pub listeners: Vec<TcpListener>,
    /// TLS for all of them; `None` behind an Ingress or on loopback
    pub tls: Option<rustls::ServerConfig>,
    /// HTTP workers (threads)
    pub workers: usize,
    /// Proxies in front (an Ingress is one) that write down whom they saw
    pub proxies: TrustedProxies,
    /// In which header they do
    pub forwarded_by: ForwardedBy,
    /// How long everything may take
    pub times: Times,
}

/// Starts the server. Each worker starts actors of its own, once for each listener. Signals are the caller's business; stop by the
/// returned server's handle.
///
/// # Errors
/// If a socket cannot be used.
pub fn serve(listen: Listen, platform: &Platform) -> io::Result<Server> {
    let (platform, changes, proxies, forwarded_by, times) = (
        platform.clone(),
        Changes::of(platform.store.as_ref()),
        listen.proxies,
        listen.forwarded_by,
        listen.times,
    );
    let mut server = HttpServer::new(move || {
        app(web::Data::new(AppState::start(
            &platform,
            &changes,
            proxies.clone(),
            forwarded_by,
            times,
        )))
    })
    .workers(listen.workers)
    .keep_alive(times.keep_alive)
    .client_request_timeout(times.headers)
    .client_disconnect_timeout(times.disconnect)
    .tls_handshake_timeout(times.handshake)
    .max_connections(MAX_CONNECTIONS_PER_WORKER)
    .shutdown_timeout(SHUTDOWN_TIMEOUT_SECONDS)
    .tcp_nodelay(true)
    .on_connect(move |stream, extensions| silence::watch(stream, extensions, times.silence()))
    .disable_signals();
    for listener in listen.listeners {
        // Connections have it from the socket that they came by. It holds for what waits in a closed window too (tcp(7)).
        socket2::SockRef::from(&listener).set_tcp_user_timeout(Some(times.unread))?;
        server = match &listen.tls {
            Some(tls) => server.listen_rustls_0_23(listener, tls.clone())?,
            None => server.listen(listener)?,
        };
    }
    Ok(server.run())
}

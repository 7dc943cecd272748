//! A small relying party on its own port, written with the maintained crate `openidconnect`: it shows a newcomer the login round and the
//! tokens that come of it. `nauthera dev` starts it. It knows the server only by its issuer URL and imports nothing of ours.

mod fetch;
mod pages;
mod relying_party;
mod sessions;
mod view;

use actix_web::{App, HttpServer, dev::Server, web};
use openidconnect::IssuerUrl;
use relying_party::RelyingParty;
use sessions::Sessions;
use std::net::TcpListener;
use std::sync::Arc;
use tokio::sync::watch;

/// As whom the demo asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoClient {
    /// The `client_id` of a public client that may return to `<origin>/callback`
    pub client_id: String,
    /// Scopes that it asks for
    pub scopes: Vec<String>,
    /// Whether a logout may return to `<origin>/`; otherwise it ends on the server's own page
    pub returns_after_logout: bool,
}

/// What the demo client needs to know.
#[derive(Clone, Debug)]
pub struct DemoSettings {
    /// The server's issuer URL, from which discovery tells the rest
    pub issuer: String,
    /// As whom it asks; `None` while the configuration has no such client
    pub client: watch::Receiver<Option<DemoClient>>,
}

/// Why the demo client could not start.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The listener or the server on it
    #[error("the demo client's listener: {0}")]
    Io(#[from] std::io::Error),
    /// A setting
    #[error("the demo client's settings: {0}")]
    Settings(String),
}

/// The demo client's server on a bound listener. It runs once it is awaited (or spawned), on one worker.
///
/// # Errors
/// [`DemoError`]: the listener cannot be used, or the issuer is not a URL.
pub fn server(listener: TcpListener, settings: DemoSettings) -> Result<Server, DemoError> {
    let origin = format!("http://{}", listener.local_addr()?);
    let issuer = IssuerUrl::new(settings.issuer.clone()).map_err(|error| DemoError::Settings(error.to_string()))?;
    let party = RelyingParty::new(issuer, settings.client, &origin)?;
    let demo = Arc::new(pages::Demo::new(party, Sessions::default())?);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::from(demo.clone()))
            .wrap(pages::security_headers(&settings.issuer))
            .configure(pages::routes)
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(2)
    .listen(listener)?
    .run();
    Ok(server)
}

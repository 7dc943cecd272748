//! An application that is told of logouts: a real HTTP server on loopback, that keeps what it is told and answers as it is asked to.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use nauthera::oauth::client::Client;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;

/// Longer than anything that is awaited takes; a test that waits so long has failed.
pub const NEVER: Duration = Duration::from_secs(30);

/// What was sent.
#[derive(Clone, Debug)]
pub struct Told {
    pub method: String,
    pub path: String,
    pub content_type: String,
    pub form: HashMap<String, String>,
}

impl Told {
    pub fn token(&self) -> &str {
        &self.form["logout_token"]
    }

    pub fn claims(&self) -> serde_json::Value {
        crate::support::site::payload(self.token())
    }
}

/// How it answers.
#[derive(Clone, Debug)]
pub enum Manner {
    Status(u16),
    /// To this address
    Redirect(String),
    /// Never
    Hangs,
    /// Success, and then without end
    Floods,
}

/// An application that runs.
pub struct RelyingParty {
    pub uri: String,
    manner: Arc<Mutex<Manner>>,
    seen: Arc<AtomicU32>,
    told: tokio::sync::Mutex<mpsc::UnboundedReceiver<Told>>,
}

impl RelyingParty {
    pub async fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let uri = format!("http://{}/backchannel?tenant=a", listener.local_addr().unwrap());
        let (sender, told) = mpsc::unbounded_channel();
        let manner = Arc::new(Mutex::new(Manner::Status(200)));
        let seen = Arc::new(AtomicU32::new(0));
        let shared = web::Data::new((sender, Arc::clone(&manner), Arc::clone(&seen)));
        let server = HttpServer::new(move || App::new().app_data(shared.clone()).default_service(web::to(answer)))
            .workers(1)
            .disable_signals()
            .shutdown_timeout(0)
            .listen(listener)
            .unwrap()
            .run();
        actix_rt::spawn(server);
        Self {
            uri,
            manner,
            seen,
            told: tokio::sync::Mutex::new(told),
        }
    }

    /// Makes it where this client is told.
    pub fn is_of(&self, client: &mut Arc<Client>) {
        let mut changed = Client::clone(client);
        changed.backchannel_logout_uri = Some(self.uri.clone());
        *client = Arc::new(changed);
    }

    pub fn answers(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// How many tries have come here.
    pub fn seen(&self) -> u32 {
        self.seen.load(Ordering::SeqCst)
    }

    /// What it is told next.
    pub async fn next(&self) -> Told {
        let mut told = self.told.lock().await;
        tokio::time::timeout(NEVER, told.recv()).await.expect("it is told").unwrap()
    }

    /// What it was told by now, beside what was looked at before.
    pub async fn so_far(&self) -> Vec<Told> {
        let mut told = self.told.lock().await;
        std::iter::from_fn(|| told.try_recv().ok()).collect()
    }
}

type Shared = (mpsc::UnboundedSender<Told>, Arc<Mutex<Manner>>, Arc<AtomicU32>);

async fn answer(request: HttpRequest, shared: web::Data<Shared>, body: web::Bytes) -> HttpResponse {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default()
    };
    let told = Told {
        method: request.method().to_string(),
        path: request.uri().to_string(),
        content_type: header("content-type"),
        form: url::form_urlencoded::parse(&body).into_owned().collect(),
    };
    let manner = shared.1.lock().unwrap().clone();
    shared.2.fetch_add(1, Ordering::SeqCst);
    let _ = shared.0.send(told);
    match manner {
        Manner::Status(status) => HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap()).finish(),
        Manner::Redirect(to) => HttpResponse::TemporaryRedirect().insert_header(("location", to)).finish(),
        Manner::Hangs => std::future::pending().await,
        Manner::Floods => HttpResponse::Ok().streaming(futures::stream::repeat_with(|| {
            Ok::<_, actix_web::Error>(web::Bytes::from_static(&[b'x'; 4096]))
        })),
    }
}

//! `/healthz`, `/readyz` and `/metrics` of the operator.

use super::leader::Leader;
use super::metrics::Metrics;
use super::watch;
use super::world::World;
use actix_web::dev::Server;
use actix_web::http::KeepAlive;
use actix_web::{App, HttpResponse, HttpServer, web};
use std::fmt::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

/// Connections at a time. Anybody in the cluster can connect, and those who say nothing must not keep out the kubelet's probes: it would end
/// the process. So they are many and short.
const CONNECTIONS: usize = 512;
/// A request's head must be complete after so long.
const BEGINS_WITHIN: Duration = Duration::from_secs(2);

/// What the answers are made from. Cheap to clone.
#[derive(Clone)]
pub struct Health {
    /// What is known
    pub world: tokio::sync::watch::Receiver<Arc<World>>,
    /// What is wrong with watches
    pub watches: tokio::sync::watch::Receiver<Arc<watch::Health>>,
    /// Whether this process leads
    pub leader: Leader,
    /// Counters
    pub metrics: Metrics,
}

impl Health {
    /// Whether everything is known, and what is missing. A standby is ready too: it knows everything and could take over.
    pub fn readiness(&self) -> (bool, String) {
        let ready = self.world.borrow().is_synced();
        let mut text = String::new();
        let _ = writeln!(text, "watches: {}", if ready { "ok" } else { "the first lists are not complete" });
        for (source, why) in self.watches.borrow().iter() {
            let _ = writeln!(text, "watch of {source}: {why}");
        }
        let _ = writeln!(text, "role: {}", if self.leader.fence().is_some() { "leader" } else { "standby" });
        (ready, text)
    }
}

/// The server; the caller runs and stops it.
///
/// # Errors
/// The listener cannot be used.
pub fn serve(listener: TcpListener, health: Health) -> std::io::Result<Server> {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(health.clone()))
            .route("/healthz", web::get().to(healthz))
            .route("/readyz", web::get().to(readyz))
            .route("/metrics", web::get().to(metrics))
    });
    let server = server
        .workers(1)
        .max_connections(CONNECTIONS)
        .keep_alive(KeepAlive::Disabled)
        .client_request_timeout(BEGINS_WITHIN)
        .shutdown_timeout(1)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

/// The process answers.
async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

async fn readyz(health: web::Data<Health>) -> HttpResponse {
    let (ready, text) = health.readiness();
    let mut answer = if ready {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    answer.content_type("text/plain; charset=utf-8").body(text)
}

async fn metrics(health: web::Data<Health>) -> HttpResponse {
    match health.metrics.render() {
        Ok(text) => HttpResponse::Ok()
            .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
            .body(text),
        Err(error) => HttpResponse::InternalServerError().body(format!("the metrics could not be written: {error}\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::leader;
    use std::io::ErrorKind;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::watch::channel;

    #[actix_rt::test]
    async fn those_who_connect_and_say_nothing_do_not_keep_the_kubelet_waiting() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (_world, world) = channel(Arc::new(World::default()));
        let (_watches, watches) = channel(Arc::default());
        let health = Health {
            world,
            watches,
            leader: leader::channel().1,
            metrics: Metrics::new(),
        };
        let server = serve(listener, health).unwrap();
        let handle = server.handle();
        actix_rt::spawn(server);
        let mut silent = Vec::new();
        for _ in 0..200 {
            silent.push(TcpStream::connect(address).await.unwrap());
        }
        let mut probe = TcpStream::connect(address).await.unwrap();
        probe.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        probe.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        // It did not wait until the first of them had used up their time.
        let first = silent[0].try_read(&mut [0]);
        assert!(matches!(first, Err(error) if error.kind() == ErrorKind::WouldBlock));
        handle.stop(false).await;
    }
}

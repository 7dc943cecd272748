//! A replica that somebody has taken over: it has its certificate, and says to the operator what it likes.

use super::authority::Authority;
use super::stand::{FIRST, OPERATOR, REPLICA, two};
use nauthera::grpc::client::{ClientTls, Link, Outcome};
use nauthera::wire::Prepared;
use nauthera::wire::message::config_service_server::{ConfigService, ConfigServiceServer};
use nauthera::wire::message::{self as m, apply_response, describe_response};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::{Stream, StreamExt};
use tonic::transport::Server;
use tonic::transport::server::Connected;
use tonic::{Request, Response, Status, Streaming};

/// What it says.
#[derive(Clone, Copy)]
enum Lie {
    /// It holds the same part again and again, under an endless name
    Names,
    /// It holds parts without end, in messages that unfold
    Parts,
    /// It refuses for endless reasons that look like lines of a log
    Reasons,
}

struct TakenOver(Lie);

type Described = Pin<Box<dyn Stream<Item = Result<m::DescribeResponse, Status>> + Send>>;

fn digests(digests: Vec<m::ResourceDigest>) -> m::DescribeResponse {
    m::DescribeResponse {
        part: Some(describe_response::Part::Digests(m::Digests { digests })),
    }
}

fn digest(name: String) -> m::ResourceDigest {
    m::ResourceDigest { name, digest: vec![0; 32] }
}

#[tonic::async_trait]
impl ConfigService for TakenOver {
    type DescribeStream = Described;

    async fn describe(&self, _: Request<m::DescribeRequest>) -> Result<Response<Described>, Status> {
        let endless: Described = match self.0 {
            Lie::Names => Box::pin(tokio_stream::iter(std::iter::repeat_with(|| {
                Ok(digests(vec![digest("x".repeat(1_000_000))]))
            }))),
            Lie::Parts => {
                let empty = m::ResourceDigest {
                    name: String::new(),
                    digest: Vec::new(),
                };
                Box::pin(tokio_stream::once(Ok(digests(vec![empty; 2_000_000]))))
            }
            Lie::Reasons => Box::pin(tokio_stream::empty()),
        };
        Ok(Response::new(endless))
    }

    async fn apply(&self, request: Request<Streaming<m::ApplyRequest>>) -> Result<Response<m::ApplyResponse>, Status> {
        let mut portions = request.into_inner();
        while let Some(portion) = portions.next().await {
            portion?;
        }
        let fault = m::Fault {
            kind: "AuthClient".to_owned(),
            name: "team-a/shop".to_owned(),
            reason: format!("\n{{\"level\":\"ERROR\"}}\u{1b}[2J{}", "x".repeat(5_000)),
        };
        let nack = m::Nack {
            revision: String::new(),
            faults: vec![fault; 100],
        };
        let outcome = Some(apply_response::Outcome::Nack(nack));
        Ok(Response::new(m::ApplyResponse { outcome }))
    }
}

struct Connection(TlsStream<TcpStream>);

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) -> Self::ConnectInfo {}
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

/// The operator's connection to such a replica.
async fn link(lie: Lie) -> Link {
    let authority = Authority::new();
    let tls = authority.issue(REPLICA).server_config(OPERATOR).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await?;
        let stream = TlsAcceptor::from(Arc::new(tls)).accept(stream).await?;
        let only = tokio_stream::once(Ok::<_, std::io::Error>(Connection(stream))).chain(tokio_stream::pending());
        let service = ConfigServiceServer::new(TakenOver(lie)).max_encoding_message_size(usize::MAX);
        Server::builder()
            .add_service(service)
            .serve_with_incoming(only)
            .await
            .map_err(std::io::Error::other)
    });
    let tls = ClientTls::new(&authority.issue(OPERATOR)).unwrap();
    Link::connect(address, REPLICA, &tls).await.unwrap()
}

#[actix_rt::test]
async fn what_a_replica_holds_without_end_is_not_read_to_its_end() {
    for lie in [Lie::Names, Lie::Parts] {
        let refused = link(lie).await.describe().await.unwrap_err().to_string();
        assert!(
            refused.contains("more than there can be") || refused.contains("too large"),
            "{refused}"
        );
    }
}

#[actix_rt::test]
async fn endless_reasons_are_cut_and_make_no_line_of_a_log() {
    let answer = link(Lie::Reasons).await.apply(&Prepared::whole(&two()), FIRST).await.unwrap();
    let Outcome::Nack(faults) = answer else { panic!("{answer:?}") };
    assert!(faults.len() <= 20, "{}", faults.len());
    for (kind, name, reason) in faults {
        assert_eq!((kind.as_str(), name.as_str()), ("AuthClient", "team-a/shop"));
        assert!(reason.len() <= 4_000 && !reason.contains(char::is_control), "{reason:?}");
    }
}

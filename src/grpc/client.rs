//! The operator's end of the config service: one connection to one replica.

use super::identity::{self, IdentityError, Pem};
use super::server::MESSAGE_BYTES;
use crate::config::directory_health::DirectoryHealth;
use crate::config::snapshot::{Position, Revision};
use crate::wire::message::config_service_client::ConfigServiceClient;
use crate::wire::message::{self as m, apply_request, apply_response, describe_response};
use crate::wire::{FORMAT, Known, MAX_PARTS, Prepared};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

const KEEPALIVE: Duration = Duration::from_secs(10);
/// A message of a replica's. It holds less than the operator's own messages, and what it unfolds to in memory is many times larger: a
/// replica that was taken over must not be the end of the operator.
const ANSWER_BYTES: usize = 1024 * 1024;
/// The names of all that a replica says it holds.
const MAX_NAMES_BYTES: usize = 64 * 1024 * 1024;
/// Faults of one refusal that are read; a person who mends them mends the first few.
const FAULTS_READ: usize = 20;
/// Directories that a replica tells of, and servers of each, that are read.
const DIRECTORIES_READ: usize = 256;
/// Characters of each text in an answer that are read: they go to logs and statuses.
const LONGEST_TEXT: usize = 1000;

/// The client's certificate, ready to be used for any number of connections.
#[derive(Clone)]
pub struct ClientTls(TlsConnector);

impl ClientTls {
    /// Reads the certificate, its key and the authorities.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn new(pem: &Pem) -> Result<Self, IdentityError> {
        Ok(Self(TlsConnector::from(Arc::new(pem.client_config()?))))
    }
}

/// Why a replica cannot be talked to. Says nothing secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// No connection, or no such peer
    #[error("the replica at {0} cannot be reached: {1}")]
    Connect(SocketAddr, String),
    /// The call failed
    #[error("{0}: {1}")]
    Call(&'static str, String),
    /// The answer makes no sense
    #[error("the replica answered something that this release does not understand: {0}")]
    Answer(&'static str),
}

/// What a replica says of itself.
#[derive(Clone, Debug)]
pub struct Description {
    /// The AuthServer that it is, once it has a configuration
    pub server: Option<String>,
    /// The highest position that it has seen
    pub highest: Position,
    /// What it holds; `None` while it has no configuration
    pub known: Option<Known>,
    /// How its directories stand. The names of UserStores are what it says: whoever uses them compares them with those that there are
    pub directories: Vec<DirectoryHealth>,
}

/// What a replica answers to a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in force
    Ack {
        /// Which
        revision: Revision,
        /// `false` if it had been in force already
        changed: bool,
    },
    /// It was refused; the one before stays. Kind, name, reason of each fault
    Nack(Vec<(String, String, String)>),
    /// The replica does not run on what the delta starts from
    BaseUnknown,
    /// A later position was seen already
    Superseded(Position),
}

/// One connection. Dropping it closes it.
pub struct Link {
    client: ConfigServiceClient<Channel>,
}

impl Link {
    /// Connects, and makes sure that the peer is `server_name`.
    ///
    /// # Errors
    /// [`LinkError::Connect`].
    pub async fn connect(address: SocketAddr, server_name: &str, tls: &ClientTls) -> Result<Self, LinkError> {
        let failed = |reason: String| LinkError::Connect(address, reason);
        let name = identity::name(server_name).map_err(|error| failed(error.to_string()))?;
        let connector = tls.0.clone();
        // The authority is for HTTP's sake; whom the certificate must name is said to TLS.
        let endpoint = Endpoint::from_shared(format!("http://{server_name}"))
            .map_err(|error| failed(error.to_string()))?
            .http2_keep_alive_interval(KEEPALIVE)
            .keep_alive_timeout(KEEPALIVE)
            .keep_alive_while_idle(true);
        let open = service_fn(move |_| {
            let (connector, name): (TlsConnector, ServerName<'static>) = (connector.clone(), name.clone());
            async move {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                Ok::<_, std::io::Error>(TokioIo::new(connector.connect(name, stream).await?))
            }
        });
        let channel = endpoint
            .connect_with_connector(open)
            .await
            .map_err(|error| failed(causes(&error)))?;
        let client = ConfigServiceClient::new(channel)
            .max_decoding_message_size(ANSWER_BYTES)
            .max_encoding_message_size(MESSAGE_BYTES);
        Ok(Self { client })
    }

    /// Asks what the replica runs on.
    ///
    /// # Errors
    /// [`LinkError`].
    pub async fn describe(&mut self) -> Result<Description, LinkError> {
        let failed = |status: tonic::Status| LinkError::Call("Describe", said(&status));
        let mut stream = self.client.describe(m::DescribeRequest {}).await.map_err(failed)?.into_inner();
        let mut standing = None;
        let mut digests = crate::config::revision::Digests::new();
        let mut names = 0_usize;
        while let Some(message) = stream.message().await.map_err(failed)? {
            match message.part {
                Some(describe_response::Part::Standing(said)) => standing = Some(said),
                Some(describe_response::Part::Digests(more)) => {
                    for digest in more.digests {
                        names = names.saturating_add(digest.name.len());
                        let bytes = digest.digest.try_into();
                        digests.insert(digest.name, bytes.map_err(|_| LinkError::Answer("a digest has not 32 bytes"))?);
                    }
                    if digests.len() > MAX_PARTS || names > MAX_NAMES_BYTES {
                        return Err(LinkError::Answer("it holds more than there can be"));
                    }
                }
                None => return Err(LinkError::Answer("an empty message")),
            }
        }
        let standing = standing.ok_or(LinkError::Answer("it did not say where it stands"))?;
        let revision = standing.revision.filter(|_| standing.format == FORMAT);
        let directories = standing.directories.into_iter().take(DIRECTORIES_READ);
        Ok(Description {
            directories: directories.map(health).collect(),
            server: standing.server,
            highest: position(standing.position),
            known: revision.map(|revision| Known {
                revision: Revision(revision),
                digests: Arc::new(digests),
            }),
        })
    }

    /// Sends a configuration. It is in force, as a whole, once this says [`Outcome::Ack`].
    ///
    /// # Errors
    /// [`LinkError`]: whether it is in force is not known then.
    pub async fn apply(&mut self, prepared: &Prepared, at: Position) -> Result<Outcome, LinkError> {
        let header = m::ApplyRequest {
            part: Some(apply_request::Part::Header(prepared.header(at))),
        };
        let portions: Vec<_> = prepared
            .portions
            .iter()
            .map(|bytes| m::ApplyRequest {
                part: Some(apply_request::Part::Portion(bytes.clone())),
            })
            .collect();
        let answer = self
            .client
            .apply(tokio_stream::iter(std::iter::once(header).chain(portions)))
            .await
            .map_err(|status| LinkError::Call("Apply", said(&status)))?;
        match answer.into_inner().outcome {
            Some(apply_response::Outcome::Ack(ack)) => Ok(Outcome::Ack {
                revision: Revision(ack.revision),
                changed: ack.changed,
            }),
            Some(apply_response::Outcome::Nack(nack)) => Ok(Outcome::Nack(
                nack.faults
                    .into_iter()
                    .take(FAULTS_READ)
                    .map(|fault| (cut(fault.kind), cut(fault.name), cut(fault.reason)))
                    .collect(),
            )),
            Some(apply_response::Outcome::BaseUnknown(_)) => Ok(Outcome::BaseUnknown),
            Some(apply_response::Outcome::Superseded(superseded)) => Ok(Outcome::Superseded(position(superseded.highest))),
            None => Err(LinkError::Answer("no outcome")),
        }
    }
}

fn position(message: Option<m::Position>) -> Position {
    message.map_or_else(Position::default, |at| Position {
        fence: at.fence,
        sequence: at.sequence,
    })
}

fn said(status: &tonic::Status) -> String {
    if status.message().is_empty() {
        status.code().to_string()
    } else {
        format!("{} ({})", cut(status.message().to_owned()), status.code())
    }
}

/// What a replica says of a directory: of its words only those that are known.
fn health(said: m::DirectoryHealth) -> DirectoryHealth {
    let ailments = said.ailments.iter().take(DIRECTORIES_READ);
    DirectoryHealth::named(cut(said.store), ailments.map(String::as_str))
}

/// The beginning of what a replica says, without what a log or a terminal could take for something else.
fn cut(text: String) -> String {
    let is_plain = text.len() <= LONGEST_TEXT && !text.contains(char::is_control);
    if is_plain {
        return text;
    }
    let shown = text.chars().take(LONGEST_TEXT);
    shown.map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// An error with what caused it: a transport's own message says nothing.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let more = next.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        cause = next.source();
    }
    text
}

//! Describe and Apply.

use crate::actors::config_holder::{ApplyAt, ConfigHolder, ConfigReader, Refused};
use crate::actors::gate::Gate;
use crate::actors::ldap_connector::health::Directories;
use crate::config::directory_health::DirectoryHealth;
use crate::config::snapshot::{Position, Revision};
use crate::wire::message::config_service_server::ConfigService;
use crate::wire::message::{self as m, apply_request, apply_response, describe_response};
use crate::wire::{Assembly, FORMAT, Fault, Held};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Semaphore, watch};
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

/// Digests in one message: with the longest names still a fraction of what the operator reads.
const DIGESTS: usize = 1_000;
/// Faults of one refusal that are told; a person who mends them mends the first few.
const FAULTS_TOLD: usize = 20;
/// Configurations that are put together at once: each may be large.
const APPLYING: usize = 4;

/// The service.
pub struct Service {
    server: String,
    holder: Gate<ConfigHolder>,
    config: ConfigReader,
    directories: watch::Receiver<Directories>,
    /// What is in force, with its digests; made when it is needed
    held: Mutex<Option<Held>>,
    applying: Semaphore,
}

impl Service {
    /// The service of one replica of `server`.
    pub fn new(server: String, holder: Gate<ConfigHolder>, config: ConfigReader, directories: watch::Receiver<Directories>) -> Self {
        Self {
            server,
            holder,
            config,
            directories,
            held: Mutex::new(None),
            applying: Semaphore::new(APPLYING),
        }
    }

    /// What is in force: what was applied here, or what this replica remembered from before it started.
    fn held(&self) -> Option<Held> {
        let current = self.config.current()?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.as_ref().is_none_or(|held| held.snapshot.revision != current.revision) {
            *held = Some(Held::new(current));
        }
        held.clone()
    }

    fn remember(&self, fresh: Held) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(fresh);
    }

    async fn assemble(&self, header: &m::Header, portions: &mut Streaming<m::ApplyRequest>) -> Result<Assembled, Status> {
        let fault = |reason: String| Assembled::Refused(vec![Fault::new("AuthServer", self.server.clone(), reason)]);
        if header.format != FORMAT {
            return Ok(fault(format!(
                "the configuration has the format {}, and this release reads {FORMAT}: the operator and the server are of different releases",
                header.format
            )));
        }
        if header.server != self.server {
            return Ok(fault(format!(
                "the configuration is that of AuthServer {:?}, and this replica is {}",
                header.server, self.server
            )));
        }
        let base = match &header.base_revision {
            None => None,
            Some(revision) => match self.held().filter(|held| held.snapshot.revision.0 == *revision) {
                Some(held) => Some(held),
                None => return Ok(Assembled::BaseUnknown),
            },
        };
        let mut assembly = Assembly::new(self.server.clone(), Revision(header.revision.clone()), base.as_ref());
        while let Some(request) = portions.next().await {
            match request?.part {
                Some(apply_request::Part::Portion(bytes)) => {
                    if let Err(fault) = assembly.add(&bytes) {
                        return Ok(Assembled::Refused(vec![fault]));
                    }
                }
                _ => return Err(Status::invalid_argument("after the header come portions alone")),
            }
        }
        Ok(match assembly.finish() {
            Ok(held) => Assembled::Whole(held, base),
            Err(faults) => Assembled::Refused(faults),
        })
    }
}

enum Assembled {
    /// What it comes to, and what it was made from
    Whole(Held, Option<Held>),
    BaseUnknown,
    Refused(Vec<Fault>),
}

type Described = Pin<Box<dyn Stream<Item = Result<m::DescribeResponse, Status>> + Send>>;

fn described(part: describe_response::Part) -> Result<m::DescribeResponse, Status> {
    Ok(m::DescribeResponse { part: Some(part) })
}

#[tonic::async_trait]
impl ConfigService for Service {
    type DescribeStream = Described;

    async fn describe(&self, _: Request<m::DescribeRequest>) -> Result<Response<Self::DescribeStream>, Status> {
        let highest = self.config.position();
        let held = self.held();
        let standing = m::Standing {
            format: FORMAT,
            server: held.as_ref().map(|held| held.snapshot.server.clone()),
            revision: held.as_ref().map(|held| held.snapshot.revision.0.clone()),
            position: Some(position(highest)),
            directories: self.directories.borrow().iter().map(health).collect(),
        };
        let mut parts = vec![described(describe_response::Part::Standing(standing))];
        if let Some(held) = held {
            let digests: Vec<_> = held.digests.iter().collect();
            parts.extend(digests.chunks(DIGESTS).map(|chunk| {
                let digests = chunk
                    .iter()
                    .map(|(name, digest)| m::ResourceDigest {
                        name: (*name).clone(),
                        digest: digest.to_vec(),
                    })
                    .collect();
                described(describe_response::Part::Digests(m::Digests { digests }))
            }));
        }
        Ok(Response::new(Box::pin(tokio_stream::iter(parts))))
    }

    async fn apply(&self, request: Request<Streaming<m::ApplyRequest>>) -> Result<Response<m::ApplyResponse>, Status> {
        let _place = self
            .applying
            .try_acquire()
            .map_err(|_| Status::resource_exhausted("other configurations are being applied; try again"))?;
        let mut stream = request.into_inner();
        let header = match stream.next().await {
            Some(first) => match first?.part {
                Some(apply_request::Part::Header(header)) => header,
                _ => return Err(Status::invalid_argument("the first message must be the header")),
            },
            None => return Err(Status::invalid_argument("there was no message")),
        };
        let at = header
            .position
            .as_ref()
            .map(|at| Position {
                fence: at.fence,
                sequence: at.sequence,
            })
            .ok_or_else(|| Status::invalid_argument("the header has no position"))?;
        let outcome = match self.assemble(&header, &mut stream).await? {
            Assembled::BaseUnknown => apply_response::Outcome::BaseUnknown(m::BaseUnknown {}),
            Assembled::Refused(faults) => refused(header.revision, faults),
            Assembled::Whole(fresh, base) => {
                let apply = ApplyAt {
                    snapshot: Arc::clone(&fresh.snapshot),
                    base: base.map(|base| base.snapshot.revision.clone()),
                    position: at,
                };
                match self.holder.ask(apply).await {
                    Ok(Ok(ack)) => {
                        self.remember(fresh);
                        apply_response::Outcome::Ack(m::Ack {
                            revision: ack.revision.0,
                            changed: ack.changed,
                        })
                    }
                    Ok(Err(Refused::Nack(nack))) => refused(nack.revision.0, nack.reasons),
                    Ok(Err(Refused::BaseUnknown)) => apply_response::Outcome::BaseUnknown(m::BaseUnknown {}),
                    Ok(Err(Refused::Superseded(highest))) => apply_response::Outcome::Superseded(m::Superseded {
                        highest: Some(position(highest)),
                    }),
                    Err(fault) => return Err(Status::unavailable(fault.to_string())),
                }
            }
        };
        Ok(Response::new(m::ApplyResponse { outcome: Some(outcome) }))
    }
}

fn position(at: Position) -> m::Position {
    m::Position {
        fence: at.fence,
        sequence: at.sequence,
    }
}

fn health(health: &DirectoryHealth) -> m::DirectoryHealth {
    let ailments = health.servers.iter();
    m::DirectoryHealth {
        store: health.store.as_str().to_owned(),
        ailments: ailments
            .map(|ailment| ailment.map_or("", |ailment| ailment.name).to_owned())
            .collect(),
    }
}

fn fault(fault: Fault) -> m::Fault {
    m::Fault {
        kind: fault.kind.to_owned(),
        name: fault.name,
        reason: fault.reason,
    }
}

fn refused(revision: String, faults: Vec<Fault>) -> apply_response::Outcome {
    let faults = faults.into_iter().take(FAULTS_TOLD).map(fault).collect();
    apply_response::Outcome::Nack(m::Nack { revision, faults })
}

//! Connections to real replicas, by the config service.

use super::remote::{Base, Described, Dial, Fault, Outcome, Position, Remote, Target};
use crate::config::snapshot::Snapshot;
use crate::grpc::client::{self, ClientTls, Link};
use crate::grpc::identity::Pem;
use crate::operator::world::SecretView;
use crate::wire::{Known, Prepared};
use async_trait::async_trait;
use std::sync::{Arc, Mutex, PoisonError};

/// How many encoded configurations are kept: the replicas of a few AuthServers ask for the same one at about the same time.
const KEPT: usize = 4;

/// An encoded configuration is the same for every replica: it is made once.
#[derive(Default)]
struct Shelf(Mutex<Vec<Arc<Prepared>>>);

impl Shelf {
    /// The configuration as a change of `base`, or whole.
    fn get(&self, base: Option<&Snapshot>, snapshot: &Snapshot) -> Arc<Prepared> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = base.map(|base| &base.revision);
        let fits = |known: &&Arc<Prepared>| {
            known.server == snapshot.server && known.revision == snapshot.revision && known.base.as_ref() == wanted
        };
        if let Some(known) = kept.iter().find(fits) {
            return Arc::clone(known);
        }
        // Under the lock, so that the other replicas wait for it instead of making it too.
        let made = Arc::new(match base {
            Some(base) => Prepared::since(base, snapshot),
            None => Prepared::whole(snapshot),
        });
        kept.insert(0, Arc::clone(&made));
        kept.truncate(KEPT);
        made
    }
}

/// Dials replicas over mutual TLS.
#[derive(Default)]
pub struct WireDial {
    shelf: Arc<Shelf>,
}

/// A connection to a real replica.
pub struct WireLink {
    link: Link,
    shelf: Arc<Shelf>,
}

#[async_trait]
impl Dial for WireDial {
    type Link = WireLink;

    async fn dial(&self, target: &Target, identity: &SecretView) -> Result<Self::Link, Fault> {
        let bytes = |key: &str| identity.bytes(key).map(<[u8]>::to_vec).unwrap_or_default();
        let pem = Pem {
            certificate: bytes("tls.crt"),
            key: bytes("tls.key"),
            authorities: bytes("ca.crt"),
        };
        let tls = ClientTls::new(&pem).map_err(|error| Fault(format!("the operator's certificate for this AuthServer: {error}")))?;
        let link = Link::connect(target.address, &target.server_name, &tls)
            .await
            .map_err(|error| Fault(error.to_string()))?;
        Ok(WireLink {
            link,
            shelf: Arc::clone(&self.shelf),
        })
    }
}

#[async_trait]
impl Remote for WireLink {
    type Known = Option<Known>;

    async fn describe(&mut self) -> Result<Described<Self::Known>, Fault> {
        let said = self.link.describe().await.map_err(|error| Fault(error.to_string()))?;
        Ok(Described {
            revision: said.known.as_ref().map(|known| known.revision.clone()),
            fence: said.highest.fence,
            known: said.known,
            directories: said.directories,
        })
    }

    async fn apply(&mut self, snapshot: &Arc<Snapshot>, base: &Base<Self::Known>, position: Position) -> Result<Outcome, Fault> {
        let prepared = match base {
            Base::Nothing | Base::Told(None) => self.shelf.get(None, snapshot),
            Base::Held(held) => self.shelf.get(Some(held), snapshot),
            Base::Told(Some(known)) => Arc::new(Prepared::against(known, snapshot)),
        };
        let outcome = self.link.apply(&prepared, position).await;
        match outcome.map_err(|error| Fault(error.to_string()))? {
            client::Outcome::Ack { .. } => Ok(Outcome::Ack),
            client::Outcome::Nack(faults) => Ok(Outcome::Nack(faults)),
            client::Outcome::BaseUnknown => Ok(Outcome::BaseUnknown),
            client::Outcome::Superseded(highest) => Ok(Outcome::Fenced(highest.fence)),
        }
    }
}

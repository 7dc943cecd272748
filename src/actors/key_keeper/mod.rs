//! The KeyKeeper: loads the server's keys, makes the first ones, rotates them on schedule, and publishes the [`KeyRing`].
//!
//! What it does is decided by [`schedule::plan`] over what the store holds, and each act is a compare-and-insert: several replicas may
//! do it at once, and one wins. Readers take the published ring without a lock, so a restart of the actor is not noticed.

mod material;
mod reseal;
mod schedule;
mod vault;

use super::clock::SharedClock;
use super::config_holder::ConfigReader;
use super::fault::Fault;
use super::gate::callable;
use crate::config::snapshot::{SigningAlgorithm, Snapshot};
use crate::jose::seal::Sealer;
use crate::jose::signing_key::algorithm_name;
use crate::jose::{JoseError, KeyRing, PublishedKey, SigningKey};
use crate::store::Store;
use crate::store::records::KeyRecord;
use actix::{Actor, AsyncContext, Context, Handler, Message, ResponseFuture, Supervised, WrapFuture};
use arc_swap::ArcSwap;
use aws_lc_rs::rand;
use jiff::Timestamp;
use material::{Material, Parsed};
pub use reseal::{Resealed, reseal};
pub(super) use schedule::after;
use schedule::{Order, Step};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use zeroize::Zeroizing;

/// The longest pause after a failure.
const RETRY: Duration = Duration::from_secs(1);
/// Rounds of planning and doing before giving way; two are enough unless other replicas act at the same time.
const ROUNDS: usize = 5;

/// Reads the keys in force. Cheap to clone.
#[derive(Clone)]
pub struct KeyReader(Arc<Published>);

struct Published {
    ring: ArcSwap<KeyRing>,
    generation: watch::Sender<u64>,
}

impl KeyReader {
    /// The keys in force. Lock-free.
    pub fn current(&self) -> Arc<KeyRing> {
        self.0.ring.load_full()
    }

    /// Why tokens cannot be signed yet; `None` if they can.
    pub fn missing(&self, algorithms: &[SigningAlgorithm], now: Timestamp) -> Option<String> {
        (!self.current().is_ready_for(algorithms, now)).then(|| "the signing keys are being made or loaded".to_owned())
    }

    /// Completes when these algorithms can sign.
    pub async fn ready(&self, algorithms: &[SigningAlgorithm], now: impl Fn() -> Timestamp) {
        let mut generation = self.0.generation.subscribe();
        while !self.current().is_ready_for(algorithms, now()) {
            // The sender lives as long as `self`
            let _ = generation.changed().await;
        }
    }
}

/// The actor.
pub struct KeyKeeper {
    work: Arc<Work>,
}

/// What its tasks share. The lock makes them take turns.
struct Work {
    store: Arc<dyn Store>,
    clock: SharedClock,
    config: ConfigReader,
    published: Arc<Published>,
    sealer: Option<Sealer>,
    material: Mutex<Material>,
}

impl KeyKeeper {
    /// The actor, to be supervised, and the reader of what it will publish.
    /// Keys are sealed in the store if there is something to seal them with.
    pub fn new(store: Arc<dyn Store>, clock: SharedClock, config: ConfigReader, sealer: Option<Sealer>) -> (Self, KeyReader) {
        let published = Arc::new(Published {
            ring: ArcSwap::default(),
            generation: watch::Sender::new(0),
        });
        let reader = KeyReader(Arc::clone(&published));
        let work = Arc::new(Work {
            store,
            clock,
            config,
            published,
            material: Mutex::new(Material::new(sealer.clone())),
            sealer,
        });
        (Self { work }, reader)
    }
}

impl Actor for KeyKeeper {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let work = Arc::clone(&self.work);
        ctx.spawn(async move { work.keep().await }.into_actor(self));
    }
}

impl Supervised for KeyKeeper {
    /// Forgets what was parsed; `started` loads it from the store again. The published ring stays until then.
    fn restarting(&mut self, _: &mut Self::Context) {
        let old = &self.work;
        self.work = Arc::new(Work {
            store: Arc::clone(&old.store),
            clock: Arc::clone(&old.clock),
            config: old.config.clone(),
            published: Arc::clone(&old.published),
            sealer: old.sealer.clone(),
            material: Mutex::new(Material::new(old.sealer.clone())),
        });
    }
}

callable!(KeyKeeper);

/// Makes new keys before their time.
#[derive(Message)]
#[rtype(result = "Result<(), Fault>")]
pub struct Rotate {
    /// `true`: they sign at once, since an old one may be known to someone. Else everyone gets the overlap to fetch them
    pub at_once: bool,
}

/// Loads the keys from the store, and does what is due.
#[derive(Message)]
#[rtype(result = "Result<(), Fault>")]
pub struct Reload;

impl Handler<Rotate> for KeyKeeper {
    type Result = ResponseFuture<Result<(), Fault>>;

    fn handle(&mut self, rotate: Rotate, _: &mut Self::Context) -> Self::Result {
        let work = Arc::clone(&self.work);
        let order = if rotate.at_once { Order::Replace } else { Order::Rotate };
        Box::pin(async move { work.tend(order).await })
    }
}

impl Handler<Reload> for KeyKeeper {
    type Result = ResponseFuture<Result<(), Fault>>;

    fn handle(&mut self, _: Reload, _: &mut Self::Context) -> Self::Result {
        let work = Arc::clone(&self.work);
        Box::pin(async move { work.tend(Order::None).await })
    }
}

impl Work {
    /// Tends the keys for ever: at each change of the configuration, when another replica made or retired one, and every now and then.
    async fn keep(&self) {
        let mut configurations = self.config.subscribe();
        let mut notices = self.store.notices();
        loop {
            let known = notices.borrow_and_update().keys;
            let pause = match self.tend(Order::None).await {
                Ok(()) => self.until_the_next_look(),
                Err(fault) => {
                    tracing::warn!(%fault, "the keys could not be looked after; it is tried again");
                    RETRY.min(self.until_the_next_look())
                }
            };
            // A sender that is gone ends with the process
            let configured = async {
                if configurations.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            let told = async {
                if notices.wait_for(|notices| notices.keys != known).await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            // Whichever it is, it is time
            let _ = tokio::time::timeout(pause, async {
                tokio::select! {
                    () = configured => {}
                    () = told => {}
                }
            })
            .await;
        }
    }

    /// Without a configuration no key is due, and the one that comes ends the pause.
    fn until_the_next_look(&self) -> Duration {
        self.config
            .current()
            .map_or(schedule::LONGEST_LOOK, |snapshot| schedule::look_every(&snapshot.signing))
    }

    /// Does what is due and publishes what is there.
    async fn tend(&self, mut order: Order) -> Result<(), Fault> {
        let mut material = self.material.lock().await;
        let snapshot = self.config.current();
        for _ in 0..ROUNDS {
            let now = self.clock.now();
            let records = self.store.keys(now).await?;
            material.load(&records).map_err(internal)?;
            let steps = match &snapshot {
                Some(snapshot) => {
                    // A key that does not open is as good as none.
                    let usable: Vec<KeyRecord> = records.iter().filter(|record| !material.is_lost(record)).cloned().collect();
                    schedule::plan(&usable, &snapshot.signing, longest_lifetime(snapshot), now, order)
                }
                // Without a configuration nothing says which keys are wanted
                None => Vec::new(),
            };
            if steps.is_empty() {
                self.publish(&material, &records, now);
                reseal::all(self.store.as_ref(), &material, &records).await?;
                return Ok(());
            }
            order = Order::None;
            for step in steps {
                self.take(step, &material, &records, now).await?;
            }
        }
        let now = self.clock.now();
        let records = self.store.keys(now).await?;
        material.load(&records).map_err(internal)?;
        self.publish(&material, &records, now);
        Ok(())
    }

    async fn take(&self, step: Step, material: &Material, records: &[KeyRecord], now: Timestamp) -> Result<(), Fault> {
        match step {
            Step::Add { purpose, active_from, .. } => {
                let (kid, plain) = make(purpose.clone()).await?;
                let written = material.close(&kid, &purpose, plain).map_err(internal)?;
                // Of all there are, also those that do not open here
                let newest = records.iter().rfind(|record| record.purpose == purpose);
                let record = KeyRecord {
                    kid,
                    purpose,
                    material: written.material,
                    sealed_with: written.sealed_with,
                    created_at: now,
                    active_from,
                    retires_at: None,
                    expires_at: None,
                };
                if self.store.add_key(&record, newest.map(|newest| newest.kid.as_str())).await? {
                    tracing::info!(kid = record.kid, purpose = record.purpose, %active_from, "a key was made");
                }
            }
            Step::Retire {
                kid,
                retires_at,
                expires_at,
            } => self.store.retire_key(&kid, retires_at, expires_at).await?,
        }
        Ok(())
    }

    fn publish(&self, material: &Material, records: &[KeyRecord], now: Timestamp) {
        let mut keys = Vec::new();
        let mut tickets = Vec::new();
        for record in records {
            match material.get(&record.kid) {
                Some(Parsed::Signing(key)) => {
                    let key = Arc::clone(key);
                    keys.push(PublishedKey::new(key, record.active_from, record.retires_at, record.expires_at));
                }
                Some(Parsed::Ticket(key)) => tickets.push((record.active_from <= now, record.active_from, key.clone())),
                None => {}
            }
        }
        // The first one seals: the newest that is active; the others only open
        tickets.sort_by_key(|(active, active_from, _)| std::cmp::Reverse((*active, *active_from)));
        let tickets = tickets.into_iter().map(|(.., key)| key).collect();
        self.published.ring.store(Arc::new(KeyRing::new(keys, tickets)));
        self.published.generation.send_modify(|generation| *generation += 1);
    }
}

/// Draws a key: its id and its bytes. On a thread where it may take its time.
async fn make(purpose: String) -> Result<(String, Zeroizing<Vec<u8>>), Fault> {
    let made = tokio::task::spawn_blocking(move || match algorithm_of(&purpose) {
        Some(algorithm) => {
            let material = SigningKey::generate_pkcs8(algorithm)?;
            let key = SigningKey::from_pkcs8(algorithm, &material)?;
            Ok((key.kid().to_owned(), Zeroizing::new(material.to_vec())))
        }
        None => {
            let mut secret = Zeroizing::new(vec![0; 32]);
            rand::fill(&mut secret).map_err(|_| JoseError::Signing("no randomness for a ticket key".to_owned()))?;
            Ok((uuid::Uuid::now_v7().to_string(), secret))
        }
    });
    made.await
        .map_err(|_| Fault::Internal("making a key panicked".to_owned()))?
        .map_err(internal)
}

fn internal(error: JoseError) -> Fault {
    Fault::Internal(error.to_string())
}

fn algorithm_of(purpose: &str) -> Option<SigningAlgorithm> {
    [
        SigningAlgorithm::ES256,
        SigningAlgorithm::RS256,
        SigningAlgorithm::PS256,
        SigningAlgorithm::EdDSA,
    ]
    .into_iter()
    .find(|algorithm| algorithm_name(*algorithm) == purpose)
}

/// The longest that a token which is signed now may live.
fn longest_lifetime(snapshot: &Snapshot) -> Duration {
    snapshot
        .clients
        .values()
        .map(|client| client.limits.access_token_ttl.max(client.limits.id_token_ttl))
        .max()
        .unwrap_or_default()
}

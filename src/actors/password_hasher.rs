//! The PasswordHasher: bounds what hashing takes. Each hash needs 19 MiB and a core for some 25 ms, so it runs on a blocking thread, at most
//! as many at once as the budgets of cores and memory allow; who waits is served in order, and past a limit refused.
//!
//! The threads are its own, as many as its cores: the system's allocator keeps a block of 19 MiB for each thread that ever hashed, and the
//! process' common pool has hundreds.

use super::fault::Fault;
use super::gate::{Gate, callable};
use crate::accounts::password::{self, Verification};
use crate::accounts::verifier::{PasswordVerifier, VerifierFault};
use actix::{Actor, Context, Handler, Message, ResponseFuture, Supervised};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use std::io;
use std::sync::Arc;
use tokio::runtime::{self, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

/// The budgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HasherSettings {
    /// Hashes at once
    pub cores: usize,
    /// Memory of all running hashes together, in MiB; at least what one declared hash may ask for
    pub memory_mib: u32,
}

impl Default for HasherSettings {
    /// All cores but one, which is left to the requests that need no hash, and 256 MiB.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            cores: cores.saturating_sub(1).max(1),
            memory_mib: 256,
        }
    }
}

/// The actor.
pub struct PasswordHasher {
    threads: Arc<Threads>,
    cores: Arc<Semaphore>,
    memory: Arc<Semaphore>,
}

/// The threads that hash.
struct Threads(Option<Runtime>);

impl Threads {
    fn spawn<R: Send + 'static>(&self, work: impl FnOnce() -> R + Send + 'static) -> Option<JoinHandle<R>> {
        self.0.as_ref().map(|runtime| runtime.spawn_blocking(work))
    }
}

impl Drop for Threads {
    /// Waits for no hash: a runtime that is dropped among tasks may not block.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl PasswordHasher {
    /// The actor, to be supervised.
    ///
    /// # Errors
    /// If the machine gives no threads.
    pub fn new(settings: HasherSettings) -> io::Result<Self> {
        let least = password::MAX_MEMORY_KIB.div_ceil(1024);
        let memory = usize::try_from(settings.memory_mib.max(least)).unwrap_or(usize::MAX);
        let budget = |places: usize| Arc::new(Semaphore::new(places.clamp(1, Semaphore::MAX_PERMITS)));
        let threads = runtime::Builder::new_current_thread()
            .max_blocking_threads(settings.cores.max(1))
            .thread_name("password")
            .build()?;
        Ok(Self {
            threads: Arc::new(Threads(Some(threads))),
            cores: budget(settings.cores),
            memory: budget(memory),
        })
    }

    /// Runs `work` on a blocking thread, in its turn. The budgets are given back when it has ended, whoever still listens.
    fn run<R: Send + 'static>(&self, memory_kib: u32, work: impl FnOnce() -> R + Send + 'static) -> ResponseFuture<Result<R, Fault>> {
        let (threads, cores, memory) = (Arc::clone(&self.threads), Arc::clone(&self.cores), Arc::clone(&self.memory));
        Box::pin(async move {
            let budget = acquire(cores, memory, memory_kib.div_ceil(1024)).await?;
            let work = threads.spawn(move || {
                let result = work();
                drop(budget);
                result
            });
            let work = work.ok_or_else(|| Fault::Internal("the hashing threads have ended".to_owned()))?;
            work.await
                .map_err(|_| Fault::Internal("hashing a password failed: the thread panicked".to_owned()))
        })
    }
}

async fn acquire(cores: Arc<Semaphore>, memory: Arc<Semaphore>, mib: u32) -> Result<[OwnedSemaphorePermit; 2], Fault> {
    let closed = |_| Fault::Internal("the hashing budget was closed".to_owned());
    // Always in this order, so two that wait cannot wait for each other.
    let core = cores.acquire_owned().await.map_err(closed)?;
    let memory = memory.acquire_many_owned(mib).await.map_err(closed)?;
    Ok([core, memory])
}

impl Actor for PasswordHasher {
    type Context = Context<Self>;
}

// Its only state is the budgets, and they have to stay: hashes that run keep their part of them.
impl Supervised for PasswordHasher {}

callable!(PasswordHasher);

/// Verifies a password.
#[derive(Message)]
#[rtype(result = "Result<Verification, Fault>")]
pub struct Verify {
    /// What was typed
    pub password: SecretString,
    /// The PHC string; `None`: the same work, and `Wrong`
    pub hash: Option<String>,
}

impl Handler<Verify> for PasswordHasher {
    type Result = ResponseFuture<Result<Verification, Fault>>;

    fn handle(&mut self, Verify { password, hash }: Verify, _: &mut Self::Context) -> Self::Result {
        let known = hash.as_deref().and_then(|hash| password::memory_kib(hash).ok());
        self.run(known.unwrap_or(password::MEMORY_KIB), move || {
            password::verify(password.expose_secret(), hash.as_deref())
        })
    }
}

/// Hashes a password under a fresh salt.
#[derive(Message)]
#[rtype(result = "Result<String, Fault>")]
pub struct Hash {
    /// The password
    pub password: SecretString,
}

impl Handler<Hash> for PasswordHasher {
    type Result = ResponseFuture<Result<String, Fault>>;

    fn handle(&mut self, Hash { password }: Hash, _: &mut Self::Context) -> Self::Result {
        let mut salt = [0; 16];
        if aws_lc_rs::rand::fill(&mut salt).is_err() {
            return Box::pin(async { Err(Fault::Internal("no randomness for a salt".to_owned())) });
        }
        let hashing = self.run(password::MEMORY_KIB, move || password::hash(password.expose_secret(), salt));
        Box::pin(async move { hashing.await?.map_err(|error| Fault::Internal(error.to_string())) })
    }
}

/// The hasher as the rooms below know it.
#[derive(Clone)]
pub struct HasherHandle(pub Gate<PasswordHasher>);

impl From<Fault> for VerifierFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Busy { retry_after } => Self::Busy { retry_after },
            Fault::Unavailable(reason) => Self::Unavailable(reason),
            other => Self::Internal(other.to_string()),
        }
    }
}

#[async_trait]
impl PasswordVerifier for HasherHandle {
    async fn verify(&self, password: &SecretString, hash: Option<&str>) -> Result<Verification, VerifierFault> {
        let message = Verify {
            password: password.clone(),
            hash: hash.map(str::to_owned),
        };
        Ok(self.0.ask(message).await??)
    }

    async fn hash(&self, password: &SecretString) -> Result<String, VerifierFault> {
        let password = password.clone();
        Ok(self.0.ask(Hash { password }).await??)
    }
}

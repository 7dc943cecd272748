//! What `dev` and `serve` share of being a process: the runtimes, the signals, the exit code.

use super::complain;
use anyhow::{Context, anyhow};
use std::future::Future;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A signal that comes so soon after another is no second wish.
const SAME_SIGNAL: Duration = Duration::from_secs(1);

/// Runs `work` on an actix system on this thread, beside a multi-threaded runtime for what must outlive any worker (database
/// connections). The cryptography of rustls is installed first: whoever comes later finds it there.
///
/// # Errors
/// What `work` says, or a runtime that does not start.
pub fn run<W, F>(work: W) -> anyhow::Result<ExitCode>
where
    W: FnOnce(Handle) -> F,
    F: Future<Output = anyhow::Result<ExitCode>>,
{
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow!("a cryptography provider was installed already"))?;
    let pools = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("nauthera-pool")
        .enable_all()
        .build()
        .context("the runtime for database connections does not start")?;
    let outcome = actix_rt::System::new().block_on(work(pools.handle().clone()));
    // Whatever still runs there (a query nobody waits for) may not hold up the end.
    pools.shutdown_background();
    outcome
}

/// Who asked the process to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// SIGINT: a person pressed Ctrl+C
    Interrupt,
    /// SIGTERM: Kubernetes or an init system
    Terminate,
}

/// The signals that end the process, from the moment this is made.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// The system refuses.
    pub fn listen() -> anyhow::Result<Self> {
        let on = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self {
            interrupt: on(SignalKind::interrupt())?,
            terminate: on(SignalKind::terminate())?,
        })
    }

    /// The next one.
    pub async fn next(&mut self) -> Ending {
        tokio::select! {
            _ = self.interrupt.recv() => Ending::Interrupt,
            _ = self.terminate.recv() => Ending::Terminate,
        }
    }

    /// From now on another signal ends the process at once, with a non-zero code: for a person who does not want to wait. What comes
    /// right behind the first one is the first one again (`timeout` and some shells tell the process and then its whole group).
    pub fn end_at_once_on_the_next(mut self) {
        actix_rt::spawn(async move {
            let began = Instant::now();
            loop {
                self.next().await;
                if began.elapsed() > SAME_SIGNAL {
                    complain("ended at once by a second signal; requests under way were cut off");
                    std::process::exit(1);
                }
            }
        });
    }
}

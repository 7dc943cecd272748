//! Threads that own connections, and the bounded queue before them: no async thread ever waits for a disk.

use crate::store::{StoreError, StoreResult};
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// How many acts may wait before a caller waits for room.
const QUEUE: usize = 512;
/// How many acts share a commit at most, and so one wait for the disk.
const BATCH: usize = 64;

/// How an act ended: called with `Err` if the transaction around it was lost.
type Finish = Box<dyn FnOnce(Result<(), String>) + Send>;
/// An act, run on the connection unless there is none to run it on; the flag tells whether its changes are to be kept.
type Job = Box<dyn FnOnce(Option<&Connection>) -> (bool, Finish) + Send>;

/// A queue and the threads that serve it. The threads end when the last lane is dropped.
#[derive(Clone)]
pub(super) struct Lane {
    jobs: mpsc::Sender<Job>,
    deadline: Duration,
}

impl Lane {
    /// Every connection gets a thread that reads.
    pub(super) fn of_readers(connections: Vec<Connection>, deadline: Duration) -> StoreResult<Self> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let queue = Arc::new(Mutex::new(queue));
        for connection in connections {
            let queue = Arc::clone(&queue);
            spawn("nauthera-sqlite-read", move || serve_reads(&connection, &queue))?;
        }
        Ok(Self { jobs, deadline })
    }

    /// The one thread that writes.
    pub(super) fn of_writer(connection: Connection, deadline: Duration) -> StoreResult<Self> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        spawn("nauthera-sqlite-write", move || serve_writes(&connection, queue))?;
        Ok(Self { jobs, deadline })
    }

    /// Runs an act on one of the connections. A caller that goes away does not undo it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] past the deadline. An act that had not begun by then never will; one that had may still succeed.
    pub(super) async fn run<T, F>(&self, act: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    {
        let deadline = Instant::now() + self.deadline;
        let late = || StoreError::Unavailable(format!("it did not answer within {:?}", self.deadline));
        let (answer, answered) = oneshot::channel();
        let wait = async {
            let room = self.jobs.reserve().await.map_err(|_| gone())?;
            room.send(job(deadline, answer, act));
            answered.await.map_err(|_| gone())?
        };
        tokio::time::timeout_at(deadline.into(), wait).await.map_err(|_| late())?
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the act was abandoned".to_owned())
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> StoreResult<()> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .map(drop)
        .map_err(|error| StoreError::Unavailable(format!("a thread could not be started: {error}")))
}

fn job<T, F>(deadline: Instant, answer: oneshot::Sender<StoreResult<T>>, act: F) -> Job
where
    T: Send + 'static,
    F: FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
{
    Box::new(move |connection| {
        let result = match connection {
            Some(connection) if Instant::now() < deadline => act(connection),
            _ => Err(gone()),
        };
        let keep = result.is_ok();
        let finish: Finish = Box::new(move |committed| {
            let _ = answer.send(match committed {
                Ok(()) => result,
                Err(reason) => result.and(Err(StoreError::Unavailable(reason))),
            });
        });
        (keep, finish)
    })
}

fn serve_reads(connection: &Connection, queue: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(job) = next else { return };
        if let Ok((_, finish)) = catch_unwind(AssertUnwindSafe(|| job(Some(connection)))) {
            finish(Ok(()));
        }
    }
}

fn serve_writes(connection: &Connection, mut queue: mpsc::Receiver<Job>) {
    while let Some(first) = queue.blocking_recv() {
        let mut finished = Vec::new();
        let committed = match statement(connection, "BEGIN IMMEDIATE") {
            Ok(()) => write_batch(connection, first, &mut queue, &mut finished),
            Err(error) => {
                finished.push(first(None).1);
                Err(error)
            }
        };
        let committed = committed.map_err(|error| {
            if !connection.is_autocommit() {
                // If this fails too, the next BEGIN will, and says so.
                let _ = connection.execute_batch("ROLLBACK");
            }
            format!("the changes could not be written: {error}")
        });
        for finish in finished {
            finish(committed.clone());
        }
    }
}

/// Runs the acts that wait in the transaction that was begun, each in a savepoint, and commits. Answers are given after that.
fn write_batch(connection: &Connection, first: Job, queue: &mut mpsc::Receiver<Job>, finished: &mut Vec<Finish>) -> rusqlite::Result<()> {
    let mut next = Some(first);
    while let Some(job) = next {
        statement(connection, "SAVEPOINT act")?;
        let keep = match catch_unwind(AssertUnwindSafe(|| job(Some(connection)))) {
            Ok((keep, finish)) => {
                finished.push(finish);
                keep
            }
            Err(_) => false,
        };
        if !keep {
            statement(connection, "ROLLBACK TO act")?;
        }
        statement(connection, "RELEASE act")?;
        next = if finished.len() < BATCH { queue.try_recv().ok() } else { None };
    }
    statement(connection, "COMMIT")
}

fn statement(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

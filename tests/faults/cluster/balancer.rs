//! A load balancer: each connection goes to the next replica that is ready. It keeps no session together and repeats nothing; a connection to a
//! replica that is gone is closed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often each replica is asked whether it is ready. This long, and a request, a lost replica is not noticed.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// A replica that does not say that it is ready by then gets no requests.
const PATIENCE: Duration = Duration::from_secs(2);

pub struct Balancer {
    pub address: SocketAddr,
    slots: Arc<Vec<Slot>>,
    /// Of so many answers one is lost; 0: none
    loses_one_in: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

struct Slot {
    address: watch::Sender<Option<SocketAddr>>,
    /// Where requests go; `None` while it is not ready
    ready: watch::Sender<Option<SocketAddr>>,
}

impl Balancer {
    /// With room for so many replicas.
    pub async fn start(replicas: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let slots: Arc<Vec<Slot>> = Arc::new(
            (0..replicas)
                .map(|_| Slot {
                    address: watch::Sender::new(None),
                    ready: watch::Sender::new(None),
                })
                .collect(),
        );
        let mut tasks = JoinSet::new();
        for number in 0..replicas {
            let slots = Arc::clone(&slots);
            tasks.spawn(async move { slots[number].look().await });
        }
        let loses_one_in = Arc::new(AtomicUsize::new(0));
        let (all, loses) = (Arc::clone(&slots), Arc::clone(&loses_one_in));
        tasks.spawn(async move {
            let mut number = 0_usize;
            while let Ok((client, _)) = listener.accept().await {
                number += 1;
                let ready: Vec<SocketAddr> = all.iter().filter_map(|slot| *slot.ready.borrow()).collect();
                let Some(chosen) = ready.get(number % ready.len().max(1)) else {
                    continue;
                };
                match loses.load(Ordering::Relaxed) {
                    every @ 1.. if number.is_multiple_of(every) => drop(tokio::spawn(lose_the_answer(client, *chosen))),
                    _ => drop(tokio::spawn(pass_on(client, *chosen))),
                }
            }
        });
        Self {
            address,
            slots,
            loses_one_in,
            _tasks: tasks,
        }
    }

    /// A replica is here from now on.
    pub fn send_to(&self, number: usize, address: SocketAddr) {
        self.slots[number].address.send_replace(Some(address));
    }

    /// From now on, of so many answers one is lost on its way; 0: none.
    pub fn lose_one_in(&self, answers: usize) {
        self.loses_one_in.store(answers, Ordering::Relaxed);
    }

    /// Completes when a replica gets requests, or none any more.
    pub async fn until(&self, number: usize, ready: bool) {
        let mut state = self.slots[number].ready.subscribe();
        let reached = state.wait_for(|address| address.is_some() == ready);
        tokio::time::timeout(crate::process::PATIENCE, reached)
            .await
            .expect("the balancer sees it in time")
            .unwrap();
    }
}

impl Slot {
    async fn look(&self) {
        loop {
            let address = *self.address.borrow();
            let is_ready = match address {
                Some(address) => tokio::time::timeout(PATIENCE, says_ready(address)).await == Ok(Some(true)),
                None => false,
            };
            self.ready.send_replace(address.filter(|_| is_ready));
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

async fn says_ready(address: SocketAddr) -> Option<bool> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    Some(answer.starts_with(b"HTTP/1.1 200"))
}

async fn pass_on(mut client: TcpStream, replica: SocketAddr) {
    if let Ok(mut replica) = TcpStream::connect(replica).await {
        let _ = copy_bidirectional(&mut client, &mut replica).await;
    }
}

/// The replica gets the request and answers; the connection to the client breaks before that.
async fn lose_the_answer(client: TcpStream, replica: SocketAddr) {
    if let Ok(mut replica) = TcpStream::connect(replica).await {
        let (mut from_client, to_client) = client.into_split();
        let (mut from_replica, mut to_replica) = replica.split();
        let answered = async {
            let _ = from_replica.read_u8().await;
        };
        tokio::select! {
            _ = tokio::io::copy(&mut from_client, &mut to_replica) => {}
            () = answered => {}
        }
        drop(to_client);
    }
}

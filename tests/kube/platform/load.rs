//! Callers that ask for tokens without a pause.

use super::server::{Credentials, Server};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Some callers, until they are told to stop.
pub struct Load {
    over: Arc<AtomicBool>,
    callers: Vec<tokio::task::JoinHandle<Result<(), String>>>,
    answered: Arc<AtomicUsize>,
}

impl Load {
    /// Two that keep their connection and two that open one for each request, all of them by the Service. Each request uses the credentials that `current` holds at that time.
    pub fn start(server: &Server, current: &Arc<Mutex<Credentials>>) -> Self {
        let (over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let service = server.service();
        let callers = (0..4)
            .map(|number| {
                let (kept, over, answered, current) = (server.at(service, 443), over.clone(), answered.clone(), current.clone());
                let server = server.clone();
                tokio::spawn(async move {
                    while !over.load(Ordering::Relaxed) {
                        let http = if number < 2 { kept.clone() } else { server.at(service, 443) };
                        let credentials = current.lock().unwrap().clone();
                        server
                            .ask(&http, &credentials)
                            .await
                            .map_err(|error| format!("caller {number}, after {} answers: {error}", answered.load(Ordering::Relaxed)))?;
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(())
                })
            })
            .collect();
        Self { over, callers, answered }
    }

    /// How many requests were answered so far.
    pub fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    /// Stops them. Every request has to have succeeded.
    pub async fn stop(self) -> usize {
        self.over.store(true, Ordering::Relaxed);
        for caller in self.callers {
            caller.await.unwrap().unwrap();
        }
        self.answered.load(Ordering::Relaxed)
    }
}

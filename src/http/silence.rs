//! Ends connections that are kept without a request.
//!
//! actix-http bounds the time of the first head on a connection, and that of a connection on which nothing comes at all. It bounds neither
//! a later head that comes byte by byte, nor the rest of a body that nobody reads any more, nor answers that are taken byte by byte. One
//! rule here bounds them all: after an answer the next request must be there within a time, whatever trickles in or out meanwhile.

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use actix_web::rt::task::JoinHandle;
use actix_web::rt::time::sleep_until;
use std::any::Any;
use std::cell::Cell;
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::{Rc, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// What a connection has besides, for as long as it lasts.
pub struct Watch {
    state: Rc<State>,
    task: JoinHandle<()>,
}

struct State {
    /// A handle of our own on the socket: actix has the other one, and lends it only now
    socket: OwnedFd,
    /// Requests that run
    running: Cell<usize>,
    /// The last beginning or end of one
    last: Cell<Instant>,
}

/// A request that runs; ends when it is dropped.
pub struct Running(Rc<State>);

/// Watches a connection that was accepted. One that cannot be watched (no file handle is left) is served all the same.
pub fn watch(stream: &dyn Any, extensions: &mut Extensions, longest: Duration) {
    let plain = stream.downcast_ref::<TcpStream>();
    let tls = || stream.downcast_ref::<TlsStream<TcpStream>>().map(|stream| stream.get_ref().0);
    let Some(Ok(socket)) = plain.or_else(tls).map(|stream| stream.as_fd().try_clone_to_owned()) else {
        return;
    };
    let state = Rc::new(State {
        socket,
        running: Cell::new(0),
        last: Cell::new(Instant::now()),
    });
    let task = actix_web::rt::spawn(end(Rc::downgrade(&state), longest));
    extensions.insert(Watch { state, task });
}

impl Watch {
    /// A request begins.
    pub fn begin(&self) -> Running {
        let state = Rc::clone(&self.state);
        state.running.set(state.running.get().saturating_add(1));
        state.last.set(Instant::now());
        Running(state)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.set(self.0.running.get().saturating_sub(1));
        self.0.last.set(Instant::now());
    }
}

/// Waits until nothing ran for `longest`, and hangs up.
async fn end(state: Weak<State>, longest: Duration) {
    loop {
        let Some(next) = state.upgrade().map(|state| match state.running.get() {
            0 => state.last.get() + longest,
            _ => Instant::now() + longest,
        }) else {
            return;
        };
        sleep_until(next).await;
        let Some(state) = state.upgrade() else { return };
        if state.running.get() == 0 && state.last.get() + longest <= Instant::now() {
            tracing::debug!("a connection on which no request came to its end is closed");
            // It may be closed already.
            let _ = socket2::SockRef::from(&state.socket).shutdown(Shutdown::Both);
            return;
        }
    }
}

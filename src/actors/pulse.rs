//! Finds actors that hang: a handler that never returns blocks its whole thread, and nothing but the end of the process frees it.

use super::gate::Call;
use actix::{Actor, Addr, Context, Handler};
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::oneshot::{self, error::TryRecvError};

/// How often each actor is asked for a sign of life.
pub const ASK_EVERY: Duration = Duration::from_secs(5);
/// So many times in a row without one, and the actor hangs. Counted in turns of the Guardian, not in time: a process that was stopped or
/// starved for a while is not taken for one that hangs.
pub const SILENT_TURNS: u32 = 12;

type Ask = Box<dyn Fn() -> Option<oneshot::Receiver<()>> + Send>;

/// One actor's pulse.
pub(super) struct Pulse {
    name: &'static str,
    ask: Ask,
    asked: Option<(u32, oneshot::Receiver<()>)>,
    /// What is done if it hangs, instead of ending the process
    hangs: Option<Box<dyn Fn() + Send>>,
}

impl Pulse {
    /// Of the actor at this address, without keeping it alive.
    pub(super) fn of<A>(name: &'static str, addr: &Addr<A>) -> Self
    where
        A: Actor<Context = Context<A>> + Handler<Call<A>>,
    {
        let addr = addr.downgrade();
        let ask = move || {
            let (sign, receiver) = oneshot::channel();
            addr.upgrade()?.do_send(Call::new(move |_, _| {
                let _ = sign.send(());
            }));
            Some(receiver)
        };
        Self {
            name,
            ask: Box::new(ask),
            asked: None,
            hangs: None,
        }
    }
}

impl Pulse {
    /// If it hangs, this is called instead of ending the process. On the Guardian's thread.
    pub(super) fn or_else(mut self, hangs: impl Fn() + Send + 'static) -> Self {
        self.hangs = Some(Box::new(hangs));
        self
    }
}

/// The pulses of all actors, by their numbers.
#[derive(Default)]
pub(super) struct Pulses(HashMap<u64, Pulse>);

impl Pulses {
    pub(super) fn watch(&mut self, child: u64, pulse: Pulse) {
        self.0.insert(child, pulse);
    }

    /// One turn: looks at the answers, and asks whoever gave one. Returns the names of actors that hang and that the process cannot do without.
    pub(super) fn turn(&mut self) -> Vec<&'static str> {
        let mut hangs = Vec::new();
        self.0.retain(|_, pulse| {
            if let Some((silent, sign)) = pulse.asked.as_mut()
                && matches!(sign.try_recv(), Err(TryRecvError::Empty))
            {
                *silent += 1;
                if *silent >= SILENT_TURNS {
                    if let Some(instead) = &pulse.hangs {
                        instead();
                        return false;
                    }
                    hangs.push(pulse.name);
                }
                return true;
            }
            // It answered, or it died on a message before and will be asked anew; `None` if it is gone.
            pulse.asked = (pulse.ask)().map(|sign| (0, sign));
            pulse.asked.is_some()
        });
        hangs
    }
}

//! The RateKeeper: looks after the rate limits, so that no request has to. Forgets addresses and clients that were quiet for long.

use super::config_holder::ConfigReader;
use super::gate::callable;
use crate::rates::Limiters;
use actix::{Actor, AsyncContext, Context, Supervised};
use std::time::Duration;

/// How often it looks. A sixty-fourth of the keys is looked through each time.
pub const EVERY: Duration = Duration::from_millis(200);

/// The actor.
pub struct RateKeeper {
    limiters: Limiters,
    config: ConfigReader,
}

impl RateKeeper {
    /// The actor, to be supervised.
    pub fn new(limiters: Limiters, config: ConfigReader) -> Self {
        Self { limiters, config }
    }
}

impl Actor for RateKeeper {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(EVERY, |keeper, _| {
            if let Some(snapshot) = keeper.config.current() {
                keeper.limiters.tidy(&snapshot.rate_limits);
            }
        });
    }
}

/// The limiters outlive a panic.
impl Supervised for RateKeeper {}

callable!(RateKeeper);

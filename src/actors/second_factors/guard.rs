//! How guesses at second factors are slowed: as those at passwords are, under keys of their own. Whoever guesses at a code knows the password
//! already. What a key signs cannot be guessed: those tries count under their address alone, so that nobody who names an account slows its owner.

use super::{Inner, ProofFault};
use crate::accounts::lockout::{self, Rule, address_bucket};
use crate::actors::authenticator::{Caller, known_of};
use crate::oauth::ids::UserId;
use crate::oauth::opaque::TokenHash;
use std::net::IpAddr;

impl Inner {
    /// Runs a guess at a code of this person. It is counted first, and forgotten if it succeeds.
    pub(super) async fn guarded_guess<T>(
        &self,
        user: &UserId,
        caller: &Caller,
        guess: impl Future<Output = Result<T, ProofFault>>,
    ) -> Result<T, ProofFault> {
        let account = self.counted_as(user, caller.browser.as_deref()).await?;
        self.count(&account, lockout::ACCOUNT).await?;
        let outcome = self.guarded(Some(user), caller.address, guess).await;
        if outcome.is_ok() {
            self.store.clear_failed_logins(&account).await?;
        }
        outcome
    }

    /// Under which key guesses at a person's codes count: that of the browser if it is known, else one for all others, as for passwords.
    async fn counted_as(&self, user: &UserId, browser: Option<&str>) -> Result<TokenHash, ProofFault> {
        if let Some(browser) = browser
            && self.store.was_used(&known_of(browser, user), self.clock.now()).await?
        {
            return Ok(TokenHash::of(&format!("second factor of {user} at {browser}")));
        }
        Ok(TokenHash::of(&format!("second factor of {user}")))
    }

    /// Runs a proof. `user` is known for sure, or left out.
    pub(super) async fn guarded<T>(
        &self,
        user: Option<&UserId>,
        address: Option<IpAddr>,
        proof: impl Future<Output = Result<T, ProofFault>>,
    ) -> Result<T, ProofFault> {
        let source = address.map(|address| TokenHash::of(&format!("login address {}", address_bucket(address))));
        if let Some(source) = &source {
            self.look(source, lockout::ADDRESS).await?;
        }
        let outcome = proof.await;
        match &outcome {
            Ok(_) => self.metrics.login("second_factor"),
            Err(ProofFault::Wrong | ProofFault::CountedBack) => {
                if let Some(source) = &source {
                    let (now, window) = (self.clock.now(), lockout::ADDRESS.window);
                    self.store.count_failed_login(source, now, window).await?;
                }
                self.metrics.login("bad_second_factor");
                self.audit("factor.refused", user, address);
            }
            Err(_) => {}
        }
        outcome
    }

    async fn look(&self, key: &TokenHash, rule: Rule) -> Result<u32, ProofFault> {
        let now = self.clock.now();
        let before = self.store.failed_logins(key, now, rule.window).await?;
        match rule.wait(before.count, before.last, now) {
            Some(retry_after) => Err(ProofFault::Throttled { retry_after }),
            None => Ok(before.count),
        }
    }

    /// Counts a try before it is looked at. Of a burst, no more are looked at than cost nothing; after those, one at a time.
    async fn count(&self, key: &TokenHash, rule: Rule) -> Result<(), ProofFault> {
        let before = self.look(key, rule).await?;
        let counted = self.store.count_failed_login(key, self.clock.now(), rule.window).await?;
        if counted.count > rule.free.max(before.saturating_add(1)) {
            return Err(ProofFault::Throttled { retry_after: rule.first });
        }
        Ok(())
    }
}

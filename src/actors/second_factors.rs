//! Second factors of people: what they have set up, and whether they prove it.
//!
//! Not an actor: it holds no state of its own. Each proof is counted before it is looked at, so that a burst of guesses gets no more of them in than
//! one after the other would.

mod guard;
pub mod reseal;
mod safe;

use super::audit_log::AuditHandle;
use super::authenticator::Caller;
use super::clock::SharedClock;
use super::fault::Fault;
use crate::accounts::webauthn::{Key, Proof, Refused, RelyingParty};
use crate::accounts::{recovery_code, totp};
use crate::jose::seal::Sealer;
use crate::oauth::ids::{FactorId, UserId};
use crate::oauth::opaque::{OpaqueToken, TokenHash};
use crate::oauth::two_factor::FactorMethod;
use crate::store::Store;
pub use crate::store::records::FactorKind;
use crate::store::records::{AuditEvent, FactorRecord};
use crate::telemetry::metrics::Metrics;
use aws_lc_rs::rand;
use jiff::{SignedDuration, Timestamp};
use safe::Safe;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use webauthn_rs::prelude::{DiscoverableAuthentication, PasskeyAuthentication, PasskeyRegistration};

/// How many factors one person may have.
const MOST: u32 = 20;
/// The longest name of a factor, in characters.
pub const LONGEST_NAME: usize = 64;
/// A challenge is remembered so long after it was answered; tickets that hold one expire earlier.
const ANSWERED: SignedDuration = SignedDuration::from_hours(2);

/// The position of a key that has counted back: nothing comes after it.
const SPENT: i64 = i64::MAX;

/// Proved by a code of an app, or a recovery code (RFC 8176).
pub const OTP: [&str; 2] = ["otp", "mfa"];

/// Why nothing was proved.
#[derive(Debug, thiserror::Error)]
pub enum ProofFault {
    /// Another code or key than one of this person's, or one that was used before
    #[error("it proves nothing")]
    Wrong,
    /// A key's counter went back: there may be a copy of it
    #[error("the key has counted back")]
    CountedBack,
    /// Too many tries came to nothing; this one was not looked at
    #[error("too many tries")]
    Throttled {
        /// When a try counts again
        retry_after: Duration,
    },
    /// The person has as many as may be, or the key is registered already
    #[error("it cannot be added")]
    Full,
    /// It could not be looked at
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<crate::store::StoreError> for ProofFault {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<Refused> for ProofFault {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::CountedBack => Self::CountedBack,
            Refused::Malformed | Refused::Wrong(_) | Refused::NotHere(_) => Self::Wrong,
        }
    }
}

/// What somebody has set up.
#[derive(Clone, Debug, Default)]
pub struct Enrolled {
    /// Everything, the oldest first
    pub factors: Vec<FactorRecord>,
    /// How many recovery codes are left
    pub recovery_codes: u32,
}

impl Enrolled {
    /// By what they can prove themselves.
    pub fn methods(&self) -> BTreeSet<FactorMethod> {
        self.factors.iter().map(|factor| method(factor.kind)).collect()
    }
}

const fn method(kind: FactorKind) -> FactorMethod {
    match kind {
        FactorKind::Totp => FactorMethod::Totp,
        FactorKind::Passkey => FactorMethod::Webauthn,
    }
}

struct Inner {
    store: Arc<dyn Store>,
    safe: Safe,
    clock: SharedClock,
    metrics: Metrics,
    audit: AuditHandle,
}

/// Second factors of people. Cheap to clone.
#[derive(Clone)]
pub struct SecondFactors(Arc<Inner>);

impl SecondFactors {
    /// Over these parts of the platform.
    pub fn new(store: Arc<dyn Store>, sealer: Option<Sealer>, clock: SharedClock, metrics: Metrics, audit: AuditHandle) -> Self {
        let safe = Safe::new(sealer);
        Self(Arc::new(Inner {
            store,
            safe,
            clock,
            metrics,
            audit,
        }))
    }

    /// What somebody has set up.
    ///
    /// # Errors
    /// [`Fault`] of the store.
    pub async fn of(&self, user: &UserId) -> Result<Enrolled, Fault> {
        let factors = self.0.store.factors(user).await?;
        let recovery_codes = if factors.is_empty() {
            0
        } else {
            self.0.store.recovery_codes_left(user).await?
        };
        Ok(Enrolled { factors, recovery_codes })
    }

    /// Their keys, as ceremonies need them. One that cannot be read is left out, and the log says so.
    pub fn keys(&self, enrolled: &Enrolled) -> Vec<Key> {
        let keys = enrolled.factors.iter().filter(|factor| factor.kind == FactorKind::Passkey);
        keys.filter_map(|factor| self.0.key(factor)).collect()
    }

    /// Proves by what was typed: a code of an app, or a recovery code.
    ///
    /// # Errors
    /// [`ProofFault`].
    pub async fn prove_by_code(&self, user: &UserId, typed: &str, caller: &Caller) -> Result<(), ProofFault> {
        let inner = &self.0;
        let address = caller.address;
        inner
            .guarded_guess(user, caller, async {
                if let Some(code) = recovery_code::hash(user, typed) {
                    if !inner.store.use_recovery_code(user, &code).await? {
                        return Err(ProofFault::Wrong);
                    }
                    inner.audit("recovery_code.used", Some(user), address);
                    return Ok(());
                }
                let now = inner.clock.now();
                for factor in inner
                    .store
                    .factors(user)
                    .await?
                    .iter()
                    .filter(|factor| factor.kind == FactorKind::Totp)
                {
                    let Some(seed) = inner.safe.open(factor) else { continue };
                    // A code of a step that was used before is refused, be it right or not (RFC 6238 §5.2).
                    if let Some(step) = totp::step(&seed, typed, now)
                        && inner.store.advance_factor(factor, step, now).await?
                    {
                        return Ok(());
                    }
                }
                Err(ProofFault::Wrong)
            })
            .await
    }

    /// Proves by a key, after a first factor. `ceremony` is what the challenge travelled in: it is good for one proof.
    ///
    /// # Errors
    /// [`ProofFault`].
    pub async fn prove_by_key(
        &self,
        party: &RelyingParty,
        user: &UserId,
        answer: &str,
        state: &PasskeyAuthentication,
        ceremony: &TokenHash,
        address: Option<IpAddr>,
    ) -> Result<[&'static str; 3], ProofFault> {
        let inner = &self.0;
        inner
            .guarded(Some(user), address, async {
                let credential = party.claimed_key(answer)?;
                let factors = inner.store.factors(user).await?;
                let factor = factors.iter().find(|factor| factor.credential == Some(credential));
                let factor = factor.ok_or(ProofFault::Wrong)?;
                inner.accept(factor, party.finish_proof(answer, state), ceremony).await
            })
            .await
    }

    /// Logs in by a key alone: who it is, and how they proved it.
    ///
    /// # Errors
    /// [`ProofFault`].
    pub async fn log_in_by_key(
        &self,
        party: &RelyingParty,
        answer: &str,
        state: DiscoverableAuthentication,
        ceremony: &TokenHash,
        address: Option<IpAddr>,
    ) -> Result<(UserId, [&'static str; 3]), ProofFault> {
        let inner = &self.0;
        let (user, credential) = party.claimed(answer)?;
        let proved = inner
            .guarded(None, address, async {
                let factors = inner.store.factors(&user).await?;
                let factor = factors.iter().find(|factor| factor.credential == Some(credential));
                let factor = factor.ok_or(ProofFault::Wrong)?;
                let key = inner.key(factor).ok_or(ProofFault::Wrong)?;
                inner.accept(factor, party.finish_login(answer, state, &key), ceremony).await
            })
            .await;
        Ok((user.clone(), proved?))
    }

    /// Adds an app, whose seed the person has put into it: they prove that by its first code.
    ///
    /// # Errors
    /// [`ProofFault`].
    pub async fn add_app(&self, user: &UserId, name: &str, seed: &[u8], code: &str) -> Result<FactorId, ProofFault> {
        let now = self.0.clock.now();
        let step = totp::step(seed, code, now).ok_or(ProofFault::Wrong)?;
        self.0.add(user, FactorKind::Totp, name, seed, None, step).await
    }

    /// Adds the key that a browser has made.
    ///
    /// # Errors
    /// [`ProofFault`].
    pub async fn add_key(
        &self,
        party: &RelyingParty,
        user: &UserId,
        name: &str,
        answer: &str,
        state: &PasskeyRegistration,
    ) -> Result<FactorId, ProofFault> {
        let key = party.finish_registration(answer, state)?;
        let material = key.to_bytes()?;
        self.0
            .add(user, FactorKind::Passkey, name, &material, Some(key.credential()), 0)
            .await
    }

    /// Takes a factor away. `false` if the person has no such factor.
    ///
    /// # Errors
    /// [`Fault`] of the store.
    pub async fn remove(&self, user: &UserId, id: &FactorId) -> Result<bool, Fault> {
        let removed = self.0.store.remove_factor(user, id).await?;
        if removed {
            self.0.audit("factor.removed", Some(user), None);
        }
        Ok(removed)
    }

    /// New recovery codes in place of all earlier ones. They are shown once, and kept as digests.
    ///
    /// # Errors
    /// [`Fault`] of the store, or without randomness.
    pub async fn new_recovery_codes(&self, user: &UserId) -> Result<Vec<String>, Fault> {
        let mut codes = Vec::with_capacity(recovery_code::COUNT);
        for _ in 0..recovery_code::COUNT {
            codes.push(recovery_code::write(random()?));
        }
        let hashes: Vec<TokenHash> = codes.iter().filter_map(|code| recovery_code::hash(user, code)).collect();
        self.0.store.put_recovery_codes(user, &hashes).await?;
        self.0.audit("recovery_codes.made", Some(user), None);
        Ok(codes)
    }

    /// A seed for a new app.
    ///
    /// # Errors
    /// There is no randomness.
    pub fn new_seed(&self) -> Result<[u8; totp::SEED_BYTES], Fault> {
        random()
    }

    /// Remembers a browser of this person: the value of its cookie.
    ///
    /// # Errors
    /// [`Fault`] of the store, or without randomness.
    pub async fn remember_device(&self, user: &UserId, how_long: Duration) -> Result<OpaqueToken, Fault> {
        let (token, now) = (OpaqueToken::from_entropy(random()?), self.0.clock.now());
        let until = now.saturating_add(how_long).unwrap_or(Timestamp::MAX);
        self.0.store.remember_device(&token.hash(), user, now, until).await?;
        Ok(token)
    }

    /// Whether a browser was remembered for this person, no longer ago than that.
    ///
    /// # Errors
    /// [`Fault`] of the store.
    pub async fn is_remembered(&self, device: &str, user: &UserId, how_long: Duration) -> Result<bool, Fault> {
        let now = self.0.clock.now();
        let remembered = self.0.store.device_remembered_at(&TokenHash::of(device), user, now).await?;
        let how_long = SignedDuration::try_from(how_long).unwrap_or(SignedDuration::MAX);
        Ok(remembered.is_some_and(|at| now.duration_since(at) < how_long))
    }
}

impl Inner {
    fn key(&self, factor: &FactorRecord) -> Option<Key> {
        let key = self.safe.open(factor).and_then(|material| Key::from_bytes(&material).ok());
        if key.is_none() {
            tracing::warn!(factor = factor.id.as_str(), "a registered key cannot be read");
        }
        key
    }

    /// A proof counts once, and only if its key has not counted back. A key that did is refused from then on: a copy of it would otherwise only have
    /// to be used until it has counted far enough (W3C Web Authentication §6.1.1).
    async fn accept(
        &self,
        factor: &FactorRecord,
        proof: Result<Proof, Refused>,
        ceremony: &TokenHash,
    ) -> Result<[&'static str; 3], ProofFault> {
        let now = self.clock.now();
        if matches!(proof, Err(Refused::CountedBack)) {
            self.store.advance_factor(factor, SPENT, now).await?;
        }
        let proof = proof?;
        let until = now.saturating_add(ANSWERED).unwrap_or(Timestamp::MAX);
        if !self.store.use_once(ceremony, until).await? {
            return Err(ProofFault::Wrong);
        }
        let changed = self.key(factor).and_then(|key| key.after(&proof));
        let kept = match changed {
            Some(key) => self.safe.close(factor, &key.to_bytes()?)?,
            None => factor.clone(),
        };
        if self.store.advance_factor(&kept, proof.counter, now).await? {
            return Ok(proof.amr);
        }
        self.store.advance_factor(factor, SPENT, now).await?;
        Err(ProofFault::CountedBack)
    }

    async fn add(
        &self,
        user: &UserId,
        kind: FactorKind,
        name: &str,
        material: &[u8],
        credential: Option<TokenHash>,
        position: i64,
    ) -> Result<FactorId, ProofFault> {
        let factor = FactorRecord {
            id: FactorId::new(uuid::Uuid::now_v7().to_string()),
            user: user.clone(),
            kind,
            name: name.trim().chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect(),
            material: Vec::new(),
            sealed_with: None,
            credential,
            position,
            created_at: self.clock.now(),
            used_at: None,
        };
        let factor = self.safe.close(&factor, material)?;
        if !self.store.add_factor(&factor, MOST).await? {
            return Err(ProofFault::Full);
        }
        self.audit("factor.added", Some(user), None);
        Ok(factor.id)
    }

    fn audit(&self, kind: &str, user: Option<&UserId>, address: Option<IpAddr>) {
        self.audit.record(AuditEvent {
            at: self.clock.now(),
            kind: kind.to_owned(),
            user: user.cloned(),
            client: None,
            details: serde_json::json!({ "address": address.map(|address| address.to_string()) }),
        });
    }
}

fn random<const N: usize>() -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Fault::Internal("the random generator failed".to_owned()))?;
    Ok(bytes)
}

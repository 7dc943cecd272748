//! What one provider is asked, over what is known of it: its discovery document and its keys, kept for a while.

use super::fault::UpstreamFault;
use super::fetch::Http;
use super::id_token::{self, Expected, LEEWAY, Refusal};
use super::logout_token::{self, Ended};
use super::metadata::{self, Metadata};
use super::person::{self, Identity};
use super::request::{self, Ask, Wish};
use super::token_answer::{self, Tokens};
use crate::config::snapshot::IdentityProviderConfig;
use crate::jose::foreign::ForeignKeys;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// What is known is read anew so often.
pub const REFRESH: Duration = Duration::from_secs(5 * 60);
/// While it cannot be read, what was read last counts for so long.
const USABLE: Duration = Duration::from_secs(60 * 60);
/// After a try that came to nothing the next one is made no sooner, and whoever comes meanwhile is told at once.
const PAUSE: Duration = Duration::from_secs(3);
/// Keys are read anew for a key that is not among them, but no more often: a token with an invented key costs nothing.
const KEYS_PAUSE: Duration = Duration::from_secs(30);

/// An answer that a browser brought back.
#[derive(Debug)]
pub struct Answered {
    /// `code`
    pub code: SecretString,
    /// `iss` (RFC 9207)
    pub iss: Option<String>,
    /// The `redirect_uri` of the request
    pub redirect_uri: String,
    /// The `nonce` of the request
    pub nonce: String,
    /// The PKCE verifier of the request
    pub verifier: SecretString,
    /// What was asked for
    pub wish: Wish,
    /// When it was asked
    pub began: Timestamp,
    /// The time
    pub now: Timestamp,
}

/// The way to one provider.
pub struct UpstreamClient {
    provider: Arc<IdentityProviderConfig>,
    http: Http,
    /// Held for a moment only: whoever reads anew makes nobody wait who can do with what there is
    known: Mutex<Known>,
    /// Who reads anew has it, one after another
    reading: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    read: Option<Read>,
    failed: Option<(Instant, UpstreamFault)>,
    /// When keys were last read for one that was not among them
    keys_at: [Option<Instant>; 2],
}

/// What newer keys are wanted for.
#[derive(Clone, Copy)]
enum Wanted {
    ForLogin,
    ForLogout,
}

impl Known {
    fn usable(&self) -> Option<Read> {
        self.read.clone().filter(|read| read.at.elapsed() < USABLE)
    }

    const fn keys_at(&mut self, wanted: Wanted) -> &mut Option<Instant> {
        let [login, logout] = &mut self.keys_at;
        match wanted {
            Wanted::ForLogin => login,
            Wanted::ForLogout => logout,
        }
    }

    /// What can be told without asking the provider; `None` if it has to be asked.
    fn told(&self) -> Option<Result<Read, UpstreamFault>> {
        let failed = self.failed.clone().filter(|(at, _)| at.elapsed() < PAUSE);
        self.usable().map(Ok).or_else(|| failed.map(|(_, fault)| Err(fault)))
    }
}

#[derive(Clone)]
struct Read {
    metadata: Arc<Metadata>,
    keys: Arc<ForeignKeys>,
    at: Instant,
}

impl UpstreamClient {
    /// To this provider.
    ///
    /// # Errors
    /// [`UpstreamFault::Unavailable`] if there is no usable authority.
    pub fn new(provider: Arc<IdentityProviderConfig>) -> Result<Self, UpstreamFault> {
        Ok(Self {
            http: Http::new(provider.authorities.as_deref())?,
            provider,
            known: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
        })
    }

    /// Reads anew what is known, and says in the log when that begins or ceases to work. Never returns.
    pub async fn keep_fresh(&self) {
        let mut worked = None;
        loop {
            let outcome = self.refresh().await;
            let (name, issuer) = (self.provider.name.as_str(), self.provider.issuer.as_str());
            match &outcome {
                Ok(_) if worked != Some(true) => tracing::info!(provider = name, issuer, "an upstream provider can be used"),
                Err(fault) if worked != Some(false) => {
                    tracing::warn!(provider = name, issuer, %fault, "an upstream provider cannot be used");
                }
                _ => {}
            }
            worked = Some(outcome.is_ok());
            tokio::time::sleep(if outcome.is_ok() { REFRESH } else { KEYS_PAUSE }).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn refresh(&self) -> Result<Read, UpstreamFault> {
        let _turn = self.reading.lock().await;
        self.read().await
    }

    /// What is known, read if it is not or no more. One request reads for all that wait.
    async fn known(&self) -> Result<Read, UpstreamFault> {
        if let Some(read) = self.lock().usable() {
            return Ok(read);
        }
        let _turn = self.reading.lock().await;
        let told = self.lock().told();
        match told {
            Some(told) => told,
            None => self.read().await,
        }
    }

    async fn read(&self) -> Result<Read, UpstreamFault> {
        let outcome: Result<Read, UpstreamFault> = async {
            let document = self
                .object(&metadata::address(&self.provider.issuer)?, "its discovery document")
                .await?;
            let metadata = metadata::read(&self.provider.issuer, document)?;
            Ok(Read {
                keys: self.read_keys(&metadata.jwks_uri).await?,
                metadata: Arc::new(metadata),
                at: Instant::now(),
            })
        }
        .await;
        let mut known = self.lock();
        match &outcome {
            Ok(read) => (known.read, known.failed) = (Some(read.clone()), None),
            Err(fault) => known.failed = Some((Instant::now(), fault.clone())),
        }
        outcome
    }

    async fn read_keys(&self, address: &Url) -> Result<Arc<ForeignKeys>, UpstreamFault> {
        let keys = ForeignKeys::of(&self.object(address, "its key set").await?);
        if keys.is_empty() {
            return Err(UpstreamFault::invalid("its key set holds no key that this release knows"));
        }
        Ok(Arc::new(keys))
    }

    async fn object(&self, address: &Url, what: &str) -> Result<Map<String, Value>, UpstreamFault> {
        let reply = self.http.get(address, None).await?;
        match reply.json {
            Some(object) if reply.status == 200 => Ok(object),
            _ => Err(UpstreamFault::invalid(format!(
                "{what} is not there, or is no JSON object (status {})",
                reply.status
            ))),
        }
    }

    /// Where a browser goes to log in.
    ///
    /// # Errors
    /// [`UpstreamFault`].
    pub async fn address(&self, ask: &Ask) -> Result<Url, UpstreamFault> {
        let read = self.known().await?;
        Ok(request::address(&read.metadata, &self.provider, ask))
    }

    /// Where a browser goes to sign out, if the provider has such a place (OpenID Connect RP-Initiated Logout §2).
    ///
    /// # Errors
    /// [`UpstreamFault`].
    pub async fn end_session(&self) -> Result<Option<Url>, UpstreamFault> {
        let read = self.known().await?;
        Ok(read.metadata.end_session_endpoint.clone().map(|mut url| {
            url.query_pairs_mut().append_pair("client_id", &self.provider.client_id);
            url
        }))
    }

    /// Who came back.
    ///
    /// # Errors
    /// [`UpstreamFault`]: nobody is logged in then.
    pub async fn finish(&self, answered: &Answered) -> Result<Identity, UpstreamFault> {
        let read = self.known().await?;
        self.check_origin(&read.metadata, answered.iss.as_deref())?;
        let (http, metadata) = (&self.http, &*read.metadata);
        let Answered {
            code,
            redirect_uri,
            verifier,
            ..
        } = answered;
        let tokens = token_answer::exchange(http, metadata, &self.provider, redirect_uri, code, verifier).await?;
        let claims = self.verified(&read, &tokens, answered).await?;
        check_age(&claims, answered)?;
        let userinfo = self.userinfo(metadata, &tokens, &claims).await?;
        Ok(Identity::of(&self.provider, &claims, userinfo.as_ref()))
    }

    /// Another provider's answer that was brought here (RFC 9207 §2.4, RFC 9700 §4.4).
    fn check_origin(&self, metadata: &Metadata, iss: Option<&str>) -> Result<(), UpstreamFault> {
        match iss {
            Some(iss) if iss != self.provider.issuer => Err(UpstreamFault::invalid("its iss is another provider's")),
            None if metadata.names_itself => Err(UpstreamFault::invalid("it has no iss, which this provider always sends")),
            _ => Ok(()),
        }
    }

    async fn verified(&self, read: &Read, tokens: &Tokens, answered: &Answered) -> Result<Map<String, Value>, UpstreamFault> {
        let expected = Expected {
            issuer: &self.provider.issuer,
            client_id: &self.provider.client_id,
            nonce: &answered.nonce,
            access_token: tokens.access.as_ref().map(ExposeSecret::expose_secret),
            now: answered.now,
        };
        let token = tokens.id.expose_secret();
        let fault = |refusal| match refusal {
            Refusal::Invalid(why) => UpstreamFault::invalid(format!("the ID token: {why}")),
            Refusal::UnknownKey => UpstreamFault::invalid("the ID token: it is signed with a key that the provider does not publish"),
        };
        match id_token::verify(token, &read.keys, &expected) {
            Err(Refusal::UnknownKey) => {
                let _turn = self.reading.lock().await;
                let newer = self.keys_after(read, Wanted::ForLogin).await?;
                let newer = newer.ok_or_else(|| fault(Refusal::UnknownKey))?;
                id_token::verify(token, &newer, &expected).map_err(fault)
            }
            outcome => outcome.map_err(fault),
        }
    }

    /// Which session ended at the provider, as it says (OpenID Connect Back-Channel Logout §2.6).
    ///
    /// # Errors
    /// [`UpstreamFault::Unavailable`] while it cannot be told whether the token is right, else what is wrong with it; nothing ends then.
    pub async fn ended(&self, token: &SecretString, now: Timestamp) -> Result<Ended, UpstreamFault> {
        let unreadable = |fault: UpstreamFault| UpstreamFault::Unavailable(format!("its keys cannot be read: {fault}"));
        let read = self.known().await.map_err(unreadable)?;
        let IdentityProviderConfig { issuer, client_id, .. } = &*self.provider;
        let verify = |keys: &ForeignKeys| logout_token::verify(token.expose_secret(), keys, issuer, client_id, now);
        let refused = |why: String| UpstreamFault::invalid(format!("the logout token: {why}"));
        match verify(&read.keys) {
            Ok(ended) => return Ok(ended),
            Err(Refusal::Invalid(why)) => return Err(refused(why)),
            Err(Refusal::UnknownKey) => {}
        }
        // Anybody may send us a token with an invented key: that neither holds up a login nor uses up its turn to read keys anew.
        let Ok(_turn) = self.reading.try_lock() else {
            return Err(UpstreamFault::Unavailable("its keys are being read".to_owned()));
        };
        let newer = self.keys_after(&read, Wanted::ForLogout).await.map_err(unreadable)?;
        let newer = newer
            .ok_or_else(|| UpstreamFault::Unavailable("its keys were read a moment ago, and the token's is none of them".to_owned()))?;
        verify(&newer).map_err(|refusal| match refusal {
            Refusal::Invalid(why) => refused(why),
            Refusal::UnknownKey => refused("it is signed with a key that the provider does not publish".to_owned()),
        })
    }

    /// Keys that were read after these; `None` if that was tried just now. Whoever asks has the turn to read.
    async fn keys_after(&self, read: &Read, wanted: Wanted) -> Result<Option<Arc<ForeignKeys>>, UpstreamFault> {
        let (latest, tried) = {
            let mut known = self.lock();
            (known.read.clone(), *known.keys_at(wanted))
        };
        match latest {
            Some(latest) if !Arc::ptr_eq(&latest.keys, &read.keys) => return Ok(Some(latest.keys)),
            _ if tried.is_some_and(|at| at.elapsed() < KEYS_PAUSE) => return Ok(None),
            _ => *self.lock().keys_at(wanted) = Some(Instant::now()),
        }
        let keys = self.read_keys(&read.metadata.jwks_uri).await?;
        if let Some(latest) = self.lock().read.as_mut() {
            latest.keys = Arc::clone(&keys);
        }
        Ok(Some(keys))
    }

    /// What UserInfo says, if it is needed and of the same person (OpenID Connect Core §5.3.2, §5.3.4).
    async fn userinfo(
        &self,
        metadata: &Metadata,
        tokens: &Tokens,
        claims: &Map<String, Value>,
    ) -> Result<Option<Map<String, Value>>, UpstreamFault> {
        let (Some(endpoint), Some(token)) = (&metadata.userinfo_endpoint, &tokens.access) else {
            return Ok(None);
        };
        if !person::lacks_something(&self.provider, claims) {
            return Ok(None);
        }
        let reply = self.http.get(endpoint, Some(token.expose_secret())).await?;
        let userinfo = reply.json.filter(|_| reply.status == 200);
        let userinfo = userinfo.ok_or_else(|| UpstreamFault::invalid(format!("UserInfo is no JSON object (status {})", reply.status)))?;
        if userinfo.get("sub") == claims.get("sub") {
            Ok(Some(userinfo))
        } else {
            Err(UpstreamFault::invalid("UserInfo is of another person than the ID token"))
        }
    }
}

/// Whether they proved themselves as lately as our client wants. Without `auth_time` nobody knows: the person could have taken `prompt` out of the address.
fn check_age(claims: &Map<String, Value>, answered: &Answered) -> Result<(), UpstreamFault> {
    let now = answered.now.as_second();
    let oldest = answered
        .wish
        .max_age
        .map(|age| now.saturating_sub(i64::try_from(age.as_secs()).unwrap_or(i64::MAX)));
    let oldest = oldest
        .into_iter()
        .chain(answered.wish.login.then(|| answered.began.as_second()))
        .max();
    match (oldest, id_token::seconds(claims, "auth_time")) {
        (None, _) => Ok(()),
        (Some(oldest), Some(at)) if at.saturating_add(LEEWAY) >= oldest => Ok(()),
        _ => Err(UpstreamFault::Stale),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: i64 = 1_800_000_000;

    fn is_fresh(auth_time: Value, login: bool, max_age: Option<u64>) -> bool {
        let at = |second| Timestamp::from_second(second).unwrap();
        let answered = Answered {
            code: "c".into(),
            iss: None,
            redirect_uri: String::new(),
            nonce: String::new(),
            verifier: "v".into(),
            wish: Wish {
                login,
                max_age: max_age.map(Duration::from_secs),
                ..Wish::default()
            },
            began: at(NOW - 120),
            now: at(NOW),
        };
        let claims = json!({ "auth_time": auth_time });
        check_age(claims.as_object().unwrap(), &answered).is_ok()
    }

    #[test]
    fn a_login_that_should_be_fresh_says_when_it_was() {
        assert!(is_fresh(Value::Null, false, None));
        assert!(is_fresh(json!(0), false, None));
        assert!(is_fresh(json!(NOW - 180), true, None), "clocks differ by a minute at most");
        assert!(is_fresh(json!(NOW - 3600), false, Some(3600)));
        for (auth_time, login, max_age) in [
            (Value::Null, true, None),
            (Value::Null, false, Some(3600)),
            (json!("now"), true, None),
            (json!(NOW - 181), true, None),
            (json!(NOW - 3661), false, Some(3600)),
            (json!(NOW - 181), true, Some(3600)),
        ] {
            assert!(!is_fresh(auth_time.clone(), login, max_age), "{auth_time} {login} {max_age:?}");
        }
    }
}

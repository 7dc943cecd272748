//! A relying party that keeps the JWKS for as long as its answer allows, and looks at no other: a token whose key is not in that copy is invalid.

use super::World;
use super::record::{Act, Failure};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

#[derive(Default)]
pub struct RelyingParty {
    kept: Mutex<Option<Copy>>,
    /// The keys that signed something
    kids: std::sync::Mutex<BTreeSet<String>>,
    seen: tokio::sync::watch::Sender<usize>,
}

struct Copy {
    keys: JwkSet,
    good_until: Instant,
}

impl RelyingParty {
    /// A token that was issued just now holds by the copy that is kept.
    pub async fn accepts(&self, world: &World, token: &str) {
        let mut kept = self.kept.lock().await;
        while kept.as_ref().is_none_or(|copy| Instant::now() >= copy.good_until) {
            match fetch(world).await {
                Ok(copy) => *kept = Some(copy),
                // A lost connection is in the records; whoever needs keys asks again.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        let verdict = verify(&kept.as_ref().unwrap().keys, token);
        drop(kept);
        match verdict {
            Ok(kid) => {
                let mut kids = self.kids.lock().unwrap();
                kids.insert(kid);
                self.seen.send_replace(kids.len());
            }
            Err(why) => world.ledger.violation(format!("a relying party refuses a token: {why}")),
        }
    }

    /// How many keys have signed something so far.
    pub fn keys_seen(&self) -> tokio::sync::watch::Receiver<usize> {
        self.seen.subscribe()
    }
}

async fn fetch(world: &World) -> Result<Copy, Failure> {
    world
        .agent
        .get(Act::Jwks, "/jwks", |answer| {
            let keys = serde_json::from_value(answer.json()?).map_err(|_| answer.wrong())?;
            let control = answer.header("cache-control");
            let age = control
                .split("max-age=")
                .nth(1)
                .and_then(|age| age.parse().ok())
                .ok_or_else(|| answer.wrong())?;
            Ok(Copy {
                keys,
                good_until: Instant::now() + Duration::from_secs(age),
            })
        })
        .await
}

/// The id of the key that signed a token, by a set of keys.
pub fn verify(keys: &JwkSet, token: &str) -> Result<String, String> {
    let kid = decode_header(token).map_err(|error| error.to_string())?.kid.ok_or("no kid")?;
    let key = keys.find(&kid).ok_or_else(|| format!("its key {kid} is not in the JWKS"))?;
    let key = DecodingKey::from_jwk(key).map_err(|error| error.to_string())?;
    let mut validation = Validation::new(jsonwebtoken::Algorithm::ES256);
    validation.validate_aud = false;
    decode::<serde_json::Value>(token, &key, &validation).map_err(|error| error.to_string())?;
    Ok(kid)
}

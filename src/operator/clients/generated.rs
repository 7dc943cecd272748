//! What is in a Secret that was made for a client, and whether it still is what the operator wrote: pure.
//!
//! | key | is |
//! |---|---|
//! | `client_id`, `client_secret`, `issuer` | what the application reads |
//! | `next_client_secret` | accepted already; becomes `client_secret` when every serving replica knows it |
//! | `previous_client_secret` | the one before, accepted until `auth.nauthera.io/previous-valid-until` |

use crate::config::input::{GeneratedSecret, Key};
use crate::oauth::ids::ClientId;
use crate::oauth::opaque::{OpaqueToken, TokenHash};
use crate::operator::settings::AUTH_CLIENT_ANNOTATION;
use crate::operator::world::{Owner, SecretView};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::collections::BTreeMap;

/// The data keys.
pub mod keys {
    /// The `client_id`
    pub const CLIENT_ID: &str = "client_id";
    /// The secret that applications use
    pub const CLIENT_SECRET: &str = "client_secret";
    /// The issuer that the client belongs to
    pub const ISSUER: &str = "issuer";
    /// Becomes the secret soon
    pub const NEXT: &str = "next_client_secret";
    /// Was the secret until of late
    pub const PREVIOUS: &str = "previous_client_secret";
}

/// Until when the previous secret is accepted (RFC 3339).
pub const PREVIOUS_UNTIL: &str = "auth.nauthera.io/previous-valid-until";
/// Since when the secret is what it is (RFC 3339).
pub const ROTATED_AT: &str = "auth.nauthera.io/rotated-at";
/// Since when the next secret is there (RFC 3339).
pub const NEXT_SINCE: &str = "auth.nauthera.io/next-since";
/// Digest of all that the operator wrote, to tell an edit by hand.
pub const DIGEST: &str = "auth.nauthera.io/content-digest";

/// A secret, and a time that belongs to it.
#[derive(Clone, Debug)]
pub struct Dated {
    /// The secret
    pub secret: SecretString,
    /// Until when, or since when
    pub at: Timestamp,
}

/// What such a Secret holds. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Content {
    /// The AuthClient
    pub client: Key,
    /// Its `client_id`
    pub client_id: ClientId,
    /// Its issuer
    pub issuer: String,
    /// The secret that applications use
    pub secret: SecretString,
    /// Since when
    pub rotated_at: Timestamp,
    /// The one before it, and until when it is accepted
    pub previous: Option<Dated>,
    /// The one after it, and since when it is there. Never together with `previous`: two generations are accepted at most.
    pub next: Option<Dated>,
}

/// Why a Secret does not hold what the operator wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It is another's: hands off
    Foreign,
    /// Somebody changed it
    Edited,
}

impl Content {
    /// A new secret for a client.
    pub fn new(client: Key, client_id: ClientId, issuer: String, secret: SecretString, now: Timestamp) -> Self {
        Self {
            client,
            client_id,
            issuer,
            secret,
            rotated_at: now,
            previous: None,
            next: None,
        }
    }

    /// What a Secret holds, if it is the operator's and nobody has changed it since.
    ///
    /// # Errors
    /// [`Unfit`]
    pub fn read(name: &Key, view: &SecretView) -> Result<Self, Unfit> {
        let client = maker(name, view).ok_or(Unfit::Foreign)?;
        let content = Self::parse(client, view).ok_or(Unfit::Edited)?;
        if view.annotations.get(DIGEST) == Some(&content.digest()) {
            Ok(content)
        } else if view.owner.is_some() {
            Err(Unfit::Edited)
        } else {
            // Without an owner, only the digest could have shown that it is ours.
            Err(Unfit::Foreign)
        }
    }

    fn parse(client: Key, view: &SecretView) -> Option<Self> {
        let text = |key: &str| view.text(key);
        let time = |name: &str| view.annotations.get(name)?.parse::<Timestamp>().ok();
        let dated = |key: &str, name: &str| match (text(key), time(name)) {
            (Some(secret), Some(at)) => Some(Some(Dated { secret, at })),
            (None, None) => Some(None),
            _ => None,
        };
        Some(Self {
            client,
            client_id: ClientId::new(text(keys::CLIENT_ID)?.expose_secret()),
            issuer: text(keys::ISSUER)?.expose_secret().to_owned(),
            secret: text(keys::CLIENT_SECRET)?,
            rotated_at: time(ROTATED_AT)?,
            previous: dated(keys::PREVIOUS, PREVIOUS_UNTIL)?,
            next: dated(keys::NEXT, NEXT_SINCE)?,
        })
    }

    /// Digest of everything here. The secrets have 256 bits, so that it does not give them away.
    pub fn digest(&self) -> String {
        let dated = |dated: &Option<Dated>| {
            dated
                .as_ref()
                .map(|dated| json!([dated.secret.expose_secret(), dated.at.to_string()]))
        };
        let content = json!([
            "nauthera client secret 1",
            self.client,
            self.client_id,
            self.issuer,
            [self.secret.expose_secret(), &self.rotated_at.to_string()],
            dated(&self.previous),
            dated(&self.next),
        ]);
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, content.to_string().as_bytes()))
    }

    /// As `compile` takes it.
    pub fn generated(&self) -> GeneratedSecret {
        GeneratedSecret {
            client: self.client.clone(),
            client_id: self.client_id.clone(),
            issuer: self.issuer.clone(),
            secret: self.secret.clone(),
            previous: self.previous.as_ref().map(|previous| (previous.secret.clone(), previous.at)),
            next: self.next.as_ref().map(|next| next.secret.clone()),
        }
    }

    /// The values, with `None` for keys that must not be there.
    pub fn data(&self) -> BTreeMap<&'static str, Option<&str>> {
        BTreeMap::from([
            (keys::CLIENT_ID, Some(self.client_id.as_str())),
            (keys::CLIENT_SECRET, Some(self.secret.expose_secret())),
            (keys::ISSUER, Some(self.issuer.as_str())),
            (keys::NEXT, self.next.as_ref().map(|next| next.secret.expose_secret())),
            (
                keys::PREVIOUS,
                self.previous.as_ref().map(|previous| previous.secret.expose_secret()),
            ),
        ])
    }

    /// The annotations, with `None` for those that must not be there.
    pub fn annotations(&self) -> BTreeMap<&'static str, Option<String>> {
        let at = |dated: &Option<Dated>| dated.as_ref().map(|dated| dated.at.to_string());
        BTreeMap::from([
            (AUTH_CLIENT_ANNOTATION, Some(self.client.name.clone())),
            (ROTATED_AT, Some(self.rotated_at.to_string())),
            (PREVIOUS_UNTIL, at(&self.previous)),
            (NEXT_SINCE, at(&self.next)),
            (DIGEST, Some(self.digest())),
        ])
    }

    /// The digest under which a server accepts the next secret.
    pub fn next_hash(&self) -> Option<TokenHash> {
        self.next.as_ref().map(|next| TokenHash::of(next.secret.expose_secret()))
    }
}

/// The AuthClient that a Secret was made for: its owner, else whom it names; nobody if something else owns it.
fn maker(name: &Key, view: &SecretView) -> Option<Key> {
    let client = match &view.owner {
        Some(owner) if is_auth_client(owner) => &owner.name,
        Some(_) => return None,
        None => view.annotations.get(AUTH_CLIENT_ANNOTATION)?,
    };
    Some(Key::new(name.namespace.clone(), client.clone()))
}

/// Whether this is one of our AuthClients, of any version.
pub fn is_auth_client(owner: &Owner) -> bool {
    owner.kind == "AuthClient" && owner.api_version.starts_with("auth.nauthera.io/")
}

/// What a Secret is to `compile`.
#[derive(Clone, Debug)]
pub enum Reading {
    /// It was made for a client
    Made(GeneratedSecret),
    /// It was made for a client, somebody changed it, and what it held is not known: as if it were not there, until it is made anew
    Spoilt,
    /// It was not made for a client
    Foreign,
}

/// Reads a Secret with the operator's label. If somebody edited it by hand, `before`, which was there until then, stays in force while
/// the Secret is put back.
pub fn read(name: &Key, view: &SecretView, before: Option<&GeneratedSecret>) -> Reading {
    match Content::read(name, view) {
        Ok(content) => Reading::Made(content.generated()),
        Err(Unfit::Edited) => match before {
            Some(before) => Reading::Made(before.clone()),
            None => Reading::Spoilt,
        },
        Err(Unfit::Foreign) => Reading::Foreign,
    }
}

/// 256 random bits, base64url. `None` if the system's generator fails.
pub fn new_secret() -> Option<SecretString> {
    let mut entropy = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut entropy).ok()?;
    Some(SecretString::from(OpaqueToken::from_entropy(entropy).expose()))
}

//! What our tokens say: access tokens (RFC 9068 §2.2), ID tokens (OpenID Connect Core §2), and the claims about a person (§5.1, §5.4).

use super::attributes::Attributes;
use super::ids::{ClientId, GrantId, SessionId};
use super::scope::Scopes;
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Scopes that say something about a person. Without a person there is nothing to say, so client credentials do not get them.
pub const PERSON_SCOPES: [&str; 5] = ["openid", "profile", "email", "groups", "offline_access"];

/// Whoever acts for the subject (`act`, RFC 8693 §4.1), and for whom it was done before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActorClaim {
    /// The actor
    pub sub: String,
    /// The client that the actor's token was issued to
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// The actor before
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<ActorClaim>>,
}

impl ActorClaim {
    /// How many actors the chain holds.
    pub fn depth(&self) -> usize {
        std::iter::successors(Some(self), |actor| actor.act.as_deref()).count()
    }
}

/// An access token's claims.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// Issuer
    pub iss: String,
    /// A person, or the client itself
    pub sub: String,
    /// Resource servers; one is written as a string, several as a list (RFC 7519 §4.1.3)
    #[serde(with = "audience")]
    pub aud: Vec<String>,
    /// End, seconds since the epoch
    pub exp: i64,
    /// Issued at, seconds since the epoch
    pub iat: i64,
    /// Unique id
    pub jti: String,
    /// The client that it was issued to
    pub client_id: ClientId,
    /// What it allows
    #[serde(with = "space_separated", default, skip_serializing_if = "Scopes::is_empty")]
    pub scope: Scopes,
    /// When the person had proved themselves, seconds since the epoch
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// How (RFC 8176)
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// How well (RFC 9068 §2.2.1)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// The login session
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    /// The person's groups, with scope `groups`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// Who acts for the subject
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<ActorClaim>,
    /// The grant that it belongs to and ends with (private)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<GrantId>,
    /// Further claims, by the server's configuration
    #[serde(flatten)]
    pub further: Map<String, Value>,
}

/// An ID token's claims.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdTokenClaims {
    /// Issuer
    pub iss: String,
    /// The person
    pub sub: String,
    /// The client
    pub aud: ClientId,
    /// End, seconds since the epoch
    pub exp: i64,
    /// Issued at, seconds since the epoch
    pub iat: i64,
    /// When the person had proved themselves, seconds since the epoch
    pub auth_time: i64,
    /// `nonce` of the authorization request
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// How (RFC 8176)
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// How well
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// The client
    pub azp: ClientId,
    /// The login session
    pub sid: SessionId,
    /// Digest of the access token beside it (OpenID Connect Core §3.1.3.6)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// Claims by scope. They are in the ID token too, since Kubernetes and others read groups and addresses there and nowhere else
    #[serde(flatten)]
    pub person: PersonClaims,
    /// Further claims, by the server's configuration
    #[serde(flatten)]
    pub further: Map<String, Value>,
}

/// What is known of a person, before scopes narrow it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// `preferred_username`
    pub username: String,
    /// `name`
    pub name: Option<String>,
    /// `given_name`
    pub given_name: Option<String>,
    /// `family_name`
    pub family_name: Option<String>,
    /// `email`
    pub email: Option<String>,
    /// `email_verified`
    pub email_verified: bool,
    /// What else is known of them
    pub attributes: Attributes,
    /// `groups`
    pub groups: Vec<String>,
    /// Names of roles
    pub roles: Vec<String>,
    /// `updated_at`, seconds since the epoch
    pub updated_at: i64,
}

/// Claims about a person, as their scopes allow (OpenID Connect Core §5.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct PersonClaims {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
}

impl PersonClaims {
    /// What these scopes let a client see of a person.
    pub fn for_scopes(profile: &Profile, scopes: &Scopes) -> Self {
        let mut claims = Self::default();
        if scopes.contains("profile") {
            claims.name.clone_from(&profile.name);
            claims.given_name.clone_from(&profile.given_name);
            claims.family_name.clone_from(&profile.family_name);
            claims.preferred_username = Some(profile.username.clone());
            claims.updated_at = Some(profile.updated_at);
        }
        if scopes.contains("email") && profile.email.is_some() {
            claims.email.clone_from(&profile.email);
            claims.email_verified = Some(profile.email_verified);
        }
        if scopes.contains("groups") {
            claims.groups = Some(profile.groups.clone());
        }
        claims
    }

    /// Leaves out what is said elsewhere, or is not to be said.
    pub fn give_way_to<'a>(&mut self, others: impl IntoIterator<Item = &'a str>) {
        for name in others {
            match name {
                "name" => self.name = None,
                "given_name" => self.given_name = None,
                "family_name" => self.family_name = None,
                "preferred_username" => self.preferred_username = None,
                "updated_at" => self.updated_at = None,
                "email" => self.email = None,
                "email_verified" => self.email_verified = None,
                "groups" => self.groups = None,
                _ => {}
            }
        }
    }

    /// The claims that this server can make, for discovery.
    pub const NAMES: [&'static str; 8] = [
        "name",
        "given_name",
        "family_name",
        "preferred_username",
        "updated_at",
        "email",
        "email_verified",
        "groups",
    ];
}

/// `at_hash`: the left half of SHA-256, which is the hash of every algorithm of ours but EdDSA (OpenID Connect Core §3.1.3.6).
/// For Ed25519 the hash is SHA-512, as implementations agreed.
pub fn token_digest(token: &str, ed25519: bool) -> String {
    let algorithm = if ed25519 { &digest::SHA512 } else { &digest::SHA256 };
    let hash = digest::digest(algorithm, token.as_bytes());
    let bytes = hash.as_ref();
    URL_SAFE_NO_PAD.encode(bytes.get(..bytes.len() / 2).unwrap_or_default())
}

mod audience {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }

    pub fn serialize<S: Serializer>(audience: &[String], serializer: S) -> Result<S::Ok, S::Error> {
        match audience {
            [only] => only.serialize(serializer),
            several => several.serialize(serializer),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
        Ok(match OneOrMany::deserialize(deserializer)? {
            OneOrMany::One(only) => vec![only],
            OneOrMany::Many(several) => several,
        })
    }
}

/// A scope set as the protocol writes it: one string.
pub mod space_separated {
    use crate::oauth::scope::Scopes;
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes the set as a space-separated string.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(scopes: &Scopes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(scopes)
    }

    /// Reads a space-separated string.
    ///
    /// # Errors
    /// If it holds a character that no scope has.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Scopes, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Scopes::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> Profile {
        Profile {
            username: "alice".to_owned(),
            name: Some("Alice".to_owned()),
            email: Some("alice@example.org".to_owned()),
            groups: vec!["staff".to_owned()],
            ..Profile::default()
        }
    }

    #[test]
    fn a_scope_shows_its_claims_and_no_others() {
        let seen = |scopes| serde_json::to_value(PersonClaims::for_scopes(&profile(), &Scopes::parse(scopes).unwrap())).unwrap();
        assert_eq!(seen("openid"), serde_json::json!({}));
        assert_eq!(
            seen("email"),
            serde_json::json!({"email": "alice@example.org", "email_verified": false})
        );
        assert_eq!(seen("groups"), serde_json::json!({"groups": ["staff"]}));
        assert_eq!(
            seen("profile"),
            serde_json::json!({"name": "Alice", "preferred_username": "alice", "updated_at": 0})
        );
    }

    #[test]
    fn access_token_claims_read_back_with_one_or_several_audiences() {
        for aud in [vec!["https://a".to_owned()], vec!["https://a".to_owned(), "https://b".to_owned()]] {
            let claims = AccessTokenClaims {
                iss: "i".to_owned(),
                sub: "s".to_owned(),
                aud,
                exp: 2,
                iat: 1,
                jti: "j".to_owned(),
                client_id: ClientId::new("c"),
                scope: Scopes::parse("a b").unwrap(),
                auth_time: None,
                amr: vec![],
                acr: None,
                sid: None,
                groups: None,
                act: None,
                grant_id: None,
                further: Map::new(),
            };
            let json = serde_json::to_value(&claims).unwrap();
            assert_eq!(json["scope"], "a b");
            assert_eq!(json["aud"].is_string(), claims.aud.len() == 1);
            assert_eq!(serde_json::from_value::<AccessTokenClaims>(json).unwrap(), claims);
        }
    }

    #[test]
    fn at_hash_is_that_of_the_specification() {
        // OpenID Connect Core, appendix A.4: the access token and its at_hash
        assert_eq!(
            token_digest("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", false),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
    }
}

//! Passkeys and security keys: the ceremonies of WebAuthn (W3C Web Authentication Level 3 §7), without IO.
//!
//! Every key must verify its person (PIN, finger, face): so one key is two factors, with a password before it or alone. Attestation is not asked
//! for: which make of key somebody uses is theirs to choose.

use crate::oauth::ids::UserId;
use crate::oauth::opaque::TokenHash;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use webauthn_rs::prelude::{
    AuthenticationResult, DiscoverableAuthentication, Passkey, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Uuid, Webauthn, WebauthnBuilder, WebauthnError,
};

/// The longest answer of a browser that is read, in bytes.
pub const MAX_ANSWER: usize = 32 * 1024;

/// Why a ceremony came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not the answer of a browser to what it was asked
    #[error("the browser's answer is not one")]
    Malformed,
    /// Another challenge, origin, key or signature than was asked for
    #[error("the key's answer was refused: {0}")]
    Wrong(String),
    /// The key's counter went back: there may be a copy of it (§6.1.1)
    #[error("the key has counted back: there may be a copy of it")]
    CountedBack,
    /// This server has no name that keys can be bound to
    #[error("keys cannot be used here: {0}")]
    NotHere(String),
}

impl From<WebauthnError> for Refused {
    fn from(error: WebauthnError) -> Self {
        match error {
            WebauthnError::CredentialPossibleCompromise => Self::CountedBack,
            other => Self::Wrong(other.to_string()),
        }
    }
}

/// What a key proved.
#[derive(Clone, Debug)]
pub struct Proof {
    /// How often it says that it was used; 0: it does not count
    pub counter: i64,
    /// How the person proved themselves (RFC 8176): by hardware that keeps its key, or by one that is copied between devices
    pub amr: [&'static str; 3],
    result: AuthenticationResult,
}

/// What a registered key is kept as.
#[derive(Clone, Debug)]
pub struct Key(Passkey);

impl Key {
    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`Refused::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refused> {
        serde_json::from_slice(bytes).map(Self).map_err(|_| Refused::Malformed)
    }

    /// To be kept. No secret: public keys, and what the key is called.
    ///
    /// # Errors
    /// [`Refused::Malformed`] if it cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Refused> {
        serde_json::to_vec(&self.0).map_err(|_| Refused::Malformed)
    }

    /// What its credential is found by.
    pub fn credential(&self) -> TokenHash {
        credential_hash(self.0.cred_id())
    }

    /// The key as it is after it proved something; `None` if nothing changed that is kept.
    #[must_use]
    pub fn after(mut self, proof: &Proof) -> Option<Self> {
        self.0.update_credential(&proof.result).unwrap_or(false).then_some(self)
    }
}

fn credential_hash(id: &[u8]) -> TokenHash {
    TokenHash::of_bytes(id)
}

/// The server, as keys know it.
pub struct RelyingParty(Webauthn);

impl RelyingParty {
    /// Keys are bound to the issuer's host: another host's pages get nothing of them.
    ///
    /// # Errors
    /// [`Refused::NotHere`]: browsers bind keys to names and not to addresses, and only where the connection is secure.
    pub fn new(issuer: &str, name: &str) -> Result<Self, Refused> {
        let not_here = |why: &str| Refused::NotHere(why.to_owned());
        let origin = Url::parse(issuer).map_err(|_| not_here("the issuer is no URL"))?;
        let host = origin
            .domain()
            .ok_or_else(|| not_here("the issuer's host is an address; keys are bound to names"))?;
        if origin.scheme() != "https" && host != "localhost" && !host.ends_with(".localhost") {
            return Err(not_here("the issuer is not https"));
        }
        let builder = WebauthnBuilder::new(host, &origin).map_err(|error| not_here(&error.to_string()))?;
        Ok(Self(builder.rp_name(name).build().map_err(|error| not_here(&error.to_string()))?))
    }

    /// What a browser is asked to make a key, and what of it is remembered until it answers. Keys in `known` are not made twice.
    ///
    /// # Errors
    /// [`Refused::Wrong`].
    pub fn begin_registration(
        &self,
        user: &UserId,
        username: &str,
        display_name: &str,
        known: &[Key],
    ) -> Result<(Value, PasskeyRegistration), Refused> {
        let id = handle(user).ok_or(Refused::Malformed)?;
        let exclude = known.iter().map(|key| key.0.cred_id().clone()).collect();
        let (options, state) = self.0.start_passkey_registration(id, username, display_name, Some(exclude))?;
        let mut options = serde_json::to_value(options).map_err(|_| Refused::Malformed)?;
        // So that it can be used without a name and a password, where the key has room for that (§5.4.6).
        if let Some(selection) = options.pointer_mut("/publicKey/authenticatorSelection") {
            selection["residentKey"] = json!("preferred");
        }
        Ok((options, state))
    }

    /// The key that was made.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn finish_registration(&self, answer: &str, state: &PasskeyRegistration) -> Result<Key, Refused> {
        let answer: RegisterPublicKeyCredential = read(answer)?;
        Ok(Key(self.0.finish_passkey_registration(&answer, state)?))
    }

    /// What a browser is asked to prove by one of these keys.
    ///
    /// # Errors
    /// [`Refused::Wrong`].
    pub fn begin_proof(&self, keys: &[Key]) -> Result<(Value, PasskeyAuthentication), Refused> {
        let keys: Vec<Passkey> = keys.iter().map(|key| key.0.clone()).collect();
        let (options, state) = self.0.start_passkey_authentication(&keys)?;
        Ok((serde_json::to_value(options).map_err(|_| Refused::Malformed)?, state))
    }

    /// What it proved.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn finish_proof(&self, answer: &str, state: &PasskeyAuthentication) -> Result<Proof, Refused> {
        let answer: PublicKeyCredential = read(answer)?;
        Ok(proof(self.0.finish_passkey_authentication(&answer, state)?))
    }

    /// What a browser is asked for a login without a name: by any key that it has for this server.
    ///
    /// # Errors
    /// [`Refused::Wrong`].
    pub fn begin_login(&self) -> Result<(Value, DiscoverableAuthentication), Refused> {
        let (options, state) = self.0.start_discoverable_authentication()?;
        Ok((serde_json::to_value(options).map_err(|_| Refused::Malformed)?, state))
    }

    /// Which key it says that it is. Nothing is proved by that.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn claimed_key(&self, answer: &str) -> Result<TokenHash, Refused> {
        let answer: PublicKeyCredential = read(answer)?;
        Ok(credential_hash(answer.get_credential_id()))
    }

    /// Whose key it says that it is, and which. Nothing is proved by that.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn claimed(&self, answer: &str) -> Result<(UserId, TokenHash), Refused> {
        let answer: PublicKeyCredential = read(answer)?;
        let (id, credential) = self.0.identify_discoverable_authentication(&answer)?;
        Ok((UserId::new(id.to_string()), credential_hash(credential)))
    }

    /// What that key proved.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn finish_login(&self, answer: &str, state: DiscoverableAuthentication, key: &Key) -> Result<Proof, Refused> {
        let answer: PublicKeyCredential = read(answer)?;
        Ok(proof(self.0.finish_discoverable_authentication_v2(&answer, state, &key.0)?))
    }
}

/// What a key keeps of its person: the subject, which is a random UUID and tells nothing of them.
fn handle(user: &UserId) -> Option<Uuid> {
    Uuid::parse_str(user.as_str()).ok()
}

fn read<T: DeserializeOwned>(answer: &str) -> Result<T, Refused> {
    if answer.len() > MAX_ANSWER {
        return Err(Refused::Malformed);
    }
    serde_json::from_str(answer).map_err(|_| Refused::Malformed)
}

fn proof(result: AuthenticationResult) -> Proof {
    let kept = if result.backup_eligible() { "swk" } else { "hwk" };
    Proof {
        counter: i64::from(result.counter()),
        amr: [kept, "user", "mfa"],
        result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_bound_to_names_and_to_secure_connections() {
        for issuer in [
            "https://login.example.org/tenant",
            "http://localhost:8080",
            "https://login.example.org:8443",
        ] {
            assert!(RelyingParty::new(issuer, "Example").is_ok(), "{issuer}");
        }
        for issuer in ["http://127.0.0.1:8080", "https://[::1]", "http://login.example.org", "nonsense"] {
            assert!(matches!(RelyingParty::new(issuer, "Example"), Err(Refused::NotHere(_))), "{issuer}");
        }
    }

    #[test]
    fn a_key_is_asked_to_verify_its_person_and_to_remember_the_account() {
        let party = RelyingParty::new("https://login.example.org", "Example").unwrap();
        let user = UserId::new("6d0e0ea4-5cf2-4d38-9f5d-3d2a1c0b9e77");
        let (options, _) = party.begin_registration(&user, "alice", "Alice", &[]).unwrap();
        let selection = &options["publicKey"]["authenticatorSelection"];
        assert_eq!(selection["userVerification"], "required");
        assert_eq!(selection["residentKey"], "preferred");
        assert_eq!(options["publicKey"]["rp"]["id"], "login.example.org");
        let (options, _) = party.begin_login().unwrap();
        assert_eq!(options["publicKey"]["userVerification"], "required");
        assert_eq!(options["mediation"], "conditional");
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let party = RelyingParty::new("https://login.example.org", "Example").unwrap();
        let (_, state) = party.begin_login().unwrap();
        let _ = state;
        for answer in ["", "{}", "[]", &"x".repeat(MAX_ANSWER + 1)] {
            assert_eq!(party.claimed(answer).unwrap_err(), Refused::Malformed);
        }
        let subject_that_is_no_uuid = UserId::new("alice");
        assert!(party.begin_registration(&subject_that_is_no_uuid, "a", "A", &[]).is_err());
    }
}

//! Client authentication at the token, introspection and revocation endpoints (RFC 6749 §2.3, §3.2.1).

use super::client::Client;
use super::error::{ErrorCode, OAuthError};
use super::form::{Params, decode};
use super::grant_type::ClientAuthMethod;
use super::opaque::TokenHash;
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use subtle::{Choice, ConstantTimeEq};

/// Base64 of a Basic header; some clients leave the padding out.
const BASIC: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a request says of the client that sends it. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// `Authorization: Basic`
    Basic {
        /// `client_id`
        id: String,
        /// `client_secret`
        secret: SecretString,
        /// The secret as it was sent, where decoding changed it: `curl -u` and many libraries leave the encoding out
        verbatim: Option<SecretString>,
    },
    /// `client_id` and `client_secret` in the form
    Post {
        /// `client_id`
        id: String,
        /// `client_secret`
        secret: SecretString,
    },
    /// `client_id` alone
    Named {
        /// `client_id`
        id: String,
    },
}

fn invalid_client(description: &str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidClient, description)
}

impl Credentials {
    /// Reads the credentials of a request. `authorization` is the value of the only `Authorization` header, if there is one.
    ///
    /// # Errors
    /// `invalid_request` if the client used more than one method (RFC 6749 §2.3), `invalid_client` if it used none or a malformed one.
    pub fn read(authorization: Option<&[u8]>, params: &Params) -> Result<Self, OAuthError> {
        let form_id = params.one("client_id")?;
        let form_secret = params.one("client_secret")?;
        let asserted = params.one("client_assertion")?.is_some() || params.one("client_assertion_type")?.is_some();
        let methods = usize::from(authorization.is_some()) + usize::from(form_secret.is_some()) + usize::from(asserted);
        if methods > 1 {
            return Err(OAuthError::new(
                ErrorCode::InvalidRequest,
                "the client authenticates in more than one way; use one",
            ));
        }
        if asserted {
            return Err(invalid_client("client assertions are not supported by this server"));
        }
        if let Some(header) = authorization {
            let credentials = basic(header).ok_or_else(|| {
                invalid_client(
                    "the Authorization header must be Basic with base64 of client_id:client_secret, each form-urlencoded (RFC 6749 section 2.3.1)",
                )
            })?;
            if form_id.is_some_and(|form_id| form_id != credentials.client_id()) {
                return Err(OAuthError::new(
                    ErrorCode::InvalidRequest,
                    "client_id in the form is not the client of the Authorization header",
                ));
            }
            return Ok(credentials);
        }
        match (form_id, form_secret) {
            (Some(id), Some(secret)) => Ok(Self::Post {
                id: id.to_owned(),
                secret: secret.into(),
            }),
            (Some(id), None) => Ok(Self::Named { id: id.to_owned() }),
            (None, _) => Err(invalid_client(
                "the client is not named; send an Authorization: Basic header, or client_id in the form",
            )),
        }
    }

    /// The client that the request claims to come from.
    pub fn client_id(&self) -> &str {
        match self {
            Self::Basic { id, .. } | Self::Post { id, .. } | Self::Named { id } => id,
        }
    }

    const fn method(&self) -> ClientAuthMethod {
        match self {
            Self::Basic { .. } => ClientAuthMethod::ClientSecretBasic,
            Self::Post { .. } => ClientAuthMethod::ClientSecretPost,
            Self::Named { .. } => ClientAuthMethod::None,
        }
    }

    /// Checks the credentials against the client that they name. Every secret that is valid now is compared in constant time, and an
    /// unknown client costs the same work as a known one with a wrong secret.
    ///
    /// # Errors
    /// `invalid_client`.
    pub fn authenticate<'a>(&self, client: Option<&'a Arc<Client>>, now: Timestamp) -> Result<&'a Arc<Client>, OAuthError> {
        let refused =
            || invalid_client("client authentication failed: client_id, client_secret or the way in which they are sent is wrong");
        let proven = match self {
            Self::Basic { secret, verbatim, .. } => {
                let decoded = has_secret(client.map(Arc::as_ref), secret, now);
                // No short cut: how long it takes depends on what was sent alone
                decoded
                    | verbatim
                        .as_ref()
                        .is_some_and(|secret| has_secret(client.map(Arc::as_ref), secret, now))
            }
            Self::Post { secret, .. } => has_secret(client.map(Arc::as_ref), secret, now),
            Self::Named { .. } => client.is_some_and(|client| client.auth_method == ClientAuthMethod::None),
        };
        let client = client.filter(|_| proven).ok_or_else(refused)?;
        if client.auth_method != self.method() {
            // Whoever gets here knows the secret, so the hint gives nothing away
            return Err(invalid_client(&format!(
                "this client is registered for {}; authenticate in that way",
                client.auth_method
            )));
        }
        Ok(client)
    }
}

fn has_secret(client: Option<&Client>, secret: &SecretString, now: Timestamp) -> bool {
    let presented = TokenHash::of(secret.expose_secret());
    let nothing = TokenHash::from_bytes([0; 32]);
    let equals = |hash: &TokenHash| presented.as_bytes().ct_eq(hash.as_bytes());
    let Some(client) = client.filter(|client| !client.secrets.is_empty()) else {
        // As much work as for a client with one secret; `& Choice::from(0)` keeps its result from ever counting
        return bool::from(equals(&nothing) & Choice::from(0));
    };
    let matched = client.secrets.iter().fold(Choice::from(0), |matched, secret| {
        let valid = secret.not_after.is_none_or(|end| now < end);
        matched | (equals(&secret.hash) & Choice::from(u8::from(valid)))
    });
    bool::from(matched)
}

/// `Basic` credentials: the scheme in any case (RFC 9110 §11.1), then id and secret, each form-urlencoded (RFC 6749 §2.3.1).
fn basic(header: &[u8]) -> Option<Credentials> {
    let scheme = header.get(..5)?;
    if !scheme.eq_ignore_ascii_case(b"basic") || header.get(5) != Some(&b' ') {
        return None;
    }
    let decoded = BASIC.decode(header.get(6..)?.trim_ascii()).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    let id = decode(decoded.get(..colon)?).ok()?;
    let sent = std::str::from_utf8(decoded.get(colon + 1..)?).ok()?;
    if id.is_empty() || sent.is_empty() {
        return None;
    }
    let (secret, verbatim) = match decode(sent.as_bytes()) {
        Ok(secret) if secret != sent => (secret.into(), Some(sent.into())),
        _ => (sent.into(), None),
    };
    Some(Credentials::Basic { id, secret, verbatim })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::client::ClientSecret;
    use crate::oauth::testing::{self, client};
    use proptest::prelude::*;

    fn header(text: &str) -> Vec<u8> {
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text)).into_bytes()
    }

    fn form(text: &str) -> Params {
        Params::parse(text.as_bytes()).unwrap()
    }

    fn confidential(method: ClientAuthMethod) -> Arc<Client> {
        Arc::new(Client {
            auth_method: method,
            secrets: vec![
                ClientSecret {
                    hash: TokenHash::of("new"),
                    not_after: None,
                },
                ClientSecret {
                    hash: TokenHash::of("old"),
                    not_after: Some(testing::at(100)),
                },
            ],
            ..client("a")
        })
    }

    fn basic_credentials(secret: &str) -> Credentials {
        Credentials::read(Some(&header(&format!("a:{secret}"))), &Params::default()).unwrap()
    }

    #[test]
    fn both_secrets_hold_during_a_rotations_overlap_and_one_after_it() {
        let client = confidential(ClientAuthMethod::ClientSecretBasic);
        for (secret, now, holds) in [
            ("new", 0, true),
            ("old", 99, true),
            ("old", 100, false),
            ("new", 100, true),
            ("other", 0, false),
        ] {
            let result = basic_credentials(secret).authenticate(Some(&client), testing::at(now));
            assert_eq!(result.is_ok(), holds, "{secret} at {now}");
        }
    }

    #[test]
    fn an_unknown_client_and_a_wrong_secret_read_the_same() {
        let client = confidential(ClientAuthMethod::ClientSecretBasic);
        let wrong = basic_credentials("wrong").authenticate(Some(&client), testing::at(0)).unwrap_err();
        let unknown = basic_credentials("wrong").authenticate(None, testing::at(0)).unwrap_err();
        assert_eq!(wrong, unknown);
        assert_eq!(wrong.code, ErrorCode::InvalidClient);
    }

    #[test]
    fn a_client_uses_the_method_that_it_is_registered_for() {
        let post = Credentials::read(None, &form("client_id=a&client_secret=new")).unwrap();
        let named = Credentials::read(None, &form("client_id=a")).unwrap();
        let now = testing::at(0);
        assert!(
            post.authenticate(Some(&confidential(ClientAuthMethod::ClientSecretPost)), now)
                .is_ok()
        );
        for credentials in [&post, &named] {
            let basic = confidential(ClientAuthMethod::ClientSecretBasic);
            assert_eq!(
                credentials.authenticate(Some(&basic), now).unwrap_err().code,
                ErrorCode::InvalidClient
            );
        }
        let public = Arc::new(Client {
            auth_method: ClientAuthMethod::None,
            secrets: vec![],
            ..client("a")
        });
        assert!(named.authenticate(Some(&public), now).is_ok());
        assert!(post.authenticate(Some(&public), now).is_err(), "a public client has no secret");
    }

    #[test]
    fn the_digest_that_stands_for_no_secret_opens_nothing() {
        let no_secrets = Arc::new(Client {
            secrets: vec![],
            ..client("a")
        });
        assert!(basic_credentials("x").authenticate(Some(&no_secrets), testing::at(0)).is_err());
    }

    #[test]
    fn decodes_the_basic_header_as_a_form() {
        let read = Credentials::read(Some(&header("a%3Ab+c:s%25%C3%A9")), &Params::default()).unwrap();
        assert_eq!(read.client_id(), "a:b c");
        match read {
            Credentials::Basic { secret, .. } => assert_eq!(secret.expose_secret(), "s%é"),
            other => panic!("{other:?}"),
        }
        assert!(Credentials::read(Some(b"bAsIc YTpi"), &Params::default()).is_ok());
    }

    #[test]
    fn takes_a_secret_that_was_not_encoded() {
        for secret in ["a+b/c==", "100%", "50%20off", "plain"] {
            let client = Arc::new(Client {
                secrets: vec![ClientSecret {
                    hash: TokenHash::of(secret),
                    not_after: None,
                }],
                ..client("a")
            });
            let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            for sent in [secret, &encoded] {
                assert!(
                    basic_credentials(sent).authenticate(Some(&client), testing::at(0)).is_ok(),
                    "{secret} as {sent}"
                );
            }
            assert!(basic_credentials("a b/c==").authenticate(Some(&client), testing::at(0)).is_err());
        }
    }

    #[test]
    fn refuses_two_methods_and_two_clients_in_one_request() {
        for text in ["client_id=a&client_secret=x", "client_id=b", "client_assertion=x"] {
            let error = Credentials::read(Some(&header("a:x")), &form(text)).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidRequest, "{text}");
        }
        assert!(Credentials::read(Some(&header("a:x")), &form("client_id=a")).is_ok());
    }

    #[test]
    fn refuses_headers_that_are_no_basic_credentials() {
        for bad in [
            &b"Basic"[..],
            b"Basic ",
            b"Basic !",
            b"Bearer x",
            b"Basic YQ==",
            b"Basic Og==",
            b"Basic YTo=",
            b"Basic /////w==",
        ] {
            assert_eq!(
                Credentials::read(Some(bad), &Params::default()).unwrap_err().code,
                ErrorCode::InvalidClient
            );
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        assert!(!format!("{:?}", basic_credentials("hunter2")).contains("hunter2"));
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Credentials::read(Some(&bytes), &Params::default());
            let mut header = b"Basic ".to_vec();
            header.extend_from_slice(BASIC.encode(&bytes).as_bytes());
            let _ = Credentials::read(Some(&header), &Params::default());
        }

        #[test]
        fn reads_back_any_id_and_secret(id in "[^\0]{1,20}", secret in "[^\0]{1,40}") {
            let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let read = Credentials::read(Some(&header(&format!("{}:{}", encode(&id), encode(&secret)))), &Params::default()).unwrap();
            prop_assert_eq!(read.client_id(), id);
        }
    }
}

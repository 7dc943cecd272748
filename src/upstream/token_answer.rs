//! The exchange of a code (RFC 6749 §4.1.3, OpenID Connect Core §3.1.3).

use super::fault::{UpstreamFault, code};
use super::fetch::{Http, Reply};
use super::metadata::{Metadata, Proof};
use crate::config::snapshot::IdentityProviderConfig;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::form_urlencoded::{Serializer, byte_serialize};

/// What a code was exchanged for.
pub struct Tokens {
    /// Says who
    pub id: SecretString,
    /// Lets us ask for more of them
    pub access: Option<SecretString>,
}

/// Exchanges a code.
///
/// # Errors
/// [`UpstreamFault`].
pub async fn exchange(
    http: &Http,
    metadata: &Metadata,
    provider: &IdentityProviderConfig,
    redirect_uri: &str,
    sent: &SecretString,
    verifier: &SecretString,
) -> Result<Tokens, UpstreamFault> {
    let mut form = Serializer::new(String::new());
    form.extend_pairs([
        ("grant_type", "authorization_code"),
        ("code", sent.expose_secret()),
        ("redirect_uri", redirect_uri),
        ("code_verifier", verifier.expose_secret()),
    ]);
    let secret = provider.client_secret.expose_secret();
    let authorization = match metadata.proof {
        Proof::Basic => Some(basic(&provider.client_id, secret)),
        Proof::Post => {
            form.extend_pairs([("client_id", provider.client_id.as_str()), ("client_secret", secret)]);
            None
        }
    };
    let reply = http.post(&metadata.token_endpoint, form.finish(), authorization.as_deref()).await?;
    read(&reply)
}

/// `client_secret_basic`: both halves are form-urlencoded first (RFC 6749 §2.3.1).
fn basic(client_id: &str, secret: &str) -> String {
    let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(client_id), encode(secret))))
}

fn read(reply: &Reply) -> Result<Tokens, UpstreamFault> {
    let text = |name: &str| reply.json.as_ref()?.get(name).and_then(Value::as_str);
    if reply.status != 200 {
        return Err(match text("error") {
            Some(error) => UpstreamFault::Refused(format!("{} (status {})", code(error), reply.status)),
            None => UpstreamFault::invalid(format!("its token endpoint answers with status {} and no error", reply.status)),
        });
    }
    let id = text("id_token").ok_or_else(|| UpstreamFault::invalid("its token endpoint sent no ID token"))?;
    Ok(Tokens {
        id: id.into(),
        access: text("access_token").map(SecretString::from),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reply(status: u16, json: Value) -> Result<Tokens, UpstreamFault> {
        read(&Reply {
            status,
            json: json.as_object().cloned(),
        })
    }

    #[test]
    fn what_is_not_an_id_token_is_none() {
        assert!(reply(200, json!({"id_token": "a.b.c", "access_token": "t"})).is_ok());
        for (status, answer) in [
            (200, json!({"access_token": "t"})),
            (200, json!({"id_token": 7})),
            (200, json!("a.b.c")),
            (201, json!({"id_token": "a.b.c"})),
            (400, json!({"id_token": "a.b.c"})),
        ] {
            assert!(matches!(reply(status, answer.clone()), Err(UpstreamFault::Invalid(_))), "{answer}");
        }
    }

    #[test]
    fn a_refusal_says_its_code_and_no_more() {
        let refused = reply(400, json!({"error": "invalid_grant", "error_description": "code SECRET is used"}));
        assert_eq!(refused.err(), Some(UpstreamFault::Refused("invalid_grant (status 400)".to_owned())));
        let refused = reply(400, json!({"error": "code SECRET is used"})).err().unwrap();
        assert!(!refused.to_string().contains("SECRET"));
    }

    #[test]
    fn a_secret_with_odd_letters_is_sent_as_the_specification_wants_it() {
        assert_eq!(basic("a:b", "p+ä"), format!("Basic {}", STANDARD.encode("a%3Ab:p%2B%C3%A4")));
    }
}

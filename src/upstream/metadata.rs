//! What a provider says of itself (OpenID Connect Discovery §3, RFC 9207 §3).

use super::fault::UpstreamFault;
use crate::config::redirect_uri::is_loopback;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

/// How we prove who we are at the token endpoint (OpenID Connect Core §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// `client_secret_basic`
    Basic,
    /// `client_secret_post`
    Post,
}

/// What is used of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Where browsers go
    pub authorization_endpoint: Url,
    /// Where codes go
    pub token_endpoint: Url,
    /// Its keys
    pub jwks_uri: Url,
    /// Where more is told of a person
    pub userinfo_endpoint: Option<Url>,
    /// Where browsers sign out
    pub end_session_endpoint: Option<Url>,
    /// How we prove who we are
    pub proof: Proof,
    /// It says in each answer who it is (RFC 9207 §2)
    pub names_itself: bool,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    authorization_response_iss_parameter_supported: Option<bool>,
}

/// Where the document of an issuer is (OpenID Connect Discovery §4.1).
///
/// # Errors
/// If the issuer is no URL: `config::compile` refuses that.
pub fn address(issuer: &str) -> Result<Url, UpstreamFault> {
    let text = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    Url::parse(&text).map_err(|_| UpstreamFault::invalid("its issuer is not a URL"))
}

/// Reads the document of an issuer. One that names another issuer is refused (§4.3): else whoever answers here could speak for somebody else.
///
/// # Errors
/// [`UpstreamFault::Invalid`].
pub fn read(issuer: &str, document: Map<String, Value>) -> Result<Metadata, UpstreamFault> {
    let document: Document = serde_json::from_value(Value::Object(document)).map_err(|error| unreadable(&error))?;
    if document.issuer != issuer {
        return Err(UpstreamFault::invalid("its discovery document names another issuer than issuerUrl"));
    }
    let endpoint = |name: &str, text: &str| {
        endpoint(issuer, text).ok_or_else(|| UpstreamFault::invalid(format!("{name} is not https, or not an address that can be used")))
    };
    let optional = |name: &str, text: Option<String>| text.map(|text| endpoint(name, &text)).transpose();
    let methods = document.token_endpoint_auth_methods_supported;
    let takes = |method: &str| methods.as_ref().is_some_and(|methods| methods.iter().any(|known| known == method));
    let proof = if methods.is_none() || takes("client_secret_basic") {
        Proof::Basic
    } else if takes("client_secret_post") {
        Proof::Post
    } else {
        return Err(UpstreamFault::invalid(
            "its token endpoint takes neither client_secret_basic nor client_secret_post",
        ));
    };
    Ok(Metadata {
        authorization_endpoint: endpoint("authorization_endpoint", &document.authorization_endpoint)?,
        token_endpoint: endpoint("token_endpoint", &document.token_endpoint)?,
        jwks_uri: endpoint("jwks_uri", &document.jwks_uri)?,
        userinfo_endpoint: optional("userinfo_endpoint", document.userinfo_endpoint)?,
        end_session_endpoint: optional("end_session_endpoint", document.end_session_endpoint)?,
        proof,
        names_itself: document.authorization_response_iss_parameter_supported.unwrap_or(false),
    })
}

/// What is missing, or of another kind: the beginning of what the parser says.
fn unreadable(error: &serde_json::Error) -> UpstreamFault {
    let text: String = error
        .to_string()
        .chars()
        .take(120)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    UpstreamFault::invalid(format!("its discovery document: {text}"))
}

/// https; beside an issuer on this machine plain http on this machine too. A provider elsewhere cannot make us talk to what listens here.
fn endpoint(issuer: &str, text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_local = Url::parse(issuer).is_ok_and(|issuer| issuer.scheme() == "http" && is_loopback(&issuer));
    let is_fit = match url.scheme() {
        "https" => url.has_host(),
        "http" => is_local && is_loopback(&url),
        _ => false,
    };
    let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    (is_fit && is_plain && text.len() <= 2048).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ISSUER: &str = "https://id.example.org";

    fn document(change: Value) -> Map<String, Value> {
        let mut document = json!({"issuer": ISSUER, "authorization_endpoint": "https://id.example.org/authorize",
            "token_endpoint": "https://oauth.example.net/token", "jwks_uri": "https://id.example.org/jwks"});
        let fields = document.as_object_mut().unwrap();
        fields.extend(change.as_object().unwrap().clone());
        fields.clone()
    }

    #[test]
    fn reads_what_is_there_and_takes_the_rest_for_the_usual() {
        let metadata = read(ISSUER, document(json!({}))).unwrap();
        assert_eq!(
            (metadata.proof, metadata.names_itself, metadata.userinfo_endpoint),
            (Proof::Basic, false, None)
        );
        let more = json!({"token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_post"],
            "authorization_response_iss_parameter_supported": true, "userinfo_endpoint": "https://id.example.org/me"});
        let metadata = read(ISSUER, document(more)).unwrap();
        assert_eq!((metadata.proof, metadata.names_itself), (Proof::Post, true));
        assert_eq!(metadata.userinfo_endpoint.unwrap().path(), "/me");
    }

    #[test]
    fn a_document_of_another_issuer_or_without_what_is_needed_is_refused() {
        for change in [
            json!({"issuer": "https://id.example.com"}),
            json!({"issuer": "https://id.example.org/"}),
            json!({"jwks_uri": null}),
            json!({"token_endpoint": 7}),
            json!({"token_endpoint_auth_methods_supported": ["private_key_jwt"]}),
        ] {
            assert!(read(ISSUER, document(change.clone())).is_err(), "{change}");
        }
    }

    #[test]
    fn a_provider_elsewhere_cannot_name_what_listens_on_this_machine() {
        for address in [
            "http://127.0.0.1:8080/token",
            "http://localhost/token",
            "http://id.example.org/token",
            "file:///etc/passwd",
            "https://user:password@id.example.org/token",
            "https://id.example.org/token#x",
            "javascript:alert(1)",
            "https:///token",
            "",
        ] {
            for field in [
                "authorization_endpoint",
                "token_endpoint",
                "jwks_uri",
                "userinfo_endpoint",
                "end_session_endpoint",
            ] {
                let found = read(ISSUER, document(json!({ field: address })));
                // `https:///token` has a host by the rules of URLs: `token`.
                assert!(found.is_err() || address == "https:///token", "{field} {address}");
            }
        }
        assert!(endpoint("http://127.0.0.1:9", "http://127.0.0.1:9/token").is_some());
        assert!(endpoint("http://127.0.0.1:9", "http://id.example.org/token").is_none());
    }

    #[test]
    fn the_document_is_below_the_issuer() {
        for (issuer, expected) in [
            (ISSUER, "https://id.example.org/.well-known/openid-configuration"),
            (
                "https://id.example.org/realms/a/",
                "https://id.example.org/realms/a/.well-known/openid-configuration",
            ),
        ] {
            assert_eq!(address(issuer).unwrap().as_str(), expected);
        }
    }
}

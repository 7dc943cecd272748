//! Server metadata: OpenID Connect Discovery §3 and RFC 8414 §2. Both documents say the same, and exactly what the running configuration does.

use super::acr::Acr;
use super::authorize::prompt::Prompts;
use super::authorize::response::ResponseMode;
use super::claims::PersonClaims;
use super::client::Client;
use super::grant_type::{ClientAuthMethod, GrantType};
use serde::Serialize;
use std::collections::BTreeSet;

/// What the documents are made of.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// `iss`
    pub issuer: &'a str,
    /// JOSE name of the algorithm of ID tokens
    pub id_token_algorithm: &'a str,
}

/// The document.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)]
pub struct Metadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub userinfo_endpoint: String,
    pub jwks_uri: String,
    pub introspection_endpoint: String,
    pub revocation_endpoint: String,
    pub end_session_endpoint: String,
    pub scopes_supported: BTreeSet<String>,
    pub response_types_supported: [&'static str; 1],
    pub response_modes_supported: [&'static str; 3],
    pub grant_types_supported: BTreeSet<GrantType>,
    pub subject_types_supported: [&'static str; 1],
    pub id_token_signing_alg_values_supported: Vec<String>,
    pub token_endpoint_auth_methods_supported: BTreeSet<ClientAuthMethod>,
    pub introspection_endpoint_auth_methods_supported: BTreeSet<ClientAuthMethod>,
    pub revocation_endpoint_auth_methods_supported: BTreeSet<ClientAuthMethod>,
    pub code_challenge_methods_supported: [&'static str; 1],
    pub acr_values_supported: [&'static str; 3],
    pub claim_types_supported: [&'static str; 1],
    pub claims_supported: Vec<&'static str>,
    pub prompt_values_supported: [&'static str; 4],
    pub authorization_response_iss_parameter_supported: bool,
    pub backchannel_logout_supported: bool,
    pub backchannel_logout_session_supported: bool,
    pub claims_parameter_supported: bool,
    pub request_parameter_supported: bool,
    pub request_uri_parameter_supported: bool,
}

/// Describes the server with these clients. What no client may use is not offered.
pub fn metadata<'a>(facts: &Facts<'_>, clients: impl Iterator<Item = &'a Client>) -> Metadata {
    let (mut scopes, mut grants, mut methods) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for client in clients {
        scopes.extend(client.scopes.iter().map(str::to_owned));
        grants.extend(client.grant_types.iter().filter(|grant| super::grants::SUPPORTED.contains(grant)));
        methods.insert(client.auth_method);
    }
    // OpenID Connect Discovery §3 wants openid to be there
    scopes.insert("openid".to_owned());
    let confidential = methods.iter().copied().filter(|method| *method != ClientAuthMethod::None).collect();
    let at = |path: &str| format!("{}{path}", facts.issuer);
    let mut claims = vec![
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "nonce",
        "acr",
        "amr",
        "azp",
        "sid",
        "at_hash",
    ];
    claims.extend(PersonClaims::NAMES);
    Metadata {
        issuer: facts.issuer.to_owned(),
        authorization_endpoint: at("/authorize"),
        token_endpoint: at("/token"),
        userinfo_endpoint: at("/userinfo"),
        jwks_uri: at("/jwks"),
        introspection_endpoint: at("/introspect"),
        revocation_endpoint: at("/revoke"),
        end_session_endpoint: at("/logout"),
        scopes_supported: scopes,
        response_types_supported: ["code"],
        response_modes_supported: ResponseMode::NAMES,
        grant_types_supported: grants,
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: vec![facts.id_token_algorithm.to_owned()],
        introspection_endpoint_auth_methods_supported: confidential,
        revocation_endpoint_auth_methods_supported: methods.clone(),
        token_endpoint_auth_methods_supported: methods,
        code_challenge_methods_supported: ["S256"],
        acr_values_supported: Acr::NAMES,
        claim_types_supported: ["normal"],
        claims_supported: claims,
        prompt_values_supported: Prompts::NAMES,
        authorization_response_iss_parameter_supported: true,
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
        claims_parameter_supported: false,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::testing::client;

    #[test]
    fn offers_what_some_client_may_use_and_nothing_else() {
        let mut one = client("a");
        one.grant_types.insert(GrantType::Ciba);
        let facts = Facts {
            issuer: "https://login.example.org/tenant",
            id_token_algorithm: "RS256",
        };
        let document = serde_json::to_value(metadata(&facts, [one].iter())).unwrap();
        assert_eq!(document["token_endpoint"], "https://login.example.org/tenant/token");
        assert_eq!(
            document["grant_types_supported"],
            serde_json::json!(["authorization_code", "client_credentials", "refresh_token"])
        );
        assert_eq!(
            document["token_endpoint_auth_methods_supported"],
            serde_json::json!(["client_secret_basic"])
        );
        assert_eq!(document["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    }
}

//! IdentityProviders: checked in full; no server uses one yet.

use super::input::{Kind, Resources};
use super::refusal::{Aspect, Refusal};
use super::server::issuer_fault;
use super::verdict::{Status, Verdict};
use crate::oauth::scope::Scopes;
use crate::resources::{IdentityProviderSpec, IdentityProviderStatus};

/// What a provider's claims can be read into.
const ATTRIBUTES: [&str; 6] = ["username", "email", "displayName", "givenName", "familyName", "groups"];

/// The verdict on each.
pub fn verdicts(resources: &Resources) -> Vec<Verdict> {
    resources
        .identity_providers
        .iter()
        .map(|(key, object)| Verdict {
            kind: Kind::IdentityProvider,
            key: key.clone(),
            status: Status::IdentityProvider(IdentityProviderStatus {
                conditions: vec![refusal(&object.spec).ready(false)],
                observed_generation: object.generation,
            }),
        })
        .collect()
}

/// Why it is not served: its own faults, else that this release serves none.
pub fn refusal(spec: &IdentityProviderSpec) -> Refusal {
    let faults = faults(spec);
    if faults.is_empty() {
        let message = "this release does not offer logins by way of another provider yet";
        Refusal::new(Aspect::Spec, "NotServedYet", message)
    } else {
        Refusal::spec(&faults)
    }
}

fn faults(spec: &IdentityProviderSpec) -> Vec<String> {
    let mut found = Vec::new();
    let oidc = &spec.oidc;
    if let Some(fault) = issuer_fault(&oidc.issuer_url) {
        found.push(format!("oidc.issuerUrl: {:?} {fault}", oidc.issuer_url));
    }
    if oidc.client_id.is_empty() || oidc.client_id.bytes().any(|byte| !(0x20..0x7f).contains(&byte)) {
        found.push("oidc.clientId is empty or holds characters that a client_id cannot have (RFC 6749 appendix A.1)".to_owned());
    }
    if !oidc.scopes.iter().any(|scope| scope == "openid") {
        found.push("oidc.scopes: openid is missing (OpenID Connect Core §3.1.2.1)".to_owned());
    }
    for scope in oidc.scopes.iter().filter(|scope| !Scopes::is_token(scope)) {
        found.push(format!(
            "oidc.scopes: {scope:?} is not a scope (RFC 6749 §3.3: no spaces, quotes or backslashes)"
        ));
    }
    for name in oidc.attributes.keys().filter(|name| !ATTRIBUTES.contains(&name.as_str())) {
        found.push(format!("oidc.attributes: {name:?} is not one of {}", ATTRIBUTES.join(", ")));
    }
    if let Some(name) = &spec.display_name
        && (name.trim().is_empty() || name.chars().any(char::is_control) || name.chars().count() > 80)
    {
        found.push("displayName is empty, longer than 80 characters or holds control characters".to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn reason(change: impl FnOnce(&mut Value)) -> (&'static str, String) {
        let mut value = json!({"oidc": {"issuerUrl": "https://id.example.org", "clientId": "us", "clientSecretRef": {"name": "s"}}});
        change(&mut value);
        let refusal = refusal(&serde_json::from_value(value).unwrap());
        (refusal.reason, refusal.message)
    }

    #[test]
    fn a_good_provider_is_not_served_yet_and_says_so() {
        assert_eq!(reason(|_| ()).0, "NotServedYet");
    }

    #[test]
    fn faults_are_told_before_that() {
        for (change, word) in [
            (json!({"issuerUrl": "http://id.example.org"}), "oidc.issuerUrl"),
            (json!({"clientId": ""}), "oidc.clientId"),
            (json!({"scopes": ["email"]}), "openid is missing"),
            (json!({"scopes": ["openid", "a b"]}), "is not a scope"),
            (json!({"attributes": {"shoeSize": "x"}}), "shoeSize"),
        ] {
            let (reason, message) = reason(|value| {
                for (field, new) in change.as_object().unwrap() {
                    value["oidc"][field] = new.clone();
                }
            });
            assert_eq!(reason, "InvalidSpec", "{change}");
            assert!(message.contains(word), "{message}");
        }
    }
}

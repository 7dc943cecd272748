//! What a configuration offers to a newcomer: someone to log in as, a service that gets a token, a client for the demo.

use crate::config::input::{GeneratedSecret, Key};
use crate::config::snapshot::Snapshot;
use crate::oauth::client::{Client, ClientType};
use crate::oauth::grant_type::{ClientAuthMethod, GrantType};
use secrecy::ExposeSecret;
use std::collections::BTreeMap;
use std::sync::Arc;
use url::Url;

/// A user whose password the manifests tell.
pub struct Person {
    /// What to type
    pub username: String,
    /// What to type
    pub password: String,
}

/// The first enabled user, by name, whose password is not a digest.
pub fn person(snapshot: &Snapshot) -> Option<Person> {
    snapshot
        .users
        .iter()
        .filter(|user| !user.disabled)
        .filter_map(|user| {
            let password = user.password.as_ref()?.expose_secret();
            (!password.starts_with("$argon2")).then(|| Person {
                username: user.username.clone(),
                password: password.to_owned(),
            })
        })
        .min_by(|one, other| one.username.cmp(&other.username))
}

/// The plainest client (fewest grants, then by id) that may use client credentials with a secret that was generated for it, and the
/// secret.
pub fn service<'a>(snapshot: &'a Snapshot, generated: &BTreeMap<Key, Arc<GeneratedSecret>>) -> Option<(&'a Client, String)> {
    let mut services: Vec<_> = snapshot
        .clients
        .values()
        .map(AsRef::as_ref)
        .filter(|client| {
            client.client_type == ClientType::Confidential
                && client.grant_types.contains(&GrantType::ClientCredentials)
                && matches!(
                    client.auth_method,
                    ClientAuthMethod::ClientSecretBasic | ClientAuthMethod::ClientSecretPost
                )
        })
        .collect();
    services.sort_by(|one, other| (one.grant_types.len(), &one.id).cmp(&(other.grant_types.len(), &other.id)));
    services.into_iter().find_map(|client| {
        let made = generated.values().find(|made| made.client_id == client.id)?;
        Some((client, made.secret.expose_secret().to_owned()))
    })
}

/// The first public client, by id, that may return to `<origin>/callback`; the port of a loopback address does not matter (RFC 8252 §7.3).
pub fn demo_client<'a>(snapshot: &'a Snapshot, origin: &str) -> Option<&'a Client> {
    let wanted = Url::parse(&format!("{origin}/callback")).ok()?;
    let fits = |registered: &String| {
        Url::parse(registered).is_ok_and(|url| {
            url.scheme() == wanted.scheme() && url.host_str() == wanted.host_str() && url.path() == wanted.path() && url.query().is_none()
        })
    };
    snapshot
        .clients
        .values()
        .map(AsRef::as_ref)
        .filter(|client| {
            client.client_type == ClientType::Public
                && client.grant_types.contains(&GrantType::AuthorizationCode)
                && client.redirect_uris.iter().any(fits)
        })
        .min_by(|one, other| one.id.cmp(&other.id))
}

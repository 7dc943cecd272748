//! The digest of a snapshot: equal content, equal revision, on every replica and after every restart.

use super::snapshot::{DeclaredUser, Revision, RoleConfig, Snapshot, UserStoreConfig, UserStoreKind};
use crate::oauth::client::{Client, ClientSecret, Limits};
use crate::oauth::ids::{ClientId, UserStoreId};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// SHA-256 of one part of a snapshot.
pub type Digest = [u8; 32];

/// The digest of each part of a snapshot, by the part's name: `client/…`, `user/…`, `role/…`, and `settings` for the rest.
pub type Digests = BTreeMap<String, Digest>;

/// The name of everything in a snapshot that is not a client, a user or a role.
pub const SETTINGS: &str = "settings";

/// The name of a client among the parts.
pub fn client_part(id: &ClientId) -> String {
    format!("client/{id}")
}

/// The name of a declared user among the parts.
pub fn user_part(store: &UserStoreId, username: &str) -> String {
    format!("user/{store}/{username}")
}

/// The name of a role among the parts.
pub fn role_part(store: &UserStoreId, name: &str) -> String {
    format!("role/{store}/{name}")
}

/// The revision of everything in a snapshot but its `revision` field. Secrets enter as hashes.
pub fn of(snapshot: &Snapshot) -> Revision {
    of_digests(&digests(snapshot))
}

/// The revision of a snapshot whose parts have these digests.
pub fn of_digests(digests: &Digests) -> Revision {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"nauthera snapshot 3");
    for (name, part) in digests {
        // Lengths before names: no two lists read the same.
        context.update(&(name.len() as u64).to_be_bytes());
        context.update(name.as_bytes());
        context.update(part);
    }
    Revision(hex(context.finish().as_ref()))
}

/// The digests of a snapshot's parts.
pub fn digests(snapshot: &Snapshot) -> Digests {
    let mut digests: Digests = snapshot
        .clients
        .values()
        .map(|client| (client_part(&client.id), client_digest(client)))
        .collect();
    digests.extend(
        snapshot
            .users
            .iter()
            .map(|user| (user_part(&user.store, &user.username), user_digest(user))),
    );
    digests.extend(
        snapshot
            .roles
            .iter()
            .map(|role| (role_part(&role.store, &role.name), role_digest(role))),
    );
    digests.insert(SETTINGS.to_owned(), settings_digest(snapshot));
    digests
}

/// The digest of everything in a snapshot that is not a client, a user or a role.
pub fn settings_digest(snapshot: &Snapshot) -> Digest {
    // Exhaustive on purpose: a new field cannot be forgotten here.
    let Snapshot {
        revision: _,
        server,
        issuer,
        signing,
        clients: _,
        user_stores,
        users: _,
        roles: _,
        claim_rules,
        departed,
        branding,
    } = snapshot;
    let algorithms: Vec<&str> = signing.algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
    sha256(&json!([
        server,
        issuer,
        [json!(algorithms), seconds(signing.rotate_every), seconds(signing.overlap)],
        user_stores.iter().map(|store| user_store(store)).collect::<Value>(),
        json!(claim_rules),
        json!(departed),
        [&branding.product_name, &branding.logo_url, &branding.primary_color],
    ]))
}

/// The digest of a client.
pub fn client_digest(part: &Client) -> Digest {
    sha256(&client(part))
}

/// The digest of a declared user.
pub fn user_digest(part: &DeclaredUser) -> Digest {
    sha256(&user(part))
}

/// The digest of a role.
pub fn role_digest(part: &RoleConfig) -> Digest {
    sha256(&role(part))
}

fn sha256(content: &Value) -> Digest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest::digest(&digest::SHA256, content.to_string().as_bytes()).as_ref());
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn seconds(duration: Duration) -> Value {
    json!([duration.as_secs(), duration.subsec_nanos()])
}

fn client(client: &Client) -> Value {
    let Client {
        id,
        resource,
        display_name,
        client_type,
        redirect_uris,
        post_logout_redirect_uris,
        grant_types,
        response_types,
        scopes,
        auth_method,
        secrets,
        audiences,
        access_token_format,
        require_consent,
        allowed_groups,
        limits,
    } = client;
    let Limits {
        access_token_ttl,
        refresh_token_ttl,
        id_token_ttl,
        require_pkce,
        max_session_age,
    } = limits;
    let secrets: Vec<Value> = secrets.iter().map(secret).collect();
    json!([
        [json!(id), json!(resource), json!(display_name), json!(client_type)],
        [redirect_uris, post_logout_redirect_uris, audiences],
        [json!(grant_types), json!(response_types), json!(scopes), json!(auth_method)],
        secrets,
        [json!(access_token_format), json!(require_consent), json!(allowed_groups)],
        [seconds(*access_token_ttl), seconds(*refresh_token_ttl), seconds(*id_token_ttl)],
        [json!(require_pkce), json!(max_session_age.map(seconds))],
    ])
}

fn secret(secret: &ClientSecret) -> Value {
    let ClientSecret { hash, not_after } = secret;
    json!([URL_SAFE_NO_PAD.encode(hash.as_bytes()), not_after.map(|at| at.to_string())])
}

fn user_store(store: &UserStoreConfig) -> Value {
    let UserStoreConfig { id, kind } = store;
    match kind {
        UserStoreKind::Local => json!([id, "local"]),
    }
}

fn role(role: &RoleConfig) -> Value {
    let RoleConfig {
        store,
        name,
        groups,
        users,
    } = role;
    json!([json!(store), json!(name), json!(groups), json!(users)])
}

fn user(user: &DeclaredUser) -> Value {
    let DeclaredUser {
        store,
        username,
        email,
        email_verified,
        display_name,
        given_name,
        family_name,
        groups,
        disabled,
        password,
    } = user;
    let password = password.as_ref().map(|password| {
        // Bound to its user, so that equal passwords do not show as equal digests.
        let bound = json!(["nauthera password", store, username, password.expose_secret()]).to_string();
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, bound.as_bytes()))
    });
    json!([
        [json!(store), json!(username), json!(email), json!(email_verified)],
        [display_name, given_name, family_name],
        [json!(groups), json!(disabled), json!(password)],
    ])
}

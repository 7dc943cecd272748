//! The digest of a snapshot: equal content, equal revision, on every replica and after every restart.

use super::snapshot::{DeclaredUser, Revision, RoleConfig, Snapshot, UserStoreConfig, UserStoreKind};
use crate::oauth::client::{Client, ClientSecret, Limits};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::time::Duration;

/// The revision of everything in a snapshot but its `revision` field. Secrets enter as hashes.
pub fn of(snapshot: &Snapshot) -> Revision {
    // Exhaustive on purpose: a new field cannot be forgotten here.
    let Snapshot {
        revision: _,
        server,
        issuer,
        signing,
        clients,
        user_stores,
        users,
        roles,
        claim_rules,
        departed,
        branding,
    } = snapshot;
    let mut sorted: Vec<&Client> = clients.values().map(AsRef::as_ref).collect();
    sorted.sort_by(|a, b| a.id.cmp(&b.id));
    let mut people: Vec<&DeclaredUser> = users.iter().map(AsRef::as_ref).collect();
    people.sort_by_key(|user| (&user.store, &user.username));
    let algorithms: Vec<&str> = signing.algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
    let content = json!([
        "nauthera snapshot 2",
        server,
        issuer,
        [json!(algorithms), seconds(signing.rotate_every), seconds(signing.overlap)],
        sorted.into_iter().map(client).collect::<Value>(),
        user_stores.iter().map(|store| user_store(store)).collect::<Value>(),
        people.into_iter().map(user).collect::<Value>(),
        roles.iter().map(|role| self::role(role)).collect::<Value>(),
        json!(claim_rules),
        json!(departed),
        [&branding.product_name, &branding.logo_url, &branding.primary_color],
    ]);
    Revision(hex(digest::digest(&digest::SHA256, content.to_string().as_bytes()).as_ref()))
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

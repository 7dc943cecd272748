//! The digest of a snapshot: equal content, equal revision, on every replica and after every restart.

use super::rate::{Rate, RateLimits};
use super::snapshot::{
    DeclaredUser, IdentityProviderConfig, LdapConfig, Linking, NestedGroups, PasswordRules, Revision, RoleConfig, Snapshot,
    UserStoreConfig, UserStoreKind,
};
use crate::oauth::client::{Client, ClientSecret, Limits};
use crate::oauth::ids::{ClientId, UserStoreId};
use crate::oauth::two_factor::TwoFactor;
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
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
        identity_providers,
        claim_rules,
        departed,
        branding,
        rate_limits,
        passwords,
    } = snapshot;
    let algorithms: Vec<&str> = signing.algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
    let mut content = json!([
        server,
        issuer,
        [json!(algorithms), seconds(signing.rotate_every), seconds(signing.overlap)],
        user_stores.iter().map(|store| user_store(store)).collect::<Value>(),
        json!(claim_rules),
        json!(departed),
        [&branding.product_name, &branding.logo_url, &branding.primary_color],
    ]);
    // A release before this field digests the rest, and goes on agreeing as long as there is nothing that it would not do.
    if let (Value::Array(parts), true) = (&mut content, *rate_limits != RateLimits::default()) {
        let RateLimits { per_address, per_client } = rate_limits;
        parts.push(json!([per_address.as_ref().map(rate), per_client.as_ref().map(rate)]));
    }
    // The same. An object, so that no two lists read the same.
    if let (Value::Array(parts), false) = (&mut content, identity_providers.is_empty()) {
        let providers: Value = identity_providers.iter().map(|provider| identity_provider(provider)).collect();
        parts.push(json!({ "identity providers": providers }));
    }
    if let (Value::Array(parts), true) = (&mut content, *passwords != PasswordRules::default()) {
        let PasswordRules { min_length } = passwords;
        parts.push(json!({ "passwords": [min_length] }));
    }
    sha256(&content)
}

fn identity_provider(provider: &IdentityProviderConfig) -> Value {
    let IdentityProviderConfig {
        id,
        name,
        display_name,
        issuer,
        client_id,
        client_secret,
        authorities,
        scopes,
        attributes,
        linking,
        allowed_email_domains,
        logout,
    } = provider;
    let bound = json!(["nauthera provider secret", id, client_id, client_secret.expose_secret()]).to_string();
    let secret = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, bound.as_bytes()));
    let linking = match linking {
        Linking::None => "none",
        Linking::VerifiedEmail => "verified e-mail",
    };
    json!([
        [json!(id), json!(name), json!(display_name)],
        [json!(issuer), json!(client_id), json!(secret), json!(authorities)],
        [json!(scopes), json!(attributes)],
        [json!(linking), json!(allowed_email_domains), json!(logout)],
    ])
}

fn rate(rate: &Rate) -> Value {
    json!([rate.requests(), seconds(rate.per()), rate.burst()])
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

fn sha256(content: &impl Serialize) -> Digest {
    let mut context = Hasher(digest::Context::new(&digest::SHA256));
    // Neither the hasher nor these types can fail; and what failed would differ from everything else by what is missing.
    if serde_json::to_writer(&mut context, content).is_err() {
        context.0.update(b"unwritable");
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.0.finish().as_ref());
    bytes
}

/// Takes in what is written: no text is built for it.
struct Hasher(digest::Context);

impl io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn seconds(duration: Duration) -> Value {
    json!(span(duration))
}

fn client(client: &Client) -> impl Serialize {
    let Client {
        id,
        resource,
        display_name,
        client_type,
        redirect_uris,
        post_logout_redirect_uris,
        backchannel_logout_uri,
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
        two_factor,
    } = limits;
    // Releases before these fields go on agreeing as long as there is nothing that they would not do.
    let two_factor = (*two_factor != TwoFactor::default()).then(|| (two_factor.required, &two_factor.methods, span(two_factor.remember)));
    // References in a tuple, written straight into the hash: there may be thousands of clients.
    (
        (id, resource, display_name, client_type),
        (redirect_uris, post_logout_redirect_uris, audiences),
        (grant_types, response_types, scopes, auth_method),
        secrets.iter().map(secret).collect::<Vec<_>>(),
        (access_token_format, require_consent, allowed_groups),
        (span(*access_token_ttl), span(*refresh_token_ttl), span(*id_token_ttl)),
        (require_pkce, max_session_age.map(span)),
        match backchannel_logout_uri {
            None => Later::None(two_factor),
            Some(uri) => Later::Logout(two_factor, uri),
        },
    )
}

/// Fields that came with later releases, in the place of those that came before them.
#[derive(Serialize)]
#[serde(untagged)]
enum Later<'a, T> {
    None(T),
    Logout(T, &'a str),
}

fn span(duration: Duration) -> (u64, u32) {
    (duration.as_secs(), duration.subsec_nanos())
}

fn secret(secret: &ClientSecret) -> (String, Option<Timestamp>) {
    let ClientSecret { hash, not_after } = secret;
    (URL_SAFE_NO_PAD.encode(hash.as_bytes()), *not_after)
}

fn user_store(store: &UserStoreConfig) -> Value {
    let UserStoreConfig { id, kind } = store;
    match kind {
        UserStoreKind::Local => json!([id, "local"]),
        UserStoreKind::Ldap(config) => json!([json!(id), json!("ldap"), ldap(id, config)]),
    }
}

fn ldap(id: &UserStoreId, config: &LdapConfig) -> Value {
    let LdapConfig {
        servers,
        start_tls,
        authorities,
        bind_dn,
        bind_password,
        users,
        groups,
        attributes,
        connect_timeout,
        operation_timeout,
        page_size,
        pool_max,
        cache_ttl,
    } = config;
    let bound = json!(["nauthera directory password", id, bind_dn, bind_password.expose_secret()]).to_string();
    let password = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, bound.as_bytes()));
    let groups = groups.as_ref().map(|groups| {
        let nested = match groups.nested {
            NestedGroups::No => json!("no"),
            NestedGroups::InChain => json!("in chain"),
            NestedGroups::Walk(depth) => json!(depth),
        };
        let texts = [&groups.base_dn, &groups.filter, &groups.name_attribute, &groups.member_attribute];
        json!([json!(texts), nested])
    });
    json!([
        [json!(servers), json!(start_tls), json!(authorities)],
        [bind_dn, &password],
        [&users.base_dn, &users.filter, &users.username_attribute],
        [json!(groups), json!(attributes)],
        [seconds(*connect_timeout), seconds(*operation_timeout), seconds(*cache_ttl)],
        [page_size, pool_max],
    ])
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
        attributes,
        groups,
        disabled,
        password,
        must_change_password,
    } = user;
    let password = password.as_ref().map(|password| {
        // Bound to its user, so that equal passwords do not show as equal digests.
        let bound = json!(["nauthera password", store, username, password.expose_secret()]).to_string();
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, bound.as_bytes()))
    });
    let mut content = json!([
        [json!(store), json!(username), json!(email), json!(email_verified)],
        [display_name, given_name, family_name],
        [json!(groups), json!(disabled), json!(password)],
    ]);
    // As above: a release before this field agrees as long as it is not used.
    if let (Value::Array(parts), true) = (&mut content, *must_change_password) {
        parts.push(json!("must change password"));
    }
    // As for rate limits: a release before this field goes on agreeing where there is nothing of it.
    if let (Value::Array(parts), false) = (&mut content, attributes.is_empty()) {
        parts.push(json!(attributes));
    }
    content
}

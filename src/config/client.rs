//! One AuthClient: its own rules, its references, its policies, its secret.

use super::input::{GeneratedSecret, Key, Object};
use super::policy::{Ask, AskedRedirect, Merged};
use super::redirect_uri;
use super::refusal::{Aspect, Refusal};
use super::verdict::{Rotation, WantedSecret};
use super::world::World;
use crate::oauth::client::{AccessTokenFormat, Client, ClientSecret, ClientType, Limits};
use crate::oauth::grant_type::{ClientAuthMethod, GrantType, ResponseType};
use crate::oauth::ids::ClientId;
use crate::oauth::opaque::TokenHash;
use crate::oauth::scope::Scopes;
use crate::resources::CLIENT_SECRET_LABEL;
use crate::resources::auth_client::{AuthClientSpec, ClientResponseType, EffectivePolicyStatus, TokenFormat};
use crate::resources::common::{AuthMethod, ClientGrantType, ClientType as DeclaredType};
use crate::resources::time_span::TimeSpan;
use secrecy::ExposeSecret;
use std::collections::BTreeSet;
use std::sync::Arc;
use url::Url;

/// How strictly policies are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Asking for more than is allowed is refused
    Strict,
    /// What is too much is cut off: the last accepted form of a client under policies that have tightened since
    Clamped,
}

/// A client that can be served.
#[derive(Clone, Debug)]
pub struct Provisioned {
    /// Its AuthServer
    pub server: Key,
    /// What the server runs on; `None` while its secret has yet to be made
    pub client: Option<Arc<Client>>,
    /// Its Secret
    pub secret: Option<Key>,
    /// Secret to make, or to write anew because its id or issuer changed
    pub wanted: Option<WantedSecret>,
    /// When its secret is renewed
    pub rotation: Option<Rotation>,
    /// What its policies come to
    pub effective: Arc<EffectivePolicyStatus>,
    /// Things that work but should be looked at
    pub notes: Vec<String>,
}

/// The `client_id` that a client has or would have.
pub fn client_id(key: &Key, spec: &AuthClientSpec) -> ClientId {
    ClientId::new(spec.client_id.clone().unwrap_or_else(|| format!("{}.{}", key.namespace, key.name)))
}

/// The Secret that is made for a client, if one is.
pub fn generated_secret(key: &Key, spec: &AuthClientSpec) -> Option<Key> {
    if spec.client_type == DeclaredType::Public || spec.secret.as_ref().is_some_and(|secret| secret.existing_ref.is_some()) {
        return None;
    }
    let name = spec.secret.as_ref().and_then(|secret| secret.name.clone());
    Some(Key::new(
        key.namespace.clone(),
        name.unwrap_or_else(|| format!("{}-client-secret", key.name)),
    ))
}

/// What an AuthClient's spec says by itself.
#[derive(Debug)]
pub struct Facts {
    /// Everything that is wrong with it
    faults: Vec<String>,
    /// What it asks of its policies
    pub ask: Ask,
}

impl Facts {
    /// Reads a spec.
    pub fn of(spec: &AuthClientSpec) -> Self {
        Self {
            faults: faults(spec),
            ask: ask(spec),
        }
    }
}

/// What a client asks of its policies.
fn ask(spec: &AuthClientSpec) -> Ask {
    Ask {
        client_type: spec.client_type,
        grant_types: spec.grant_types.iter().copied().collect(),
        scopes: spec.scopes.iter().cloned().collect(),
        audiences: deduplicated(spec.audiences.clone()),
        auth_method: spec.token_endpoint_auth_method,
        redirect_uris: spec.redirect_uris.iter().cloned().map(AskedRedirect::new).collect(),
        allowed_groups: spec.allowed_groups.as_ref().map(|groups| groups.iter().cloned().collect()),
    }
}

/// Everything that is wrong with an AuthClient in itself.
pub fn faults(spec: &AuthClientSpec) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(id) = &spec.client_id {
        let starts_well = id.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let all_well = id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        if !starts_well || !all_well || id.len() > 255 {
            found.push(format!(
                "clientId: {id:?} is not letters, digits, dots, dashes and underscores (at most 255)"
            ));
        }
    }
    if let Some(name) = &spec.display_name
        && (name.trim().is_empty() || name.chars().any(char::is_control) || name.chars().count() > 80)
    {
        found.push("displayName is empty, longer than 80 characters or holds control characters".to_owned());
    }
    if spec.grant_types.is_empty() {
        found.push("grantTypes is empty: name one, or leave it out".to_owned());
    }
    let has = |grant| spec.grant_types.contains(&grant);
    // A service's tokens carry its client_id as sub, and a person's sub is a UUID (RFC 9700 §4.15)
    if spec.client_id.as_ref().is_some_and(|id| uuid::Uuid::try_parse(id).is_ok()) && has(ClientGrantType::ClientCredentials) {
        found.push("clientId: a UUID could be taken for a person in the sub of client_credentials tokens; choose another id".to_owned());
    }
    if has(ClientGrantType::AuthorizationCode) && spec.redirect_uris.is_empty() {
        found.push("redirectUris is missing: authorization_code needs one (a service without logins names its grantTypes, such as client_credentials)".to_owned());
    }
    if has(ClientGrantType::RefreshToken) && !has(ClientGrantType::AuthorizationCode) {
        found.push("grantTypes: refresh_token goes with authorization_code".to_owned());
    }
    for (field, uris) in [
        ("redirectUris", &spec.redirect_uris),
        ("postLogoutRedirectUris", &spec.post_logout_redirect_uris),
    ] {
        for uri in uris {
            if let Some(fault) = redirect_uri::fault(uri, spec.client_type) {
                found.push(format!("{field}: {uri:?} {fault}"));
            }
        }
    }
    if let Some(uri) = &spec.backchannel_logout_uri {
        // An app's own scheme leads to no server, whoever the client is.
        if let Some(fault) = redirect_uri::fault(uri, DeclaredType::Confidential) {
            found.push(format!("backchannelLogoutUri: {uri:?} {fault}"));
        }
        if !has(ClientGrantType::AuthorizationCode) {
            found.push("backchannelLogoutUri: nobody logs in through a client without authorization_code".to_owned());
        }
    }
    for scope in spec.scopes.iter().filter(|scope| !Scopes::is_token(scope)) {
        found.push(format!(
            "scopes: {scope:?} is not a scope (RFC 6749 §3.3: no spaces, quotes or backslashes)"
        ));
    }
    for audience in &spec.audiences {
        let is_uri = audience.bytes().all(|byte| byte.is_ascii_graphic()) && Url::parse(audience).is_ok();
        if !is_uri || audience.contains('#') {
            found.push(format!(
                "audiences: {audience:?} is not an absolute URI without a fragment (RFC 8707 §2)"
            ));
        }
    }
    if spec.allowed_groups.as_ref().is_some_and(Vec::is_empty) {
        found.push("allowedGroups is empty: leave it out to let everyone in, or name a group".to_owned());
    }
    found.extend(secret_faults(spec));
    found
}

/// What the server itself sends goes to no address of its own machine, where other things may listen that take orders from there alone; unless the whole
/// server is on such an address, to be tried out.
fn own_loopback(spec: &AuthClientSpec, issuer: &str) -> Option<String> {
    let is_loopback = |uri: &str| Url::parse(uri).is_ok_and(|url| redirect_uri::is_own_machine(&url));
    let uri = spec.backchannel_logout_uri.as_ref()?;
    (is_loopback(uri) && !is_loopback(issuer)).then(|| {
        format!("backchannelLogoutUri: {uri:?} is the server's own machine, which is for servers whose issuer is a loopback address too")
    })
}

fn secret_faults(spec: &AuthClientSpec) -> Vec<String> {
    let mut found = Vec::new();
    match (spec.client_type, spec.token_endpoint_auth_method) {
        (DeclaredType::Public, Some(method)) if method != AuthMethod::None => {
            found.push(format!(
                "tokenEndpointAuthMethod: a public client has no secret, so it cannot use {}",
                method.as_str()
            ));
        }
        (DeclaredType::Confidential, Some(AuthMethod::None)) => {
            found.push(
                "tokenEndpointAuthMethod: a confidential client cannot use none; say clientType: public if it cannot keep a secret"
                    .to_owned(),
            );
        }
        _ => {}
    }
    if spec.client_type == DeclaredType::Public {
        if spec.secret.is_some() {
            found.push("secret: a public client has none".to_owned());
        }
        for grant in [ClientGrantType::ClientCredentials, ClientGrantType::TokenExchange] {
            if spec.grant_types.contains(&grant) {
                found.push(format!("grantTypes: {} is for clients that can keep a secret", grant.as_str()));
            }
        }
    }
    if let Some(secret) = &spec.secret {
        if secret.name.is_some() && secret.existing_ref.is_some() {
            found.push("secret: name is for a Secret that is made, existingRef for one that is there: give one of them".to_owned());
        }
        let names = secret
            .name
            .iter()
            .chain(secret.existing_ref.as_ref().map(|reference| &reference.name));
        found.extend(
            names
                .filter(|name| !super::names::is_dns_subdomain(name))
                .map(|name| format!("secret: {name:?} is not the name of a Secret")),
        );
    }
    found
}

/// Evaluates one client against the world.
///
/// # Errors
/// The first [`Refusal`], in the order of [`Aspect`].
pub fn evaluate(world: &World<'_>, key: &Key, object: &Object<AuthClientSpec>, facts: &Facts, mode: Mode) -> Result<Provisioned, Refusal> {
    let spec = &object.spec;
    if !facts.faults.is_empty() {
        return Err(Refusal::spec(&facts.faults));
    }
    let server = world.server_for(key, &spec.auth_server_ref)?;
    if let Some(fault) = own_loopback(spec, world.issuer(&server)) {
        return Err(Refusal::spec(&[fault]));
    }
    let governing = world.governing(&server, key, object)?;
    if let Some(conflict) = &governing.conflict {
        return Err(conflict.clone());
    }
    let merged = &governing.merged;
    let granted = match mode {
        Mode::Strict => {
            let violations: Vec<String> = governing
                .violations(&facts.ask)
                .into_iter()
                .map(|(_, violation)| violation.to_string())
                .collect();
            if !violations.is_empty() {
                return Err(Refusal::new(Aspect::Policy, "PolicyViolation", violations.join("; ")));
            }
            facts.ask.clone()
        }
        Mode::Clamped => clamp(facts.ask.clone(), merged)?,
    };
    let auth_method = merged.auth_method(granted.client_type, granted.auth_method).ok_or_else(|| {
        Refusal::new(
            Aspect::Policy,
            "PolicyViolation",
            "tokenEndpointAuthMethod: no policy-allowed method is left",
        )
    })?;
    let id = client_id(key, spec);
    let secrets = secrets(world, key, spec, &id, world.issuer(&server))?;
    let effective = governing.effective(spec.client_type);
    let client = secrets
        .accepted
        .map(|accepted| Arc::new(build(key, spec, &id, granted, merged, auth_method, accepted)));
    let rotation = secrets
        .name
        .clone()
        .filter(|_| secrets.is_generated)
        .and_then(|secret| governing.rotation(secret));
    Ok(Provisioned {
        server,
        client,
        secret: secrets.name,
        wanted: secrets.wanted,
        rotation,
        effective,
        notes: secrets.notes,
    })
}

/// Cuts off what the policies no longer allow.
fn clamp(mut ask: Ask, merged: &Merged) -> Result<Ask, Refusal> {
    let gone = |message: &str| Refusal::new(Aspect::Policy, "PolicyViolation", message);
    if merged.client_types.as_ref().is_some_and(|types| !types.contains(&ask.client_type)) {
        return Err(gone("clientType is no longer allowed"));
    }
    ask.redirect_uris.retain(|redirect| merged.allows_redirect(redirect));
    let no_redirect = ask.redirect_uris.is_empty();
    ask.grant_types
        .retain(|grant| merged.allows_grant(*grant) && !(no_redirect && *grant == ClientGrantType::AuthorizationCode));
    if ask.grant_types.is_empty() {
        return Err(gone("no grant type is left that its policies allow"));
    }
    ask.scopes.retain(|scope| merged.allows_scope(scope));
    // A client without audiences gets tokens for the issuer itself: losing the last one must not turn into that.
    let had_audiences = !ask.audiences.is_empty();
    ask.audiences.retain(|audience| merged.allows_audience(audience));
    if had_audiences && ask.audiences.is_empty() {
        return Err(gone("no audience is left that its policies allow"));
    }
    ask.allowed_groups = match (ask.allowed_groups, &merged.groups) {
        (Some(own), Some(allowed)) => Some(own.intersection(allowed).cloned().collect()),
        (own, _) => own,
    };
    Ok(ask)
}

fn build(
    key: &Key,
    spec: &AuthClientSpec,
    id: &ClientId,
    granted: Ask,
    merged: &Merged,
    auth_method: AuthMethod,
    secrets: Vec<ClientSecret>,
) -> Client {
    let has_code = granted.grant_types.contains(&ClientGrantType::AuthorizationCode);
    Client {
        id: id.clone(),
        resource: key.to_string(),
        display_name: spec.display_name.clone().unwrap_or_else(|| key.name.clone()),
        client_type: match spec.client_type {
            DeclaredType::Confidential => ClientType::Confidential,
            DeclaredType::Public => ClientType::Public,
        },
        redirect_uris: deduplicated(granted.redirect_uris.into_iter().map(|redirect| redirect.uri).collect()),
        post_logout_redirect_uris: deduplicated(spec.post_logout_redirect_uris.clone()),
        backchannel_logout_uri: spec.backchannel_logout_uri.clone(),
        grant_types: granted.grant_types.iter().map(|grant| grant_type(*grant)).collect(),
        response_types: if has_code {
            spec.response_types
                .iter()
                .map(|ClientResponseType::Code| ResponseType::Code)
                .collect()
        } else {
            BTreeSet::new()
        },
        scopes: granted.scopes.into_iter().collect(),
        auth_method: match auth_method {
            AuthMethod::ClientSecretBasic => ClientAuthMethod::ClientSecretBasic,
            AuthMethod::ClientSecretPost => ClientAuthMethod::ClientSecretPost,
            AuthMethod::None => ClientAuthMethod::None,
        },
        secrets,
        audiences: granted.audiences,
        access_token_format: match spec.access_token_format {
            TokenFormat::Jwt => AccessTokenFormat::Jwt,
            TokenFormat::Opaque => AccessTokenFormat::Opaque,
        },
        require_consent: spec.require_consent,
        allowed_groups: granted.allowed_groups.or_else(|| merged.groups.clone()),
        limits: Limits {
            access_token_ttl: merged.access_token_ttl(),
            refresh_token_ttl: merged.refresh_token_ttl(),
            id_token_ttl: merged.id_token_ttl(),
            require_pkce: merged.require_pkce(spec.client_type),
            max_session_age: merged.max_session_age.map(TimeSpan::duration),
            two_factor: merged.two_factor.in_force(),
        },
    }
}

fn grant_type(grant: ClientGrantType) -> GrantType {
    match grant {
        ClientGrantType::AuthorizationCode => GrantType::AuthorizationCode,
        ClientGrantType::RefreshToken => GrantType::RefreshToken,
        ClientGrantType::ClientCredentials => GrantType::ClientCredentials,
        ClientGrantType::TokenExchange => GrantType::TokenExchange,
    }
}

fn deduplicated(list: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    list.into_iter().filter(|item| seen.insert(item.clone())).collect()
}

struct Secrets {
    /// Hashes that are accepted; `None` while there is no secret yet
    accepted: Option<Vec<ClientSecret>>,
    name: Option<Key>,
    /// Whether the platform makes it
    is_generated: bool,
    wanted: Option<WantedSecret>,
    notes: Vec<String>,
}

fn secrets(world: &World<'_>, key: &Key, spec: &AuthClientSpec, id: &ClientId, issuer: &str) -> Result<Secrets, Refusal> {
    if let Some(reference) = spec.secret.as_ref().and_then(|secret| secret.existing_ref.as_ref()) {
        return existing(world, &Key::new(key.namespace.clone(), reference.name.clone()), id);
    }
    let Some(name) = generated_secret(key, spec) else {
        return Ok(Secrets {
            accepted: Some(Vec::new()),
            name: None,
            is_generated: false,
            wanted: None,
            notes: Vec::new(),
        });
    };
    if !super::names::is_dns_subdomain(&name.name) {
        let message = format!("Secret {name} would be made for it, and no Secret can have that name: choose a shorter one in secret.name");
        return Err(Refusal::new(Aspect::Secret, "SecretInvalid", message));
    }
    if world.resources.secrets.contains_key(&name) {
        let message = format!(
            "Secret {name} is there and was not made for this client: choose another name in secret.name, or use it by secret.existingRef"
        );
        return Err(Refusal::new(Aspect::Secret, "SecretConflict", message));
    }
    if world.is_secret_of_another(&name, key) {
        let message = format!("Secret {name} belongs to another AuthClient of this namespace: choose another name in secret.name");
        return Err(Refusal::new(Aspect::Secret, "SecretConflict", message));
    }
    let made = world
        .resources
        .generated
        .get(&name)
        .map(Arc::as_ref)
        .filter(|made| made.client == *key);
    let up_to_date = made.is_some_and(|made| made.client_id == *id && made.issuer == issuer);
    Ok(Secrets {
        accepted: made.map(accepted_generations),
        wanted: (!up_to_date).then(|| WantedSecret {
            secret: name.clone(),
            client: key.clone(),
            client_id: id.clone(),
            issuer: issuer.to_owned(),
        }),
        name: Some(name),
        is_generated: true,
        notes: Vec::new(),
    })
}

fn accepted_generations(made: &GeneratedSecret) -> Vec<ClientSecret> {
    let newest = ClientSecret {
        hash: TokenHash::of(made.secret.expose_secret()),
        not_after: None,
    };
    let previous = made.previous.as_ref().map(|(secret, not_after)| ClientSecret {
        hash: TokenHash::of(secret.expose_secret()),
        not_after: Some(*not_after),
    });
    let next = made.next.as_ref().map(|secret| ClientSecret {
        hash: TokenHash::of(secret.expose_secret()),
        not_after: None,
    });
    std::iter::once(newest).chain(previous).chain(next).collect()
}

fn existing(world: &World<'_>, name: &Key, id: &ClientId) -> Result<Secrets, Refusal> {
    let refuse = |message: String| Refusal::new(Aspect::Secret, "SecretInvalid", message);
    let labelled = world
        .resources
        .secrets
        .get(name)
        .filter(|secret| secret.labels.get(CLIENT_SECRET_LABEL).is_some_and(|value| value == "true"));
    let Some(secret) = labelled else {
        let message = format!("Secret {name} is not there, or does not carry the label {CLIENT_SECRET_LABEL}: \"true\"");
        return Err(Refusal::new(Aspect::Secret, "SecretNotFound", message));
    };
    let Some(value) = secret.data.get("client_secret") else {
        return Err(refuse(format!("Secret {name} has no key client_secret")));
    };
    let text = value.expose_secret();
    if text.ends_with(['\n', '\r']) {
        return Err(refuse(format!(
            "Secret {name}: client_secret ends with a line break; make it anew without one (printf %s, or echo -n)"
        )));
    }
    if text.is_empty() || !text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Err(refuse(format!(
            "Secret {name}: client_secret is empty or holds characters that a client secret cannot have (RFC 6749 appendix A.2)"
        )));
    }
    if let Some(named) = secret.data.get("client_id")
        && named.expose_secret() != id.as_str()
    {
        return Err(refuse(format!(
            "Secret {name}: its client_id is not this client's ({id}); set spec.clientId to it, or take the key away"
        )));
    }
    let notes = (text.len() < 32)
        .then(|| {
            format!(
                "Secret {name}: client_secret has only {} characters; use at least 32 random ones",
                text.len()
            )
        })
        .into_iter()
        .collect();
    Ok(Secrets {
        accepted: Some(vec![ClientSecret {
            hash: TokenHash::of(text),
            not_after: None,
        }]),
        name: Some(name.clone()),
        is_generated: false,
        wanted: None,
        notes,
    })
}

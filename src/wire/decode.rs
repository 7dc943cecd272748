//! From messages to a snapshot's parts. Whatever is not understood is a fault: nothing is guessed or left out.

use super::Fault;
use super::message as m;
use crate::config::policy::PASSWORD_LENGTHS;
use crate::config::rate::{Rate, RateLimits};
use crate::config::snapshot::{
    Branding, DeclaredUser, GroupsConfig, IdentityProviderConfig, LdapConfig, Linking, NestedGroups, PasswordRules, RoleConfig,
    SigningAlgorithm, SigningPolicy, UserStoreConfig, UserStoreKind, UsersConfig,
};
use crate::oauth::attributes::{self, Attributes};
use crate::oauth::claim_rules::{ClaimRule, is_protocol_claim};
use crate::oauth::client::{AccessTokenFormat, Client, ClientSecret, ClientType, Limits};
use crate::oauth::ids::{ClientId, UserStoreId};
use crate::oauth::opaque::TokenHash;
use crate::oauth::scope::Scopes;
use crate::oauth::two_factor::{FactorMethod, TwoFactor};
use jiff::Timestamp;
use secrecy::SecretString;
use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// What is the AuthServer's own.
pub struct Settings {
    pub issuer: String,
    pub signing: SigningPolicy,
    pub user_stores: Vec<Arc<UserStoreConfig>>,
    pub claim_rules: Vec<Arc<ClaimRule>>,
    pub departed: BTreeSet<ClientId>,
    pub branding: Branding,
    pub rate_limits: RateLimits,
    pub identity_providers: Vec<Arc<IdentityProviderConfig>>,
    pub passwords: PasswordRules,
}

const ALGORITHMS: [SigningAlgorithm; 4] = [
    SigningAlgorithm::ES256,
    SigningAlgorithm::RS256,
    SigningAlgorithm::PS256,
    SigningAlgorithm::EdDSA,
];

/// Longer lifetimes are nobody's wish, and would overflow a date. A thousand years.
const LONGEST: Duration = Duration::from_secs(1000 * 366 * 24 * 60 * 60);

pub fn settings(server: &str, message: m::Settings) -> Result<Settings, Fault> {
    let fault = |reason: String| Fault::new("AuthServer", server, reason);
    let algorithms = message
        .algorithms
        .iter()
        .map(|name| ALGORITHMS.into_iter().find(|algorithm| algorithm.as_str() == name).ok_or(name))
        .collect::<Result<_, _>>()
        .map_err(|name| fault(format!("signing algorithm {name:?} is not known to this release")))?;
    let user_stores = message.user_stores.into_iter().map(user_store).collect::<Result<_, _>>()?;
    let identity_providers = message
        .identity_providers
        .into_iter()
        .map(identity_provider)
        .collect::<Result<_, _>>()?;
    let claim_rules = message
        .claim_rules
        .iter()
        .map(|rule| claim_rule(rule))
        .collect::<Result<_, _>>()
        .map_err(fault)?;
    Ok(Settings {
        issuer: message.issuer,
        signing: SigningPolicy {
            algorithms,
            rotate_every: span(message.rotate_every).map_err(|reason| fault(format!("rotateEvery {reason}")))?,
            overlap: span(message.overlap).map_err(|reason| fault(format!("overlap {reason}")))?,
        },
        user_stores,
        claim_rules,
        departed: message.departed.into_iter().map(ClientId::new).collect(),
        branding: Branding {
            product_name: message.product_name,
            logo_url: message.logo_url,
            primary_color: message.primary_color,
        },
        rate_limits: RateLimits {
            per_address: rate(message.rate_per_address).map_err(|reason| fault(format!("rateLimits.perAddress: {reason}")))?,
            per_client: rate(message.rate_per_client).map_err(|reason| fault(format!("rateLimits.perClient: {reason}")))?,
        },
        identity_providers,
        passwords: match message.password_min_length {
            None => PasswordRules::default(),
            Some(min_length) if PASSWORD_LENGTHS.contains(&min_length) => PasswordRules { min_length },
            Some(length) => return Err(fault(format!("password.minLength: {length} is not within 8 and 64"))),
        },
    })
}

/// Expressions are parsed here, once for a configuration.
fn claim_rule(text: &str) -> Result<Arc<ClaimRule>, String> {
    let rule: ClaimRule = serde_json::from_str(text).map_err(|error| format!("a claim's rule is not known to this release: {error}"))?;
    if is_protocol_claim(&rule.name) {
        return Err(format!("the claim {:?} is the protocol's own", rule.name));
    }
    Ok(Arc::new(rule))
}

fn rate(message: Option<m::Rate>) -> Result<Option<Rate>, String> {
    let Some(message) = message else { return Ok(None) };
    let per = span(message.per).map_err(|reason| format!("per {reason}"))?;
    Rate::new(message.requests, per, message.burst).map(Some)
}

fn identity_provider(message: m::IdentityProvider) -> Result<Arc<IdentityProviderConfig>, Fault> {
    let fault = |reason: String| Fault::new("IdentityProvider", message.id.clone(), reason);
    let linking = match message.linking.as_str() {
        "none" => Linking::None,
        "verified_email" => Linking::VerifiedEmail,
        other => return Err(fault(format!("linking {other:?} is not known to this release"))),
    };
    if message.name.is_empty() || message.issuer.is_empty() || message.client_id.is_empty() || message.client_secret.is_empty() {
        return Err(fault("its name, its issuer, or who we are to it is missing".to_owned()));
    }
    if !message.id.starts_with("idp:") {
        return Err(fault("its people would be those of a UserStore".to_owned()));
    }
    Ok(Arc::new(IdentityProviderConfig {
        id: UserStoreId::new(message.id),
        name: message.name,
        display_name: message.display_name,
        issuer: message.issuer,
        client_id: message.client_id,
        client_secret: SecretString::from(message.client_secret),
        authorities: message.authorities,
        scopes: message.scopes,
        attributes: message.attributes.into_iter().collect(),
        linking,
        allowed_email_domains: message.allowed_email_domains,
        logout: message.logout,
    }))
}

fn user_store(message: m::UserStore) -> Result<Arc<UserStoreConfig>, Fault> {
    let kind = match (message.kind.as_str(), message.ldap) {
        ("local", None) => Ok(UserStoreKind::Local),
        ("ldap", Some(config)) => ldap(config).map(|config| UserStoreKind::Ldap(Box::new(config))),
        ("local" | "ldap", _) => Err("its kind and its settings do not fit".to_owned()),
        (kind, _) => Err(format!("its kind {kind:?} is not known to this release")),
    };
    match kind {
        Ok(kind) => Ok(Arc::new(UserStoreConfig {
            id: UserStoreId::new(message.id),
            kind,
        })),
        Err(reason) => Err(Fault::new("UserStore", message.id, reason)),
    }
}

fn ldap(message: m::Ldap) -> Result<LdapConfig, String> {
    if message.servers.is_empty() {
        return Err("it names no server".to_owned());
    }
    if message.bind_password.is_empty() {
        return Err("the reader has no password".to_owned());
    }
    Ok(LdapConfig {
        servers: message.servers,
        start_tls: message.start_tls,
        authorities: message.authorities,
        bind_dn: message.bind_dn,
        bind_password: SecretString::from(message.bind_password),
        users: UsersConfig {
            base_dn: message.user_base_dn,
            filter: message.user_filter,
            username_attribute: message.username_attribute,
        },
        groups: message.groups.map(groups).transpose()?,
        attributes: message.attributes.into_iter().collect(),
        connect_timeout: span(message.connect_timeout).map_err(|reason| format!("connect_timeout {reason}"))?,
        operation_timeout: span(message.operation_timeout).map_err(|reason| format!("operation_timeout {reason}"))?,
        page_size: message.page_size,
        pool_max: message.pool_max,
        cache_ttl: span(message.cache_ttl).map_err(|reason| format!("cache_ttl {reason}"))?,
    })
}

fn groups(message: m::GroupSearch) -> Result<GroupsConfig, String> {
    Ok(GroupsConfig {
        base_dn: message.base_dn,
        filter: message.filter,
        name_attribute: message.name_attribute,
        member_attribute: message.member_attribute,
        nested: match message.nested.as_str() {
            "no" => NestedGroups::No,
            "in_chain" => NestedGroups::InChain,
            "walk" => NestedGroups::Walk(message.max_depth),
            other => return Err(format!("nested {other:?} is not known to this release")),
        },
    })
}

pub fn client(message: m::Client) -> Result<Client, Fault> {
    let name = if message.resource.is_empty() {
        message.id.clone()
    } else {
        message.resource.clone()
    };
    client_parts(message).map_err(|reason| Fault::new("AuthClient", name, reason))
}

fn two_factor(message: m::TwoFactor) -> Result<TwoFactor, String> {
    let known =
        |method: &String| FactorMethod::parse(method).ok_or_else(|| format!("second factor {method:?} is not known to this release"));
    Ok(TwoFactor {
        required: message.required,
        methods: message.methods.iter().map(known).collect::<Result<_, _>>()?,
        remember: span(message.remember).map_err(|reason| format!("two_factor.remember {reason}"))?,
    })
}

fn client_parts(message: m::Client) -> Result<Client, String> {
    let limits = Limits {
        access_token_ttl: span(message.access_token_ttl).map_err(|reason| format!("access_token_ttl {reason}"))?,
        refresh_token_ttl: span(message.refresh_token_ttl).map_err(|reason| format!("refresh_token_ttl {reason}"))?,
        id_token_ttl: span(message.id_token_ttl).map_err(|reason| format!("id_token_ttl {reason}"))?,
        require_pkce: message.require_pkce,
        max_session_age: message
            .max_session_age
            .map(|age| span(Some(age)))
            .transpose()
            .map_err(|reason| format!("max_session_age {reason}"))?,
        two_factor: message.two_factor.map(two_factor).transpose()?.unwrap_or_default(),
    };
    if message.id.is_empty() {
        return Err("it has no client_id".to_owned());
    }
    if let Some(scope) = message.scopes.iter().find(|scope| !Scopes::is_token(scope)) {
        return Err(format!("{scope:?} is not a scope"));
    }
    Ok(Client {
        id: ClientId::new(message.id),
        resource: message.resource,
        display_name: message.display_name,
        client_type: match message.client_type.as_str() {
            "confidential" => ClientType::Confidential,
            "public" => ClientType::Public,
            "workload" => ClientType::Workload,
            other => return Err(format!("client type {other:?} is not known to this release")),
        },
        redirect_uris: message.redirect_uris,
        post_logout_redirect_uris: message.post_logout_redirect_uris,
        backchannel_logout_uri: message.backchannel_logout_uri,
        grant_types: registered("grant type", &message.grant_types)?,
        response_types: registered("response type", &message.response_types)?,
        scopes: message.scopes.into_iter().collect(),
        auth_method: one("authentication method", &message.auth_method)?,
        secrets: message.secrets.into_iter().map(secret).collect::<Result<_, _>>()?,
        audiences: message.audiences,
        access_token_format: match message.access_token_format.as_str() {
            "jwt" => AccessTokenFormat::Jwt,
            "opaque" => AccessTokenFormat::Opaque,
            other => return Err(format!("access token format {other:?} is not known to this release")),
        },
        require_consent: message.require_consent,
        allowed_groups: message.allowed_groups.map(|groups| groups.names.into_iter().collect()),
        limits,
    })
}

fn one<T: FromStr>(what: &str, name: &str) -> Result<T, String> {
    name.parse().map_err(|_| format!("{what} {name:?} is not known to this release"))
}

fn registered<T: FromStr + Ord>(what: &str, names: &[String]) -> Result<BTreeSet<T>, String> {
    names.iter().map(|name| one(what, name)).collect()
}

fn secret(message: m::Secret) -> Result<ClientSecret, String> {
    let hash: [u8; 32] = message
        .hash
        .try_into()
        .map_err(|_| "the digest of a secret has not 32 bytes".to_owned())?;
    let not_after = message
        .not_after
        .map(|at| Timestamp::new(at.seconds, at.nanos).map_err(|_| "a secret's end is no date".to_owned()))
        .transpose()?;
    Ok(ClientSecret {
        hash: TokenHash::from_bytes(hash),
        not_after,
    })
}

pub fn user(message: m::User) -> Result<DeclaredUser, Fault> {
    if message.username.is_empty() || message.store.is_empty() {
        return Err(Fault::new(
            "User",
            message.username,
            "a user needs a username and a UserStore".to_owned(),
        ));
    }
    let attributes: Attributes = message.attributes.into_iter().map(|(name, values)| (name, values.names)).collect();
    if let Some(fault) = attributes::faults(&attributes).into_iter().next() {
        return Err(Fault::new("User", message.username, fault));
    }
    Ok(DeclaredUser {
        store: UserStoreId::new(message.store),
        username: message.username,
        email: message.email,
        email_verified: message.email_verified,
        display_name: message.display_name,
        given_name: message.given_name,
        family_name: message.family_name,
        attributes,
        groups: message.groups,
        disabled: message.disabled,
        password: message.password.map(SecretString::from),
        must_change_password: message.must_change_password,
    })
}

pub fn role(message: m::Role) -> RoleConfig {
    RoleConfig {
        store: UserStoreId::new(message.store),
        name: message.name,
        groups: message.groups.into_iter().collect(),
        users: message.users.into_iter().collect(),
    }
}

fn span(message: Option<m::Span>) -> Result<Duration, String> {
    let message = message.ok_or_else(|| "is missing".to_owned())?;
    // Duration::new panics where nanoseconds carry over the end.
    let duration = Duration::from_secs(message.seconds).checked_add(Duration::from_nanos(message.nanos.into()));
    match duration {
        Some(duration) if duration <= LONGEST => Ok(duration),
        _ => Err("is longer than a thousand years".to_owned()),
    }
}

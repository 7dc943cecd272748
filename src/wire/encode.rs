//! From a snapshot's parts to messages. Exhaustive on purpose: a new field cannot be forgotten here.

use super::message as m;
use crate::config::rate::{Rate, RateLimits};
use crate::config::snapshot::{
    Branding, DeclaredUser, GroupsConfig, IdentityProviderConfig, LdapConfig, Linking, NestedGroups, PasswordRules, RoleConfig,
    SigningPolicy, Snapshot, UserStoreConfig, UserStoreKind,
};
use crate::oauth::client::{AccessTokenFormat, Client, ClientSecret, ClientType, Limits};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use std::time::Duration;

pub fn settings(snapshot: &Snapshot) -> m::Settings {
    let Snapshot {
        revision: _,
        server: _,
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
    let SigningPolicy {
        algorithms,
        rotate_every,
        overlap,
    } = signing;
    let Branding {
        product_name,
        logo_url,
        primary_color,
    } = branding;
    let RateLimits { per_address, per_client } = rate_limits;
    let PasswordRules { min_length } = passwords;
    m::Settings {
        issuer: issuer.clone(),
        algorithms: algorithms.iter().map(|algorithm| algorithm.as_str().to_owned()).collect(),
        rotate_every: Some(span(*rotate_every)),
        overlap: Some(span(*overlap)),
        user_stores: user_stores.iter().map(|store| user_store(store)).collect(),
        // A rule is names, strings and a JSON value: it always is JSON.
        claim_rules: claim_rules
            .iter()
            .map(|rule| serde_json::to_string(rule.as_ref()).unwrap_or_default())
            .collect(),
        departed: departed.iter().map(ToString::to_string).collect(),
        product_name: product_name.clone(),
        logo_url: logo_url.clone(),
        primary_color: primary_color.clone(),
        rate_per_address: per_address.as_ref().map(rate),
        rate_per_client: per_client.as_ref().map(rate),
        password_min_length: Some(*min_length),
        identity_providers: identity_providers.iter().map(|provider| identity_provider(provider)).collect(),
    }
}

fn identity_provider(provider: &IdentityProviderConfig) -> m::IdentityProvider {
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
    m::IdentityProvider {
        id: id.to_string(),
        name: name.clone(),
        display_name: display_name.clone(),
        issuer: issuer.clone(),
        client_id: client_id.clone(),
        client_secret: client_secret.expose_secret().to_owned(),
        authorities: authorities.clone(),
        scopes: scopes.clone(),
        attributes: attributes.clone().into_iter().collect(),
        linking: match linking {
            Linking::None => "none",
            Linking::VerifiedEmail => "verified_email",
        }
        .to_owned(),
        allowed_email_domains: allowed_email_domains.clone(),
        logout: *logout,
    }
}

fn rate(rate: &Rate) -> m::Rate {
    m::Rate {
        requests: rate.requests().get(),
        per: Some(span(rate.per())),
        burst: rate.burst().get(),
    }
}

fn user_store(store: &UserStoreConfig) -> m::UserStore {
    let UserStoreConfig { id, kind } = store;
    m::UserStore {
        id: id.to_string(),
        kind: match kind {
            UserStoreKind::Local => "local",
            UserStoreKind::Ldap(_) => "ldap",
        }
        .to_owned(),
        ldap: match kind {
            UserStoreKind::Local => None,
            UserStoreKind::Ldap(config) => Some(ldap(config)),
        },
    }
}

fn ldap(config: &LdapConfig) -> m::Ldap {
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
    m::Ldap {
        servers: servers.clone(),
        start_tls: *start_tls,
        authorities: authorities.clone(),
        bind_dn: bind_dn.clone(),
        bind_password: bind_password.expose_secret().to_owned(),
        user_base_dn: users.base_dn.clone(),
        user_filter: users.filter.clone(),
        username_attribute: users.username_attribute.clone(),
        groups: groups.as_ref().map(groups_of),
        attributes: attributes.clone().into_iter().collect(),
        connect_timeout: Some(span(*connect_timeout)),
        operation_timeout: Some(span(*operation_timeout)),
        page_size: *page_size,
        pool_max: *pool_max,
        cache_ttl: Some(span(*cache_ttl)),
    }
}

fn groups_of(groups: &GroupsConfig) -> m::GroupSearch {
    let GroupsConfig {
        base_dn,
        filter,
        name_attribute,
        member_attribute,
        nested,
    } = groups;
    let (nested, max_depth) = match nested {
        NestedGroups::No => ("no", 0),
        NestedGroups::InChain => ("in_chain", 0),
        NestedGroups::Walk(depth) => ("walk", *depth),
    };
    m::GroupSearch {
        base_dn: base_dn.clone(),
        filter: filter.clone(),
        name_attribute: name_attribute.clone(),
        member_attribute: member_attribute.clone(),
        nested: nested.to_owned(),
        max_depth,
    }
}

pub fn client(client: &Client) -> m::Client {
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
    m::Client {
        id: id.to_string(),
        resource: resource.clone(),
        display_name: display_name.clone(),
        client_type: match client_type {
            ClientType::Confidential => "confidential",
            ClientType::Public => "public",
            ClientType::Workload => "workload",
        }
        .to_owned(),
        redirect_uris: redirect_uris.clone(),
        post_logout_redirect_uris: post_logout_redirect_uris.clone(),
        backchannel_logout_uri: backchannel_logout_uri.clone(),
        grant_types: grant_types.iter().map(ToString::to_string).collect(),
        response_types: response_types.iter().map(ToString::to_string).collect(),
        scopes: scopes.iter().map(str::to_owned).collect(),
        auth_method: auth_method.to_string(),
        secrets: secrets.iter().map(secret).collect(),
        audiences: audiences.clone(),
        access_token_format: match access_token_format {
            AccessTokenFormat::Jwt => "jwt",
            AccessTokenFormat::Opaque => "opaque",
        }
        .to_owned(),
        require_consent: *require_consent,
        allowed_groups: allowed_groups.as_ref().map(|groups| m::Names {
            names: groups.iter().cloned().collect(),
        }),
        access_token_ttl: Some(span(*access_token_ttl)),
        refresh_token_ttl: Some(span(*refresh_token_ttl)),
        id_token_ttl: Some(span(*id_token_ttl)),
        require_pkce: *require_pkce,
        max_session_age: max_session_age.map(span),
        two_factor: Some(m::TwoFactor {
            required: two_factor.required,
            methods: two_factor.methods.iter().map(|method| method.as_str().to_owned()).collect(),
            remember: Some(span(two_factor.remember)),
        }),
    }
}

fn secret(secret: &ClientSecret) -> m::Secret {
    let ClientSecret { hash, not_after } = secret;
    m::Secret {
        hash: hash.as_bytes().to_vec(),
        not_after: not_after.map(instant),
    }
}

pub fn user(user: &DeclaredUser) -> m::User {
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
    let names = |names: &Vec<String>| m::Names { names: names.clone() };
    m::User {
        store: store.to_string(),
        username: username.clone(),
        email: email.clone(),
        email_verified: *email_verified,
        display_name: display_name.clone(),
        given_name: given_name.clone(),
        family_name: family_name.clone(),
        groups: groups.clone(),
        disabled: *disabled,
        password: password.as_ref().map(|password| password.expose_secret().to_owned()),
        must_change_password: *must_change_password,
        attributes: attributes.iter().map(|(name, values)| (name.clone(), names(values))).collect(),
    }
}

pub fn role(role: &RoleConfig) -> m::Role {
    let RoleConfig {
        store,
        name,
        groups,
        users,
    } = role;
    m::Role {
        store: store.to_string(),
        name: name.clone(),
        groups: groups.iter().cloned().collect(),
        users: users.iter().cloned().collect(),
    }
}

fn span(duration: Duration) -> m::Span {
    m::Span {
        seconds: duration.as_secs(),
        nanos: duration.subsec_nanos(),
    }
}

fn instant(at: Timestamp) -> m::Instant {
    m::Instant {
        seconds: at.as_second(),
        nanos: at.subsec_nanosecond(),
    }
}

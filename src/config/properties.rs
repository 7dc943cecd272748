//! What holds for all policies and all resources.

use super::input::{Accepted, Key, Object, Objects, Options, Resources};
use super::judgement::{conflicts, violations};
use super::policy::{Ask, AskedRedirect, Merged, NamedPolicy};
use super::redirect_uri::{fault, host_intersection, host_matches};
use super::{compile, names};
use crate::resources::AuthPolicySpec;
use crate::resources::auth_policy::{ClientAuthentication, PolicyMode, RedirectUriRules, TokenLifetimes, TwoFactorMethod, TwoFactorRules};
use crate::resources::common::{AuthMethod, ClientGrantType, ClientType, PolicyGrantType};
use crate::resources::time_span::TimeSpan;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use serde_json::{Value, json};
use std::sync::Arc;

const SCOPES: &[&str] = &["openid", "profile", "email", "orders:read", "admin"];
const AUDIENCES: &[&str] = &["https://orders.example.org", "https://stock.example.org"];
const GROUPS: &[&str] = &["staff", "admins", "guests"];
const HOSTS: &[&str] = &[
    "*.example.org",
    "shop.example.org",
    "*.shop.example.org",
    "a.shop.example.org",
    "example.org",
    "*.example.com",
];
const GRANTS: &[PolicyGrantType] = &[
    PolicyGrantType::AuthorizationCode,
    PolicyGrantType::RefreshToken,
    PolicyGrantType::ClientCredentials,
    PolicyGrantType::TokenExchange,
];
const CLIENT_GRANTS: &[ClientGrantType] = &[
    ClientGrantType::AuthorizationCode,
    ClientGrantType::RefreshToken,
    ClientGrantType::ClientCredentials,
    ClientGrantType::TokenExchange,
];
const METHODS: &[AuthMethod] = &[AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost, AuthMethod::None];

fn some_of<T: Clone + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = Vec<T>> {
    subsequence(all.to_vec(), 0..=all.len())
}

fn texts(all: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    some_of(all).prop_map(|list| list.into_iter().map(str::to_owned).collect())
}

fn span() -> impl Strategy<Value = TimeSpan> {
    (1_u64..100_000).prop_map(|seconds| TimeSpan::from_secs(seconds).unwrap())
}

fn policy() -> impl Strategy<Value = AuthPolicySpec> {
    let token = (option::of(span()), option::of(span()), option::of(span())).prop_map(|(access, refresh, id)| TokenLifetimes {
        access_token_ttl: access,
        refresh_token_ttl: refresh,
        id_token_ttl: id,
    });
    let authentication =
        (option::of(select(&METHODS[..2])), option::of(some_of(METHODS))).prop_map(|(method, allowed_methods)| ClientAuthentication {
            method,
            allowed_methods,
            secret_rotation: None,
        });
    let lists = (
        option::of(some_of(GRANTS)),
        option::of(texts(SCOPES)),
        option::of(texts(AUDIENCES)),
        option::of(some_of(&[ClientType::Confidential, ClientType::Public])),
        option::of(texts(GROUPS)),
        option::of(texts(HOSTS)),
    );
    (
        option::of(token),
        option::of(authentication),
        lists,
        option::of(any::<bool>()),
        option::of(span()),
        option::of(two_factor()),
    )
        .prop_map(
            |(
                token,
                client_authentication,
                (grants, scopes, audiences, types, groups, hosts),
                enforce_pkce,
                max_session_age,
                two_factor,
            )| {
                AuthPolicySpec {
                    mode: PolicyMode::Enforce,
                    applies_to: None,
                    token,
                    allowed_grant_types: grants,
                    enforce_pkce,
                    allowed_scopes: scopes,
                    allowed_audiences: audiences,
                    allowed_client_types: types,
                    client_authentication,
                    redirect_uris: hosts.map(|hosts| RedirectUriRules { hosts: Some(hosts) }),
                    allowed_groups: groups,
                    max_session_age,
                    two_factor,
                    password: None,
                }
            },
        )
}

fn two_factor() -> impl Strategy<Value = TwoFactorRules> {
    let methods = some_of(&[TwoFactorMethod::Totp, TwoFactorMethod::Webauthn]);
    let spreads = ["0s", "1h", "720h"].map(|text| text.parse().unwrap());
    (option::of(any::<bool>()), option::of(methods), option::of(select(spreads.to_vec()))).prop_map(|(required, methods, remember)| {
        TwoFactorRules {
            required,
            methods,
            remember_device_for: remember,
        }
    })
}

fn ask() -> impl Strategy<Value = Ask> {
    (
        select(&[ClientType::Confidential, ClientType::Public][..]),
        some_of(CLIENT_GRANTS),
        texts(SCOPES),
        option::of(select(&METHODS[..2])),
        texts(&["shop.example.org", "a.shop.example.org", "example.org", "x.example.com"]),
        option::of(texts(GROUPS)),
        texts(AUDIENCES),
    )
        .prop_map(|(client_type, grants, scopes, auth_method, hosts, groups, audiences)| Ask {
            client_type,
            grant_types: grants.into_iter().collect(),
            scopes: scopes.into_iter().collect(),
            audiences,
            auth_method: auth_method.filter(|_| client_type == ClientType::Confidential),
            redirect_uris: hosts
                .into_iter()
                .map(|host| AskedRedirect::new(format!("https://{host}/callback")))
                .collect(),
            allowed_groups: groups.map(|groups| groups.into_iter().collect()),
        })
}

fn named(specs: &[AuthPolicySpec]) -> Vec<NamedPolicy<'_>> {
    specs
        .iter()
        .enumerate()
        .map(|(number, spec)| NamedPolicy {
            name: format!("AuthPolicy p{number}"),
            spec,
        })
        .collect()
}

proptest! {
    #[test]
    fn the_order_of_policies_never_matters(specs in vec(policy(), 0..6), indices in vec(any::<Index>(), 6)) {
        let policies = named(&specs);
        let mut shuffled = policies.clone();
        for (at, index) in indices.iter().enumerate().take(shuffled.len()) {
            let other = index.index(shuffled.len());
            shuffled.swap(at, other);
        }
        prop_assert_eq!(Merged::all(&policies), Merged::all(&shuffled));
        prop_assert_eq!(conflicts(&policies), conflicts(&shuffled));
    }

    #[test]
    fn the_same_policy_twice_is_the_policy_once(spec in policy()) {
        let specs = [spec];
        let policies = named(&specs);
        let twice = [policies[0].clone(), policies[0].clone()];
        prop_assert_eq!(Merged::all(&policies), Merged::all(&twice));
    }

    #[test]
    fn a_merged_policy_is_never_looser_than_any_of_its_parts(specs in vec(policy(), 1..6), ask in ask()) {
        let policies = named(&specs);
        let merged = Merged::all(&policies);
        for policy in &policies {
            let part = Merged::of(policy);
            for (whole, part) in [
                (merged.access_token_ttl, part.access_token_ttl),
                (merged.refresh_token_ttl, part.refresh_token_ttl),
                (merged.id_token_ttl, part.id_token_ttl),
                (merged.max_session_age, part.max_session_age),
            ] {
                prop_assert!(part.is_none() || whole.is_some_and(|whole| Some(whole) <= part));
            }
            prop_assert!(part.enforce_pkce != Some(true) || merged.enforce_pkce == Some(true));
            let (whole, part_rule) = (merged.two_factor.in_force(), part.two_factor.in_force());
            prop_assert!(!part_rule.required || whole.required);
            prop_assert!(whole.methods.is_subset(&part_rule.methods));
            prop_assert!(part.two_factor.remember.is_none() || whole.remember <= part_rule.remember);
            for grant in CLIENT_GRANTS {
                prop_assert!(!merged.allows_grant(*grant) || part.allows_grant(*grant));
            }
            for scope in SCOPES {
                prop_assert!(!merged.allows_scope(scope) || part.allows_scope(scope));
            }
            for audience in AUDIENCES {
                prop_assert!(!merged.allows_audience(audience) || part.allows_audience(audience));
            }
            for uri in &ask.redirect_uris {
                prop_assert!(!merged.allows_redirect(uri) || part.allows_redirect(uri));
            }
            if let Some(method) = merged.auth_method(ask.client_type, ask.auth_method) {
                prop_assert_eq!(part.auth_method(ask.client_type, Some(method)), Some(method));
            }
            let within = |whole: &Option<std::collections::BTreeSet<String>>, part: &Option<std::collections::BTreeSet<String>>| {
                part.as_ref().is_none_or(|part| whole.as_ref().is_some_and(|whole| whole.is_subset(part)))
            };
            prop_assert!(within(&merged.groups, &part.groups));
        }
    }

    #[test]
    fn a_client_that_violates_no_part_is_allowed_by_the_whole(specs in vec(policy(), 0..5), ask in ask()) {
        let policies = named(&specs);
        let merged = Merged::all(&policies);
        let violated = policies.iter().any(|policy| !violations(&ask, policy).is_empty());
        let allowed = ask.grant_types.iter().all(|grant| merged.allows_grant(*grant))
            && ask.scopes.iter().all(|scope| merged.allows_scope(scope))
            && ask.audiences.iter().all(|audience| merged.allows_audience(audience))
            && ask.redirect_uris.iter().all(|uri| merged.allows_redirect(uri))
            && merged.client_types.as_ref().is_none_or(|types| types.contains(&ask.client_type));
        prop_assert!(violated || allowed);
        prop_assert!(!merged.allows(&ask) || !violated, "what the whole allows, each part allows");
        if !allowed {
            prop_assert!(violated);
        }
    }

    #[test]
    fn an_intersection_of_hosts_is_what_both_match(a in select(HOSTS), b in select(HOSTS), host in "[a-c]{0,2}\\.?(shop\\.)?example\\.(org|com)") {
        let both = host_intersection(a, b).is_some_and(|pattern| host_matches(&pattern, &host));
        prop_assert_eq!(both, host_matches(a, &host) && host_matches(b, &host));
    }

    #[test]
    fn no_redirect_uri_makes_the_check_panic_and_an_accepted_one_is_an_https_loopback_or_app_uri(uri in "\\PC{0,60}|https?://[a-z.*:@/#?%\\[\\]0-9\\\\]{0,40}") {
        if fault(&uri, ClientType::Confidential).is_none() {
            let url = url::Url::parse(&uri).unwrap();
            prop_assert!(url.scheme() == "https" || super::redirect_uri::is_loopback(&url));
            prop_assert!(url.fragment().is_none() && url.username().is_empty());
        }
    }

    #[test]
    fn names_that_pass_are_safe_in_paths(name in "\\PC{0,20}|[a-z./-]{1,20}") {
        if names::is_dns_subdomain(&name) {
            prop_assert!(!name.contains('/') && !name.contains("..") && !name.starts_with('.'));
        }
    }

    #[test]
    fn compile_never_panics_and_gives_each_resource_one_verdict(resources in resources(), edited in resources()) {
        let first = compile(&resources, &Options::default(), &Accepted::default());
        prop_assert_eq!(first.verdicts.len(), count(&resources));
        let second = compile(&edited, &Options::default(), &first.accepted);
        prop_assert_eq!(second.verdicts.len(), count(&edited));
        let again = compile(&edited, &Options::default(), &first.accepted);
        prop_assert_eq!(&second.verdicts, &again.verdicts);
        for (key, snapshot) in &second.snapshots {
            prop_assert_eq!(&snapshot.revision, &again.snapshots[key].revision);
        }
    }
}

fn count(resources: &Resources) -> usize {
    resources.servers.len()
        + resources.clients.len()
        + resources.policies.len()
        + resources.cluster_policies.len()
        + resources.user_stores.len()
        + resources.users.len()
        + resources.groups.len()
}

fn key() -> impl Strategy<Value = Key> {
    (select(&["identity", "team-a"][..]), select(&["main", "shop", "web", "x"][..])).prop_map(|(namespace, name)| Key::new(namespace, name))
}

/// Values that pass the schema, sensible or not.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("openid".to_owned()),
        Just("https://a.example/cb".to_owned()),
        Just("main".to_owned()),
        "\\PC{0,12}"
    ]
}

fn objects<S>(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Objects<S>>
where
    S: serde::de::DeserializeOwned + std::fmt::Debug,
{
    btree_map(key(), value, 0..4).prop_map(|map| {
        map.into_iter()
            .map(|(key, value)| (key, Arc::new(Object::new(serde_json::from_value(value).unwrap()))))
            .collect()
    })
}

fn resources() -> impl Strategy<Value = Resources> {
    let selector = prop_oneof![
        Just(json!({})),
        Just(json!({"matchLabels": {"env": "prod"}})),
        Just(json!({"matchExpressions": [{"key": "a", "operator": "In"}]}))
    ];
    let server = (text(), option::of(selector), option::of(text())).prop_map(|(issuer, selector, store)| {
        json!({"issuerUrl": if issuer == "openid" { "https://login.example.org".to_owned() } else { issuer },
            "policySelector": selector, "userStoreRef": store.map(|name| json!({"name": name}))})
    });
    let client = (
        vec(text(), 0..3),
        vec(text(), 0..3),
        option::of(text()),
        any::<bool>(),
        key(),
        option::of(text()),
    )
        .prop_map(|(uris, scopes, id, public, server, secret)| {
            json!({"redirectUris": uris, "scopes": scopes, "clientId": id, "clientType": if public { "public" } else { "confidential" },
                "authServerRef": {"name": server.name, "namespace": server.namespace}, "secret": secret.map(|name| json!({"name": name}))})
        });
    let store = any::<bool>().prop_map(|with_type| json!({"type": if with_type { "local" } else { "ldap" }}));
    let user = (option::of(text()), vec(text(), 0..3), option::of(text())).prop_map(
        |(username, groups, secret)| json!({"username": username, "groups": groups, "credentialSecretRef": secret.map(|name| json!({"name": name}))}),
    );
    let group = (option::of(text()), btree_set(text(), 0..3)).prop_map(|(name, members)| json!({"name": name, "members": members}));
    (
        objects(server),
        objects(client),
        btree_map(key(), policy().prop_map(|policy| Arc::new(Object::new(policy))), 0..4),
        objects(store),
        objects(user),
        objects(group),
    )
        .prop_map(|(servers, clients, policies, user_stores, users, groups)| Resources {
            servers,
            clients,
            policies,
            user_stores,
            users,
            groups,
            ..Resources::default()
        })
}

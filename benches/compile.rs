//! What a compilation costs at 5,000 clients and 10 policies: `cargo bench --bench compile`.
//!
//! `cold` has nothing before it; the others are what the operator does at one change: copy the resources' map, change one, compile with
//! what was accepted, share what is equal.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use nauthera::config::input::{Accepted, GeneratedSecret, Key, Object, Options, Resources, Runtime};
use nauthera::config::verdict::Compiled;
use nauthera::config::{compile, share};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::hint::black_box;
use std::sync::Arc;

const CLIENTS: usize = 5_000;
const POLICIES: usize = 10;
const NAMESPACES: usize = 50;

fn object<S: DeserializeOwned>(spec: Value) -> Arc<Object<S>> {
    Arc::new(Object::new(serde_json::from_value(spec).unwrap()))
}

fn client_key(number: usize) -> Key {
    Key::new(format!("team-{}", number % NAMESPACES), format!("client-{number}"))
}

fn client(number: usize, name: &str) -> Value {
    json!({
        "displayName": name,
        "authServerRef": {"name": "main", "namespace": "identity"},
        "redirectUris": [format!("https://app-{number}.example.org/callback"), format!("https://app-{number}.example.org/silent")],
        "postLogoutRedirectUris": [format!("https://app-{number}.example.org/")],
        "scopes": ["openid", "profile", "email", "orders:read"],
        "audiences": ["https://orders.example.org"]
    })
}

fn policy(number: usize, ttl: &str) -> Value {
    json!({
        "appliesTo": if number == 0 { json!({}) } else { json!({"namespaceSelector": {"matchExpressions": [
            {"key": "kubernetes.io/metadata.name", "operator": "In", "values": (0..NAMESPACES).filter(|n| n % POLICIES <= number)
                .map(|n| format!("team-{n}")).collect::<Vec<_>>()}]}}) },
        "token": {"accessTokenTTL": ttl, "refreshTokenTTL": "24h", "idTokenTTL": "5m"},
        "allowedGrantTypes": ["authorization_code", "refresh_token", "client_credentials"],
        "enforcePKCE": true,
        "allowedScopes": ["openid", "profile", "email", "orders:read", "orders:write"],
        "redirectUris": {"hosts": ["*.example.org"]},
        "clientAuthentication": {"method": "client_secret_basic", "secretRotation": {"enabled": true, "schedule": format!("{number} 0 * * *")}}
    })
}

fn put_policy(resources: &mut Resources, number: usize, ttl: &str) {
    let mut policy: Arc<Object<_>> = object(policy(number, ttl));
    Arc::get_mut(&mut policy)
        .unwrap()
        .labels
        .insert("env".to_owned(), "prod".to_owned());
    resources.policies.insert(Key::new("identity", format!("policy-{number}")), policy);
}

fn world() -> Resources {
    let mut resources = Resources::default();
    let server = json!({"issuerUrl": "https://login.example.org", "policySelector": {"matchLabels": {"env": "prod"}}});
    resources.servers.insert(Key::new("identity", "main"), object(server));
    for number in 0..POLICIES {
        put_policy(&mut resources, number, "15m");
    }
    for number in 0..CLIENTS {
        resources.clients.insert(client_key(number), object(client(number, "App")));
    }
    let wanted = compile(&resources, &options(), &Accepted::default()).secrets_wanted;
    assert_eq!(wanted.len(), CLIENTS);
    for wanted in wanted {
        let made = GeneratedSecret {
            client: wanted.client.clone(),
            client_id: wanted.client_id,
            issuer: wanted.issuer,
            secret: format!("0123456789abcdef0123456789abcdef0123456789-{}", wanted.client).into(),
            previous: None,
            next: None,
        };
        resources.generated.insert(wanted.secret, Arc::new(made));
    }
    resources
}

fn options() -> Options {
    Options {
        runtime: Runtime::Cluster,
        ..Options::default()
    }
}

fn next(resources: &Resources, previous: &Compiled) -> Compiled {
    let mut compiled = compile(resources, &options(), &previous.accepted);
    share(&mut compiled, previous);
    compiled
}

fn compilations(criterion: &mut Criterion) {
    let resources = world();
    let first = compile(&resources, &options(), &Accepted::default());
    assert!(first.all_accepted());
    assert_eq!(first.snapshots.values().next().unwrap().clients.len(), CLIENTS);
    let mut group = criterion.benchmark_group("compile");
    group.sample_size(20);
    group.bench_function("cold", |bencher| {
        bencher.iter(|| compile(black_box(&resources), &options(), &Accepted::default()));
    });
    group.bench_function("nothing changed", |bencher| bencher.iter(|| next(black_box(&resources), &first)));
    group.bench_function("one client changed", |bencher| {
        bencher.iter(|| {
            let mut resources = resources.clone();
            resources.clients.insert(client_key(7), object(client(7, "Other")));
            next(black_box(&resources), &first)
        });
    });
    group.bench_function("one policy changed", |bencher| {
        bencher.iter(|| {
            let mut resources = resources.clone();
            put_policy(&mut resources, 0, "5m");
            next(black_box(&resources), &first)
        });
    });
    group.finish();
}

criterion_group!(benches, compilations);
criterion_main!(benches);

//! The meaning of resources, rule by rule: what the tests share.

mod admission;
mod claims;
mod departures;
mod directories;
mod edits;
mod people;
mod policies;
mod providers;
mod references;
mod seams;
mod secrets;
mod snapshots;

use super::input::{Accepted, GeneratedSecret, Key, Kind, Object, Options, Resources, SecretObject};
use super::verdict::{Compiled, Status};
use super::{compile, snapshot::Snapshot};
use crate::oauth::client::Client;
use crate::oauth::grant_type::ClientAuthMethod;
use crate::resources::{AuthClientStatus, AuthPolicyStatus};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

pub fn spec<S: DeserializeOwned>(value: Value) -> S {
    serde_json::from_value(value).unwrap()
}

/// A world with one server `identity/main` that selects policies by `env: prod`, and the policy `identity/web`.
pub struct World {
    pub resources: Resources,
    pub accepted: Accepted,
}

impl World {
    pub fn empty() -> Self {
        Self {
            resources: Resources::default(),
            accepted: Accepted::default(),
        }
    }

    pub fn new() -> Self {
        Self::empty()
            .server(
                "main",
                json!({"issuerUrl": "https://login.example.org", "policySelector": {"matchLabels": {"env": "prod"}}}),
            )
            .policy("web", json!({"allowedScopes": ["openid", "email", "orders:read"]}))
    }

    pub fn server(mut self, name: &str, value: Value) -> Self {
        self.resources
            .servers
            .insert(Key::new("identity", name), Arc::new(Object::new(spec(value))));
        self
    }

    pub fn policy(mut self, name: &str, value: Value) -> Self {
        let mut object = Object::new(spec(value));
        object.labels.insert("env".to_owned(), "prod".to_owned());
        self.resources.policies.insert(Key::new("identity", name), Arc::new(object));
        self
    }

    pub fn cluster_policy(mut self, name: &str, value: Value) -> Self {
        self.resources
            .cluster_policies
            .insert(Key::new("", name), Arc::new(Object::new(spec(value))));
        self
    }

    /// A client `team-a/NAME` of `identity/main`; the fields come on top of a minimal code client.
    pub fn client(self, name: &str, fields: Value) -> Self {
        self.client_in("team-a", name, fields)
    }

    pub fn client_in(mut self, namespace: &str, name: &str, fields: Value) -> Self {
        let mut value = json!({
            "authServerRef": {"name": "main", "namespace": "identity"},
            "redirectUris": ["https://shop.example.org/callback"],
            "scopes": ["openid"],
            "clientType": "public"
        });
        for (key, field) in fields.as_object().unwrap() {
            value[key] = field.clone();
        }
        self.resources
            .clients
            .insert(Key::new(namespace, name), Arc::new(Object::new(spec(value))));
        self
    }

    pub fn secret(mut self, namespace: &str, name: &str, labelled: bool, data: &[(&str, &str)]) -> Self {
        let mut secret = SecretObject::default();
        if labelled {
            secret.labels.insert("auth.nauthera.io/client-secret".to_owned(), "true".to_owned());
        }
        secret.data = data.iter().map(|(k, v)| ((*k).to_owned(), SecretString::from(*v))).collect();
        self.resources.secrets.insert(Key::new(namespace, name), Arc::new(secret));
        self
    }

    pub fn store(mut self, name: &str) -> Self {
        self.resources
            .user_stores
            .insert(Key::new("identity", name), Arc::new(Object::new(spec(json!({"type": "local"})))));
        self
    }

    pub fn user(mut self, name: &str, value: Value) -> Self {
        self.resources
            .users
            .insert(Key::new("identity", name), Arc::new(Object::new(spec(value))));
        self
    }

    pub fn compile(&mut self) -> Compiled {
        let compiled = compile(&self.resources, &Options::default(), &self.accepted);
        self.accepted = compiled.accepted.clone();
        compiled
    }

    /// Compiles and makes the secrets that are wanted, until none is.
    pub fn settle(&mut self) -> Compiled {
        loop {
            let compiled = self.compile();
            if compiled.secrets_wanted.is_empty() {
                return compiled;
            }
            for wanted in &compiled.secrets_wanted {
                let secret = SecretString::from(format!("made for {}", wanted.secret));
                self.resources.generated.insert(
                    wanted.secret.clone(),
                    Arc::new(GeneratedSecret {
                        client: wanted.client.clone(),
                        client_id: wanted.client_id.clone(),
                        issuer: wanted.issuer.clone(),
                        secret,
                        previous: None,
                        next: None,
                    }),
                );
            }
        }
    }
}

pub fn ready(compiled: &Compiled, kind: Kind, namespace: &str, name: &str) -> (String, String) {
    let verdict = compiled.verdict(kind, &Key::new(namespace, name)).unwrap();
    let condition = verdict.condition("Ready").unwrap();
    assert_eq!(condition.holds(), verdict.accepted());
    (condition.reason.clone(), condition.message.clone())
}

pub fn shop(compiled: &Compiled) -> (String, String) {
    ready(compiled, Kind::AuthClient, "team-a", "shop")
}

pub fn main_snapshot(compiled: &Compiled) -> &Snapshot {
    &compiled.snapshots[&Key::new("identity", "main")]
}

pub fn live<'a>(compiled: &'a Compiled, id: &str) -> Option<&'a Arc<Client>> {
    main_snapshot(compiled).client(id)
}

pub fn client_status(compiled: &Compiled, name: &str) -> AuthClientStatus {
    match &compiled.verdict(Kind::AuthClient, &Key::new("team-a", name)).unwrap().status {
        Status::AuthClient(status) => status.clone(),
        other => panic!("{other:?}"),
    }
}

pub fn policy_status(compiled: &Compiled, name: &str) -> AuthPolicyStatus {
    match &compiled.verdict(Kind::AuthPolicy, &Key::new("identity", name)).unwrap().status {
        Status::AuthPolicy(status) => status.clone(),
        other => panic!("{other:?}"),
    }
}

pub const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

pub fn people() -> World {
    World::empty()
        .server(
            "main",
            json!({"issuerUrl": "https://login.example.org", "userStoreRef": {"name": "people"}}),
        )
        .store("people")
}

//! The validating webhook over HTTPS, asked as the API server asks.

use actix_rt::System;
use nauthera::config::compile;
use nauthera::config::input::{Accepted, Key, Object, Options, Resources};
use nauthera::operator::settings::Scope;
use nauthera::operator::webhook::{PATH, Webhook, serve};
use nauthera::operator::world::World;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::sync::Arc;
use tokio::sync::watch;

/// A certificate for `localhost`, and the authority that signed it (PEM).
fn certificate() -> (rustls::ServerConfig, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    (config, authority.pem())
}

/// One server, whose clients may have the scope `openid`.
fn world() -> World {
    let mut resources = Resources::default();
    let server = json!({"issuerUrl": "https://login.example.org", "policySelector": {}});
    let server = Arc::new(Object::new(serde_json::from_value(server).unwrap()));
    resources.servers.insert(Key::new("identity", "main"), server);
    let policy = json!({"allowedScopes": ["openid"]});
    let policy = Arc::new(Object::new(serde_json::from_value(policy).unwrap()));
    resources.policies.insert(Key::new("identity", "web"), policy);
    resources.namespaces.insert("team-a".to_owned(), Default::default());
    World {
        sequence: 1,
        compiled: Arc::new(compile(&resources, &Options::default(), &Accepted::default())),
        resources: Arc::new(resources),
        ..World::default()
    }
}

fn review(scopes: &[&str]) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": "auth.nauthera.io", "version": "v1alpha1", "kind": "AuthClient"},
            "resource": {"group": "auth.nauthera.io", "version": "v1alpha1", "resource": "authclients"},
            "requestKind": {"group": "auth.nauthera.io", "version": "v1alpha1", "kind": "AuthClient"},
            "requestResource": {"group": "auth.nauthera.io", "version": "v1alpha1", "resource": "authclients"},
            "name": "shop", "namespace": "team-a", "operation": "CREATE",
            "userInfo": {"username": "dev", "uid": "1", "groups": ["system:authenticated"]},
            "object": {
                "apiVersion": "auth.nauthera.io/v1alpha1", "kind": "AuthClient",
                "metadata": {"name": "shop", "namespace": "team-a", "uid": "2", "creationTimestamp": "2026-01-01T00:00:00Z",
                    "generation": 1, "managedFields": [{"manager": "kubectl", "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": {}}]},
                "spec": {"authServerRef": {"name": "main", "namespace": "identity"}, "clientType": "public",
                    "redirectUris": ["https://shop.example.org/callback"], "scopes": scopes}
            },
            "oldObject": null, "dryRun": false,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1", "fieldManager": "kubectl"}
        }
    })
}

struct Api {
    client: reqwest::Client,
    url: String,
}

impl Api {
    async fn post(&self, body: Vec<u8>) -> reqwest::Response {
        let request = self.client.post(&self.url).header("content-type", "application/json").body(body);
        request.send().await.unwrap()
    }

    async fn ask(&self, review: &Value) -> Value {
        let answer = self.post(serde_json::to_vec(review).unwrap()).await;
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }
}

/// Runs the endpoint on a system of its own while `asking` asks.
async fn with_webhook(asking: impl AsyncFnOnce(Api)) {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let (tls, authority) = certificate();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (_keeper, world) = watch::channel(Arc::new(world()));
    let (sender, handle) = tokio::sync::oneshot::channel();
    let thread = std::thread::spawn(move || {
        System::new().block_on(async move {
            let webhook = Webhook {
                world,
                scope: Scope::Cluster,
            };
            let server = serve(listener, tls, webhook).unwrap();
            sender.send(server.handle()).ok();
            server.await.unwrap();
        });
    });
    let handle = handle.await.unwrap();
    let client = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(authority.as_bytes()).unwrap()])
        .resolve("localhost", address)
        .build()
        .unwrap();
    let url = format!("https://localhost:{}{PATH}", address.port());
    asking(Api { client, url }).await;
    handle.stop(true).await;
    thread.join().unwrap();
}

#[tokio::test]
async fn answers_a_review_over_https() {
    with_webhook(async |api| {
        let good = api.ask(&review(&["openid"])).await;
        assert_eq!(good["kind"], "AdmissionReview");
        assert_eq!(good["apiVersion"], "admission.k8s.io/v1");
        assert_eq!(good["response"]["uid"], "705ab4f5-6393-11e8-b7cc-42010a800002");
        assert_eq!(good["response"]["allowed"], true);

        let bad = api.ask(&review(&["openid", "admin"])).await;
        assert_eq!(bad["response"]["allowed"], false);
        let message = bad["response"]["status"]["message"].as_str().unwrap();
        assert!(
            message.contains("PolicyViolation") && message.contains("asks for admin"),
            "{message}"
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_no_review_gets_a_400_and_what_is_too_long_a_413() {
    with_webhook(async |api| {
        for body in ["", "{}", "null", "{\"kind\": \"AdmissionReview\"}"] {
            assert_eq!(api.post(body.into()).await.status(), 400, "{body:?}");
        }
        assert_eq!(api.post(vec![b' '; 5 << 20]).await.status(), 413);
        // Short enough, and a gigabyte once it is read: no object of the API server's is like that.
        let bomb = format!("[{}0]", "{\"a\":0},".repeat(400_000));
        assert_eq!(api.post(bomb.into_bytes()).await.status(), 413);
        assert_eq!(api.ask(&review(&["openid"])).await["response"]["allowed"], true);
    })
    .await;
}

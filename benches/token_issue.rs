//! What issuing a token by client credentials costs beside the raw signature: `cargo bench --bench token_issue`.
//!
//! `raw` signs a message of a token's length with a parsed key, `ring` makes and signs the whole JWT, `issue` goes from the decoded form to the
//! JSON answer: client authentication, the grant's decision, claims, signature, serialisation. Neither touches a store or an actor.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use criterion::{Criterion, criterion_group, criterion_main};
use jiff::Timestamp;
use nauthera::config::snapshot::SigningAlgorithm;
use nauthera::jose::{KeyRing, PublishedKey, SigningKey, TokenType};
use nauthera::oauth::client::{AccessTokenFormat, Client, ClientSecret, ClientType, Limits};
use nauthera::oauth::client_auth::Credentials;
use nauthera::oauth::form::Params;
use nauthera::oauth::grant_type::{ClientAuthMethod, GrantType};
use nauthera::oauth::grants::{self, TokenResponse, client_credentials};
use nauthera::oauth::ids::ClientId;
use nauthera::oauth::opaque::TokenHash;
use nauthera::oauth::scope::Scopes;
use nauthera::oauth::two_factor::TwoFactor;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

const ISSUER: &str = "https://login.example.org";
const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);
const FORM: &[u8] = b"grant_type=client_credentials&scope=orders%3Aread";

fn client() -> Arc<Client> {
    Arc::new(Client {
        id: ClientId::new("demo.reporting"),
        resource: "demo/reporting".to_owned(),
        display_name: "Reporting".to_owned(),
        client_type: ClientType::Confidential,
        redirect_uris: vec![],
        post_logout_redirect_uris: vec![],
        backchannel_logout_uri: None,
        grant_types: [GrantType::ClientCredentials].into(),
        response_types: [].into(),
        scopes: Scopes::parse("orders:read orders:write").unwrap(),
        auth_method: ClientAuthMethod::ClientSecretBasic,
        secrets: vec![ClientSecret {
            hash: TokenHash::of("secret"),
            not_after: None,
        }],
        audiences: vec!["https://orders.example.org".to_owned()],
        access_token_format: AccessTokenFormat::Jwt,
        require_consent: false,
        allowed_groups: None,
        limits: Limits {
            access_token_ttl: Duration::from_secs(900),
            refresh_token_ttl: Duration::from_secs(86_400),
            id_token_ttl: Duration::from_secs(300),
            require_pkce: true,
            max_session_age: None,
            two_factor: TwoFactor::default(),
        },
    })
}

fn issue(ring: &KeyRing, algorithm: SigningAlgorithm, client: &Arc<Client>, authorization: &[u8]) -> String {
    let params = Params::parse(FORM).unwrap();
    grants::refuse_repetition(&params).unwrap();
    let credentials = Credentials::read(Some(authorization), &params).unwrap();
    let client = credentials.authenticate(Some(client), NOW).unwrap();
    grants::allowed(client, grants::grant_type(&params).unwrap()).unwrap();
    let granted = client_credentials::decide(client, ISSUER, &params).unwrap();
    let claims = granted
        .access_token(ISSUER, client, "0123456789abcdefghijkl".to_owned(), NOW)
        .unwrap();
    let response = TokenResponse {
        access_token: ring.sign(algorithm, TokenType::Access, &claims, NOW).unwrap(),
        token_type: "Bearer",
        expires_in: 900,
        issued_token_type: None,
        refresh_token: None,
        id_token: None,
        scope: claims.scope.to_string(),
    };
    serde_json::to_string(&response).unwrap()
}

/// Signs a message with a parsed key.
type Sign = Box<dyn Fn(&[u8]) -> Vec<u8>>;

fn raw_signature(algorithm: SigningAlgorithm, der: &[u8]) -> Sign {
    let random = SystemRandom::new();
    match algorithm {
        SigningAlgorithm::ES256 => {
            let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).unwrap();
            Box::new(move |message| key.sign(&random, message).unwrap().as_ref().to_vec())
        }
        SigningAlgorithm::EdDSA => {
            let key = Ed25519KeyPair::from_pkcs8(der).unwrap();
            Box::new(move |message| key.sign(message).as_ref().to_vec())
        }
        SigningAlgorithm::RS256 | SigningAlgorithm::PS256 => {
            let key = RsaKeyPair::from_pkcs8(der).unwrap();
            Box::new(move |message| {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            })
        }
    }
}

fn private_key(algorithm: SigningAlgorithm) -> Vec<u8> {
    match algorithm {
        SigningAlgorithm::ES256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .unwrap()
            .to_pkcs8v1()
            .unwrap()
            .as_ref()
            .to_vec(),
        SigningAlgorithm::EdDSA => Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap().as_ref().to_vec(),
        SigningAlgorithm::RS256 | SigningAlgorithm::PS256 => {
            let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
            let der: Pkcs8V1Der<'_> = key.as_der().unwrap();
            der.as_ref().to_vec()
        }
    }
}

fn token_issue(criterion: &mut Criterion) {
    let client = client();
    let authorization = format!("Basic {}", STANDARD.encode("demo.reporting:secret"));
    for algorithm in [SigningAlgorithm::ES256, SigningAlgorithm::RS256, SigningAlgorithm::EdDSA] {
        let der = private_key(algorithm);
        let key = Arc::new(SigningKey::from_pkcs8(algorithm, &der).unwrap());
        let ring = KeyRing::new(vec![PublishedKey::new(key, Timestamp::UNIX_EPOCH, None, None)], vec![]);
        let params = Params::parse(FORM).unwrap();
        let claims = client_credentials::decide(&client, ISSUER, &params)
            .unwrap()
            .access_token(ISSUER, &client, "0123456789abcdefghijkl".to_owned(), NOW)
            .unwrap();
        let message = [b'x'; 420];
        let raw = raw_signature(algorithm, &der);
        let mut group = criterion.benchmark_group(format!("{algorithm:?}"));
        group.bench_function("raw", |bencher| bencher.iter(|| raw(black_box(&message))));
        group.bench_function("ring", |bencher| {
            bencher.iter(|| ring.sign(algorithm, TokenType::Access, black_box(&claims), NOW).unwrap());
        });
        group.bench_function("issue", |bencher| {
            bencher.iter(|| issue(&ring, algorithm, black_box(&client), authorization.as_bytes()));
        });
        group.finish();
    }
}

criterion_group!(benches, token_issue);
criterion_main!(benches);

//! What the replicas are configured with: people, websites that ask for consent, one that does not, a service.

use std::path::{Path, PathBuf};

/// How many people there are, and how many websites that ask each of them for consent.
pub const PEOPLE: usize = 12;
pub const SHOPS: usize = 16;
pub const PASSWORD: &str = "the same for all of them 1729";
pub const CALLBACK: &str = "http://127.0.0.1/callback";
/// The confidential website, and the service; what both are for.
pub const OFFICE: &str = "load.office";
pub const SERVICE: &str = "load.service";
pub const SECRET: &str = "a secret of the fault tests";

/// Keys that do not take turns within a test.
pub const STEADY_KEYS: &str = "{algorithms: [ES256]}";

pub fn person(number: usize) -> String {
    format!("person-{}", number % PEOPLE)
}

pub fn shop(number: usize) -> String {
    format!("load.shop-{}", number % SHOPS)
}

/// The manifests below a folder.
pub fn folder(below: &Path) -> PathBuf {
    below.join("manifests")
}

/// The key-encryption keys below a folder.
pub fn kek(below: &Path) -> PathBuf {
    below.join("kek")
}

/// Writes both.
pub fn write(below: &Path, issuer: &str, signing: &str) {
    std::fs::create_dir(folder(below)).unwrap();
    std::fs::create_dir(kek(below)).unwrap();
    std::fs::write(kek(below).join("1"), [7; 32]).unwrap();
    let mut text = PLATFORM.replace("ISSUER", issuer).replace("SIGNING", signing);
    for number in 0..PEOPLE {
        text.push_str(&PERSON.replace("NAME", &person(number)));
    }
    for number in 0..SHOPS {
        text.push_str(&SHOP.replace("NAME", &format!("shop-{number}")));
    }
    text = text
        .replace("CALLBACK", CALLBACK)
        .replace("SECRET", SECRET)
        .replace("PASSWORD", PASSWORD);
    std::fs::write(folder(below).join("all.yaml"), text).unwrap();
}

const PLATFORM: &str = r#"
apiVersion: auth.nauthera.io/v1alpha1
kind: AuthServer
metadata: {name: main, namespace: identity}
spec:
  issuerUrl: ISSUER
  userStoreRef: {name: people}
  signing: SIGNING
---
apiVersion: auth.nauthera.io/v1alpha1
kind: UserStore
metadata: {name: people, namespace: identity}
spec: {type: local}
---
apiVersion: v1
kind: Secret
metadata: {name: password, namespace: identity}
stringData: {password: PASSWORD}
---
apiVersion: v1
kind: Secret
metadata: {name: secret, namespace: load, labels: {auth.nauthera.io/client-secret: "true"}}
stringData: {client_secret: SECRET}
---
apiVersion: auth.nauthera.io/v1alpha1
kind: AuthClient
metadata: {name: service, namespace: load}
spec:
  authServerRef: {name: main, namespace: identity}
  grantTypes: [client_credentials]
  scopes: ["orders:read"]
  audiences: ["https://orders.example.org"]
  tokenEndpointAuthMethod: client_secret_post
  secret: {existingRef: {name: secret}}
---
apiVersion: auth.nauthera.io/v1alpha1
kind: AuthClient
metadata: {name: office, namespace: load}
spec:
  authServerRef: {name: main, namespace: identity}
  redirectUris: [CALLBACK]
  scopes: [openid, profile, "orders:read"]
  audiences: ["https://orders.example.org"]
  requireConsent: false
  tokenEndpointAuthMethod: client_secret_post
  secret: {existingRef: {name: secret}}
"#;

const PERSON: &str = r"---
apiVersion: auth.nauthera.io/v1alpha1
kind: User
metadata: {name: NAME, namespace: identity}
spec: {username: NAME, credentialSecretRef: {name: password, key: password}, userStoreRef: {name: people}}
";

const SHOP: &str = r#"---
apiVersion: auth.nauthera.io/v1alpha1
kind: AuthClient
metadata: {name: NAME, namespace: load}
spec:
  clientType: public
  authServerRef: {name: main, namespace: identity}
  redirectUris: [CALLBACK]
  scopes: [openid, profile, "orders:read"]
  audiences: ["https://orders.example.org"]
  requireConsent: true
"#;

//! An AuthServer of a test: its manifests, its replicas, and tokens from each of them.

use super::installation::{HOME, Installation};
use crate::support::tools::Said;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// The AuthServer `main` in a namespace that this test has for itself.
#[derive(Clone)]
pub struct Server {
    pub installation: &'static Installation,
    pub namespace: &'static str,
    /// `https://login.NAMESPACE.test`
    pub issuer: String,
}

/// One of its Pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    pub name: String,
    pub address: IpAddr,
}

/// What a client's Secret says.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub id: String,
    pub secret: String,
}

/// Server, users, two policies, a person, a service and an application.
const MANIFESTS: &str = "
apiVersion: auth.nauthera.io/v1alpha1
kind: AuthServer
metadata: {name: main, namespace: NAMESPACE}
spec:
  issuerUrl: https://login.NAMESPACE.test
  replicas: REPLICAS
  policySelector: {matchLabels: {environment: tests}}
  userStoreRef: {name: people}
  tls: {issuerRef: {name: authority, kind: ClusterIssuer}}
  # The servers of many tests are on one node, which is hardly a node's usual load.
  resources: {requests: {cpu: 10m, memory: 32Mi}}
---
apiVersion: auth.nauthera.io/v1alpha1
kind: UserStore
metadata: {name: people, namespace: NAMESPACE}
spec: {type: local}
---
apiVersion: auth.nauthera.io/v1alpha1
kind: AuthPolicy
metadata: {name: services, namespace: NAMESPACE, labels: {environment: tests}}
spec:
  appliesTo: {clientSelector: {matchLabels: {profile: service}}}
  token: {accessTokenTTL: 15m}
  allowedGrantTypes: [client_credentials]
---
apiVersion: auth.nauthera.io/v1alpha1
kind: AuthPolicy
metadata: {name: web, namespace: NAMESPACE, labels: {environment: tests}}
spec:
  appliesTo: {clientSelector: {matchLabels: {profile: web}}}
  allowedGrantTypes: [authorization_code, refresh_token]
---
apiVersion: auth.nauthera.io/v1alpha1
kind: User
metadata: {name: alice, namespace: NAMESPACE}
spec:
  username: alice
  email: alice@example.org
  displayName: Alice Example
  userStoreRef: {name: people}
  credentialSecretRef: {name: alice, key: password}
---
apiVersion: v1
kind: Secret
metadata: {name: alice, namespace: NAMESPACE, labels: {auth.nauthera.io/credential: 'true'}}
stringData: {password: correct horse battery staple}
---
apiVersion: auth.nauthera.io/v1alpha1
kind: AuthClient
metadata: {name: robot, namespace: NAMESPACE, labels: {profile: service}}
spec:
  authServerRef: {name: main}
  grantTypes: [client_credentials]
";

impl Server {
    /// Applies its manifests and waits until it and its service `robot` are Ready.
    pub fn start(installation: &'static Installation, namespace: &'static str, replicas: u32) -> Self {
        let this = Self {
            installation,
            namespace,
            issuer: format!("https://login.{namespace}.test"),
        };
        installation.cluster.namespaces(&[namespace]);
        this.apply(&MANIFESTS.replace("REPLICAS", &replicas.to_string()));
        this.ready("authserver/main");
        this.ready("authclient/robot");
        // Ready is who serves; these tests want all replicas.
        this.kubectl(&["rollout", "status", "deployment/main", "--timeout=120s"]).success();
        this
    }

    /// kubectl in its namespace.
    pub fn kubectl(&self, args: &[&str]) -> Said {
        let args: Vec<&str> = ["-n", self.namespace].into_iter().chain(args.iter().copied()).collect();
        self.installation.cluster.kubectl(&args)
    }

    /// `kubectl apply` of this, with its namespace in place of `NAMESPACE`.
    #[track_caller]
    pub fn apply(&self, yaml: &str) {
        self.installation
            .cluster
            .apply(&yaml.replace("NAMESPACE", self.namespace))
            .success();
    }

    /// `kubectl wait` until it is Ready.
    #[track_caller]
    pub fn ready(&self, object: &str) {
        self.wait("condition=Ready", object);
    }

    /// `kubectl wait --for`.
    #[track_caller]
    pub fn wait(&self, what: &str, object: &str) {
        self.kubectl(&["wait", &format!("--for={what}"), object, "--timeout=120s"])
            .success();
    }

    /// `kubectl patch` by a merge.
    #[track_caller]
    pub fn patch(&self, object: &str, patch: &str) {
        self.kubectl(&["patch", object, "--type=merge", "-p", patch]).success();
    }

    /// Gives the service's policy another lifetime of access tokens, and waits until every replica has it.
    #[track_caller]
    pub fn set_lifetime(&self, lifetime: &str) {
        self.patch(
            "authpolicy/services",
            &format!(r#"{{"spec":{{"token":{{"accessTokenTTL":"{lifetime}"}}}}}}"#),
        );
        self.ready("authpolicy/services");
    }

    /// An object as it is now.
    #[track_caller]
    pub fn get(&self, object: &str) -> Value {
        serde_json::from_str(&self.kubectl(&["get", object, "-o", "json"]).success()).unwrap()
    }

    /// What the Secret of one of its clients says.
    #[track_caller]
    pub fn credentials(&self, client: &str) -> Credentials {
        let secret = self.get(&format!("secret/{client}-client-secret"));
        let text = |key: &str| {
            let encoded = secret["data"][key]
                .as_str()
                .unwrap_or_else(|| panic!("no {key} in the Secret of {client}"));
            String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()
        };
        assert_eq!(text("issuer"), self.issuer);
        Credentials {
            id: text("client_id"),
            secret: text("client_secret"),
        }
    }

    /// Its Pods that are ready, by name.
    #[track_caller]
    pub fn pods(&self) -> Vec<Pod> {
        let list = self
            .kubectl(&["get", "pods", "-l", "app.kubernetes.io/instance=main", "-o", "json"])
            .success();
        let list: Value = serde_json::from_str(&list).unwrap();
        let is_ready = |pod: &&Value| {
            let conditions = pod["status"]["conditions"].as_array();
            pod["metadata"]["deletionTimestamp"].is_null()
                && conditions.is_some_and(|all| all.iter().any(|one| one["type"] == "Ready" && one["status"] == "True"))
        };
        let mut pods: Vec<Pod> = (list["items"].as_array().unwrap().iter().filter(is_ready))
            .map(|pod| Pod {
                name: pod["metadata"]["name"].as_str().unwrap().to_owned(),
                address: pod["status"]["podIP"].as_str().unwrap().parse().unwrap(),
            })
            .collect();
        pods.sort_by(|one, other| one.name.cmp(&other.name));
        pods
    }

    /// The address of its Service.
    #[track_caller]
    pub fn service(&self) -> IpAddr {
        self.get("service/main")["spec"]["clusterIP"].as_str().unwrap().parse().unwrap()
    }

    /// An HTTP client for which its name is this address, and its authority one to be trusted.
    pub fn at(&self, address: IpAddr, port: u16) -> reqwest::Client {
        crate::e2e::use_aws_lc();
        let authority = reqwest::Certificate::from_pem(self.installation.authority.as_bytes()).unwrap();
        reqwest::Client::builder()
            .resolve(&self.issuer["https://".len()..], SocketAddr::new(address, port))
            .tls_certs_only([authority])
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap()
    }

    /// One that talks to this Pod alone.
    pub fn at_pod(&self, pod: &Pod) -> reqwest::Client {
        self.at(pod.address, 8443)
    }

    /// Asks for an access token, with the client's own right.
    pub async fn ask(&self, http: &reqwest::Client, credentials: &Credentials) -> Result<Value, String> {
        self.tokens(http, credentials, &[("grant_type", "client_credentials")]).await
    }

    /// A request to the token endpoint.
    pub async fn tokens(&self, http: &reqwest::Client, credentials: &Credentials, parameters: &[(&str, &str)]) -> Result<Value, String> {
        // Neither has characters that RFC 6749 §2.3.1 wants encoded.
        let request = http
            .post(format!("{}/token", self.issuer))
            .basic_auth(&credentials.id, Some(&credentials.secret))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form(parameters));
        let answer = request.send().await.map_err(|error| format!("{error:?}"))?;
        let status = answer.status();
        let body: Value = answer.json().await.map_err(|error| format!("{status}: {error:?}"))?;
        if status.is_success() {
            Ok(body)
        } else {
            Err(format!("{status}: {body}"))
        }
    }

    /// How long an access token of this Pod is valid, in seconds; as it says itself, and as the answer says.
    pub async fn lifetime_at(&self, pod: &Pod, credentials: &Credentials) -> u64 {
        let answer = self.ask(&self.at_pod(pod), credentials).await.unwrap();
        let claims = claims(answer["access_token"].as_str().unwrap());
        assert_eq!(claims["iss"], self.issuer.as_str());
        let lifetime = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
        assert_eq!(answer["expires_in"], lifetime);
        lifetime
    }
}

/// Names and values as a form or a query has them.
pub fn form(parameters: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish()
}

/// What a JWT says.
pub fn claims(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

/// A test that fails says what the cluster was like.
impl Drop for Server {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let home = |args: &[&str]| {
            let args: Vec<&str> = ["-n", HOME].into_iter().chain(args.iter().copied()).collect();
            self.installation.cluster.kubectl(&args)
        };
        for (what, said) in [
            ("Pods of the operator", home(&["get", "pods", "-o", "wide"])),
            (
                "log of the operator",
                home(&["logs", "-l", "app.kubernetes.io/component=operator", "--tail=150", "--prefix"]),
            ),
            (
                "objects",
                self.kubectl(&["get", "all,nauthera,endpointslices,certificates", "-o", "wide"]),
            ),
            ("statuses", self.kubectl(&["get", "nauthera", "-o", "yaml"])),
            ("Pods", self.kubectl(&["describe", "pods"])),
            (
                "logs",
                self.kubectl(&["logs", "-l", "app.kubernetes.io/instance=main", "--tail=60", "--prefix"]),
            ),
            ("Events", self.kubectl(&["get", "events", "--sort-by=.lastTimestamp"])),
        ] {
            println!("--- {}: {what} ---\n{}{}", self.namespace, said.out, said.err);
        }
    }
}

//! A server on loopback with an in-memory store, a person who has logged in, and clients of every kind.

use crate::support::platform::{STAFF, START, TestPlatform, snapshot, user};
use actix_web::dev::ServerHandle;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use nauthera::actors::gate::{Gate, GateLimits};
use nauthera::actors::supervision::supervise;
use nauthera::actors::token_issuer::TokenIssuer;
use nauthera::actors::token_issuer::messages::IssueCode;
use nauthera::config::snapshot::{SigningAlgorithm, Snapshot};
use nauthera::http::server::{Listen, serve};
use nauthera::oauth::client::{AccessTokenFormat, Client, ClientSecret, ClientType, Limits};
use nauthera::oauth::grant_type::{ClientAuthMethod, GrantType, ResponseType};
use nauthera::oauth::ids::{ClientId, SessionId, UserId, UserStoreId};
use nauthera::oauth::opaque::TokenHash;
use nauthera::oauth::pkce;
use nauthera::oauth::scope::Scopes;
use nauthera::oauth::two_factor::TwoFactor;
use nauthera::store::Store;
use nauthera::store::records::SessionRecord;
use serde_json::Value;
use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

pub const ISSUER: &str = "https://login.example.org";
pub const CALLBACK: &str = "https://app.example.org/callback";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
pub const ORDERS: &str = "https://orders.example.org";
pub const BILLING: &str = "https://billing.example.org";

/// `web` and `other` log people in, `spa` does so in the browser, `reporting` is a service, `orders` and `thief` are services that
/// may exchange tokens, `opaque` gets reference tokens.
pub fn clients() -> Vec<Client> {
    use GrantType::{AuthorizationCode, ClientCredentials, RefreshToken, TokenExchange};
    let login = [AuthorizationCode, RefreshToken];
    let service = [ClientCredentials, TokenExchange];
    vec![
        client("web", &login, "openid profile email groups offline_access orders:read", &[]),
        client("other", &login, "openid profile email", &[]),
        Client {
            client_type: ClientType::Public,
            auth_method: ClientAuthMethod::None,
            secrets: vec![],
            ..client(
                "spa",
                &[AuthorizationCode, RefreshToken, ClientCredentials, TokenExchange],
                "openid email orders:read",
                &[ORDERS, BILLING],
            )
        },
        client("reporting", &[ClientCredentials], "orders:read invoices:read", &[ORDERS]),
        client("orders", &service, "orders:read invoices:read", &[ORDERS, BILLING]),
        client("thief", &service, "orders:read invoices:read admin", &["https://thief.example.org"]),
        Client {
            access_token_format: AccessTokenFormat::Opaque,
            ..client("opaque", &[ClientCredentials], "orders:read", &[ORDERS])
        },
        Client {
            auth_method: ClientAuthMethod::ClientSecretPost,
            ..client("post", &[ClientCredentials], "orders:read", &[])
        },
    ]
}

fn client(id: &str, grants: &[GrantType], scopes: &str, audiences: &[&str]) -> Client {
    Client {
        id: ClientId::new(id),
        resource: format!("tests/{id}"),
        display_name: id.to_owned(),
        client_type: ClientType::Confidential,
        redirect_uris: vec![CALLBACK.to_owned()],
        post_logout_redirect_uris: vec![],
        backchannel_logout_uri: None,
        grant_types: grants.iter().copied().collect(),
        response_types: [ResponseType::Code].into(),
        scopes: Scopes::parse(scopes).unwrap(),
        auth_method: ClientAuthMethod::ClientSecretBasic,
        secrets: vec![ClientSecret {
            hash: TokenHash::of(&format!("{id} secret")),
            not_after: None,
        }],
        audiences: audiences.iter().map(|audience| (*audience).to_owned()).collect(),
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
    }
}

pub fn configuration(revision: &str, clients: Vec<Client>) -> Snapshot {
    let mut snapshot = snapshot(revision, vec![user("alice", None)]);
    snapshot.signing.algorithms = vec![SigningAlgorithm::ES256, SigningAlgorithm::RS256];
    snapshot.clients = clients
        .into_iter()
        .map(|client| (client.id.clone(), Arc::new(client)))
        .collect::<HashMap<_, _>>();
    snapshot
}

pub struct Server {
    pub test: TestPlatform,
    pub issuer: Gate<TokenIssuer>,
    pub alice: UserId,
    pub session: SessionId,
    base: String,
    http: reqwest::Client,
    handle: ServerHandle,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or("")
    }

    pub fn text(&self, name: &str) -> String {
        self.body[name]
            .as_str()
            .unwrap_or_else(|| panic!("{name} in {}", self.body))
            .to_owned()
    }

    /// Asserts a refusal: this status, this code, a description, and no token.
    #[track_caller]
    pub fn refused(&self, status: u16, error: &str) {
        assert_eq!((self.status, self.error()), (status, error), "{}", self.body);
        assert!(self.body["error_description"].as_str().is_some_and(|text| !text.is_empty()));
        assert!(self.body.get("access_token").is_none());
        assert_eq!(self.headers["cache-control"], "no-store");
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.body);
        self
    }
}

impl Server {
    pub async fn start() -> Self {
        Self::start_on(Arc::new(nauthera::store::sqlite::SqliteStore::in_memory().unwrap())).await
    }

    pub async fn start_on(store: Arc<dyn Store>) -> Self {
        let test = TestPlatform::start_on(store).await;
        test.apply(configuration("1", clients())).await;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let listen = Listen {
            listeners: vec![listener],
            tls: None,
            workers: 1,
            proxies: nauthera::http::proxies::TrustedProxies::NONE,
            forwarded_by: nauthera::http::proxies::ForwardedBy::default(),
            times: nauthera::http::limits::Times::default(),
        };
        let server = serve(listen, &test.platform).unwrap();
        let handle = server.handle();
        actix_rt::spawn(server);
        let platform = &test.platform;
        let issuer = supervise("token_issuer", &platform.guardian, TokenIssuer::new(platform));
        let issuer = Gate::new("token_issuer", issuer, GateLimits::default(), platform.metrics.clone());
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let store = &test.platform.store;
        let alice = store.user_by_name(&UserStoreId::new(STAFF), "alice").await.unwrap().unwrap().id;
        let session = SessionId::new("session-1");
        let record = SessionRecord {
            id: session.clone(),
            token: TokenHash::of("cookie"),
            user: alice.clone(),
            auth_time: START,
            amr: vec!["pwd".to_owned()],
            created_at: START,
            expires_at: START + SignedDuration::from_hours(12),
        };
        assert!(store.open_session(&record, None).await.unwrap());
        Self {
            test,
            issuer,
            alice,
            session,
            base,
            http: reqwest::Client::new(),
            handle,
        }
    }

    pub async fn stop(self) {
        self.handle.stop(true).await;
        self.test.stop().await;
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method.parse().unwrap(), format!("{}{path}", self.base))
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        Answer {
            status,
            headers,
            body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        }
    }

    /// Posts a form as a client with its own secret; `spa` only names itself.
    pub async fn post(&self, path: &str, client: &str, form: &[(&str, &str)]) -> Answer {
        let mut form = form.to_vec();
        let request = self
            .request("POST", path)
            .header("content-type", "application/x-www-form-urlencoded");
        let request = if client == "spa" {
            form.push(("client_id", "spa"));
            request
        } else {
            request.header("authorization", basic(client, &format!("{client} secret")))
        };
        self.send(request.body(encode(&form))).await
    }

    pub async fn token(&self, client: &str, form: &[(&str, &str)]) -> Answer {
        self.post("/token", client, form).await
    }

    pub async fn client_credentials(&self, client: &str, scope: &str) -> String {
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        self.token(client, &form).await.ok().text("access_token")
    }

    /// A code for alice, as if she had logged in and consented.
    pub async fn code(&self, client: &str, scopes: &str) -> String {
        self.code_with(client, scopes, Some(pkce::challenge(VERIFIER))).await
    }

    pub async fn code_with(&self, client: &str, scopes: &str, code_challenge: Option<String>) -> String {
        let message = IssueCode {
            client: ClientId::new(client),
            user: self.alice.clone(),
            session: self.session.clone(),
            auth_time: START,
            amr: vec!["pwd".to_owned()],
            scopes: Scopes::parse(scopes).unwrap(),
            resources: vec![],
            redirect_uri: CALLBACK.to_owned(),
            redirect_uri_was_sent: true,
            nonce: Some("n-1".to_owned()),
            code_challenge,
        };
        self.issuer.ask(message).await.unwrap().unwrap().expose().to_owned()
    }

    pub async fn redeem(&self, client: &str, code: &str) -> Answer {
        self.token(client, &code_form(code)).await
    }

    /// Logs alice in through a client.
    pub async fn login(&self, client: &str, scopes: &str) -> Answer {
        let code = self.code(client, scopes).await;
        self.redeem(client, &code).await.ok()
    }

    pub async fn refresh(&self, client: &str, token: &str) -> Answer {
        self.token(client, &[("grant_type", "refresh_token"), ("refresh_token", token)])
            .await
    }

    /// Whether a token is active to a client that may know of it.
    pub async fn is_active(&self, client: &str, token: &str) -> bool {
        let answer = self.post("/introspect", client, &[("token", token)]).await.ok();
        answer.body["active"].as_bool().unwrap()
    }

    pub async fn userinfo(&self, token: &str) -> Answer {
        self.send(self.request("GET", "/userinfo").header("authorization", format!("Bearer {token}")))
            .await
    }

    pub fn advance(&self, seconds: i64) {
        self.test.clock.advance(SignedDuration::from_secs(seconds));
    }
}

pub fn code_form(code: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

pub fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{}", secret.replace(' ', "+"))))
}

pub fn encode(form: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

/// One part of a compact JWS, decoded.
pub fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

pub fn claims(token: &str) -> Value {
    part(token, 1)
}

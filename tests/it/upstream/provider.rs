//! A provider that says and signs what it is told: a real HTTP server on loopback. It checks what an honest one would, as long as it is not told otherwise.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use nauthera::config::snapshot::SigningAlgorithm;
use nauthera::jose::SigningKey;
use nauthera::oauth::pkce;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;
use url::Url;

pub const CLIENT_ID: &str = "nauthera at corp";
pub const CLIENT_SECRET: &str = "s3cret+of&the=client";

/// How ID tokens are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// With the published key
    Honest,
    /// Not at all
    None,
    /// HS256 with the client's secret
    ClientSecret,
    /// HS256 with the published key as if it were a secret
    PublicKeyAsSecret,
    /// With a key that is not published, under the published one's name
    Stranger,
    /// With a key that is not published
    UnknownKey,
    /// With a key that comes along in the header
    KeyInHeader,
}

type Spoil = Box<dyn Fn(&mut Map<String, Value>) + Send>;

/// What the provider does otherwise than an honest one.
pub struct Manners {
    pub signing: Signing,
    /// Changes the claims of ID tokens
    pub claims: Spoil,
    /// Changes the discovery document
    pub discovery: Spoil,
    /// What UserInfo says; `None`: there is no such endpoint
    pub userinfo: Option<Value>,
    /// Whether codes are good for those alone who asked for them, and once
    pub checks_codes: bool,
    /// No answer comes at these paths
    pub hangs_at: Vec<&'static str>,
    /// This answer comes at these paths
    pub says: HashMap<&'static str, (u16, String)>,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            signing: Signing::Honest,
            claims: Box::new(|_| ()),
            discovery: Box::new(|_| ()),
            userinfo: None,
            checks_codes: true,
            hangs_at: Vec::new(),
            says: HashMap::new(),
        }
    }
}

struct Code {
    request: HashMap<String, String>,
    claims: Value,
}

struct State {
    issuer: String,
    manners: Manners,
    key: Vec<u8>,
    jwk: Value,
    codes: HashMap<String, Code>,
    asked: Vec<String>,
    now: i64,
}

type Shared = web::Data<Mutex<State>>;

/// A provider that runs.
pub struct Provider {
    pub issuer: String,
    state: Shared,
}

fn key() -> (Vec<u8>, Value) {
    let der = SigningKey::generate_pkcs8(SigningAlgorithm::ES256).unwrap();
    let key = SigningKey::from_pkcs8(SigningAlgorithm::ES256, &der).unwrap();
    (der.to_vec(), serde_json::to_value(key.jwk()).unwrap())
}

impl Provider {
    /// On a free port, honest.
    pub async fn start() -> Self {
        Self::start_on(TcpListener::bind("127.0.0.1:0").unwrap()).await
    }

    pub async fn start_on(listener: TcpListener) -> Self {
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let (key, jwk) = key();
        let state = web::Data::new(Mutex::new(State {
            issuer: issuer.clone(),
            manners: Manners::default(),
            key,
            jwk,
            codes: HashMap::new(),
            asked: Vec::new(),
            now: crate::support::platform::START.as_second(),
        }));
        let shared = state.clone();
        let server = HttpServer::new(move || App::new().app_data(shared.clone()).default_service(web::to(serve)))
            .workers(1)
            .disable_signals()
            .shutdown_timeout(0)
            .listen(listener)
            .unwrap()
            .run();
        actix_rt::spawn(server);
        Self { issuer, state }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// From now on.
    pub fn behave(&self, change: impl FnOnce(&mut Manners)) {
        change(&mut self.lock().manners);
    }

    /// Another key signs, and is published.
    pub fn rotate(&self) {
        let mut state = self.lock();
        (state.key, state.jwk) = key();
    }

    /// Its clock goes on by so many seconds.
    pub fn later(&self, seconds: i64) {
        self.lock().now += seconds;
    }

    /// These claims, signed as the manners have it.
    pub fn signed(&self, claims: &Value) -> String {
        sign(&self.lock(), claims.as_object().unwrap())
    }

    /// How often a path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        self.lock().asked.iter().filter(|asked| *asked == path).count()
    }

    /// What a browser was sent here with.
    pub fn request(&self, address: &Url) -> HashMap<String, String> {
        assert!(address.as_str().starts_with(&format!("{}/authorize?", self.issuer)), "{address}");
        address.query_pairs().into_owned().collect()
    }

    /// Somebody logs in here: where their browser is sent.
    pub fn approve(&self, address: &Url, claims: Value) -> String {
        let request = self.request(address);
        let mut state = self.lock();
        let code = format!("code-{}", state.codes.len());
        let back = format!(
            "{}?{}",
            Url::parse(&request["redirect_uri"]).unwrap().path(),
            url::form_urlencoded::Serializer::new(String::new())
                .append_pair("code", &code)
                .append_pair("state", &request["state"])
                .finish()
        );
        state.codes.insert(code, Code { request, claims });
        back
    }
}

async fn serve(state: Shared, request: HttpRequest, body: String) -> HttpResponse {
    let path = request.path().to_owned();
    let (hangs, said) = {
        let mut state = state.lock().unwrap();
        state.asked.push(path.clone());
        let manners = &state.manners;
        (manners.hangs_at.contains(&path.as_str()), manners.says.get(path.as_str()).cloned())
    };
    if hangs {
        tokio::time::sleep(Duration::from_secs(600)).await;
    }
    if let Some((status, text)) = said {
        let mut response = HttpResponse::build(status.try_into().unwrap());
        if (300..400).contains(&status) {
            return response.insert_header(("location", text)).finish();
        }
        return response.content_type("application/json").body(text);
    }
    let mut state = state.lock().unwrap();
    match path.as_str() {
        "/.well-known/openid-configuration" => HttpResponse::Ok().json(discovery(&state)),
        "/jwks" => HttpResponse::Ok().json(json!({"keys": [{"kty": "future", "kid": "x"}, state.jwk]})),
        "/userinfo" if state.manners.userinfo.is_some() => {
            let authorized = request
                .headers()
                .get("authorization")
                .is_some_and(|value| value == "Bearer the access token");
            if authorized {
                HttpResponse::Ok().json(&state.manners.userinfo)
            } else {
                HttpResponse::Unauthorized().finish()
            }
        }
        "/token" => match token(&mut state, &request, &body) {
            Ok(answer) => HttpResponse::Ok().json(answer),
            Err(error) => HttpResponse::BadRequest().json(json!({"error": error, "error_description": format!("about {body}")})),
        },
        _ => HttpResponse::NotFound().finish(),
    }
}

fn discovery(state: &State) -> Value {
    let at = |path: &str| format!("{}{path}", state.issuer);
    let mut document = json!({"issuer": state.issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
        "jwks_uri": at("/jwks"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"], "end_session_endpoint": at("/logout")});
    if state.manners.userinfo.is_some() {
        document["userinfo_endpoint"] = at("/userinfo").into();
    }
    (state.manners.discovery)(document.as_object_mut().unwrap());
    document
}

fn token(state: &mut State, request: &HttpRequest, body: &str) -> Result<Value, &'static str> {
    let form: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let expected = format!(
        "Basic {}",
        STANDARD.encode(format!("{}:{}", encode(CLIENT_ID), encode(CLIENT_SECRET)))
    );
    if request
        .headers()
        .get("authorization")
        .is_none_or(|value| value != expected.as_str())
    {
        return Err("invalid_client");
    }
    let name = form.get("code").cloned().unwrap_or_default();
    let checks = state.manners.checks_codes;
    let code = state.codes.get(&name).ok_or("invalid_grant")?;
    let is_theirs = form.get("redirect_uri") == code.request.get("redirect_uri")
        && pkce::matches(
            form.get("code_verifier").map_or("", String::as_str),
            &code.request["code_challenge"],
        );
    if checks && !is_theirs {
        return Err("invalid_grant");
    }
    let mut claims = json!({"iss": state.issuer, "aud": CLIENT_ID, "exp": state.now + 300, "iat": state.now,
        "nonce": code.request.get("nonce")});
    let claims = claims.as_object_mut().unwrap();
    claims.extend(code.claims.as_object().unwrap().clone());
    (state.manners.claims)(claims);
    claims.retain(|_, value| !value.is_null());
    if checks {
        state.codes.remove(&name);
        // So that the numbers of codes go on.
        state.codes.insert(
            format!("used {name}"),
            Code {
                request: HashMap::new(),
                claims: Value::Null,
            },
        );
    }
    Ok(json!({"access_token": "the access token", "token_type": "Bearer", "expires_in": 300, "id_token": sign(state, claims)}))
}

fn sign(state: &State, claims: &Map<String, Value>) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let kid = state.jwk["kid"].as_str().map(str::to_owned);
    let with = |algorithm: Algorithm, key: &EncodingKey, change: &dyn Fn(&mut Header)| {
        let mut header = Header::new(algorithm);
        header.kid.clone_from(&kid);
        change(&mut header);
        jsonwebtoken::encode(&header, claims, key).unwrap()
    };
    let (stranger, stranger_jwk) = key();
    match state.manners.signing {
        Signing::Honest => with(Algorithm::ES256, &EncodingKey::from_ec_der(&state.key), &|_| ()),
        Signing::None => format!(
            "{}.{}.",
            encode(&json!({"alg": "none", "kid": kid})),
            encode(&Value::Object(claims.clone()))
        ),
        Signing::ClientSecret => with(Algorithm::HS256, &EncodingKey::from_secret(CLIENT_SECRET.as_bytes()), &|_| ()),
        Signing::PublicKeyAsSecret => {
            let mut point = vec![4];
            for part in ["x", "y"] {
                point.extend(URL_SAFE_NO_PAD.decode(state.jwk[part].as_str().unwrap()).unwrap());
            }
            with(Algorithm::HS256, &EncodingKey::from_secret(&point), &|_| ())
        }
        Signing::Stranger => with(Algorithm::ES256, &EncodingKey::from_ec_der(&stranger), &|_| ()),
        Signing::UnknownKey => with(Algorithm::ES256, &EncodingKey::from_ec_der(&stranger), &|header| {
            header.kid = Some("unknown".to_owned());
        }),
        Signing::KeyInHeader => with(Algorithm::ES256, &EncodingKey::from_ec_der(&stranger), &|header| {
            header.jwk = serde_json::from_value(stranger_jwk.clone()).ok();
        }),
    }
}

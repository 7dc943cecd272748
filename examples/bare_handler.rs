//! The floor that `make loadtest` measures the token endpoint against: an actix-web handler that parses the same form, signs the same
//! kind of claims with a parsed key and answers. It checks nothing, looks nothing up and counts nothing; never run it for anything else.
//!
//! `bare_handler 127.0.0.1:PORT ES256|RS256`
#![allow(missing_docs, clippy::print_stderr)]

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::{Context, bail};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct TokenRequest {
    grant_type: String,
    scope: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    client_id: &'a str,
    scope: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    access_token: String,
    token_type: &'a str,
    expires_in: u32,
    scope: &'a str,
}

enum Key {
    Es256(EcdsaKeyPair),
    Rs256(Box<RsaKeyPair>),
}

struct Signer {
    key: Key,
    header: String,
    random: SystemRandom,
}

impl Signer {
    fn new(algorithm: &str) -> anyhow::Result<Self> {
        let key = match algorithm {
            "ES256" => Key::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?),
            "RS256" => Key::Rs256(Box::new(RsaKeyPair::generate(KeySize::Rsa2048)?)),
            other => bail!("{other} is neither ES256 nor RS256"),
        };
        let kid = BASE64.encode([7_u8; 32]);
        let header = BASE64.encode(format!(r#"{{"typ":"at+jwt","alg":"{algorithm}","kid":"{kid}"}}"#));
        Ok(Self {
            key,
            header,
            random: SystemRandom::new(),
        })
    }

    fn sign(&self, claims: &Claims<'_>) -> anyhow::Result<String> {
        let mut token = format!("{}.{}", self.header, BASE64.encode(serde_json::to_vec(claims)?));
        let signature = match &self.key {
            Key::Es256(key) => key.sign(&self.random, token.as_bytes())?.as_ref().to_vec(),
            Key::Rs256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &self.random, token.as_bytes(), &mut signature)?;
                signature
            }
        };
        token.push('.');
        BASE64.encode_string(signature, &mut token);
        Ok(token)
    }

    fn issue(&self, request: &TokenRequest) -> anyhow::Result<HttpResponse> {
        if request.grant_type != "client_credentials" {
            return Ok(HttpResponse::BadRequest().finish());
        }
        let mut id = [0_u8; 16];
        self.random.fill(&mut id)?;
        let now = jiff::Timestamp::now().as_second();
        let access_token = self.sign(&Claims {
            iss: "http://127.0.0.1:8080",
            sub: "load.service",
            aud: "https://orders.example.org",
            client_id: "load.service",
            scope: &request.scope,
            iat: now,
            exp: now + 900,
            jti: BASE64.encode(id),
        })?;
        Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(Answer {
            access_token,
            token_type: "Bearer",
            expires_in: 900,
            scope: &request.scope,
        }))
    }
}

async fn token(signer: web::Data<Signer>, request: web::Form<TokenRequest>) -> HttpResponse {
    signer
        .issue(&request)
        .unwrap_or_else(|_| HttpResponse::InternalServerError().finish())
}

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let (address, algorithm) = args.next().zip(args.next()).context("usage: bare_handler ADDRESS ES256|RS256")?;
    let signer = web::Data::new(Signer::new(&algorithm)?);
    HttpServer::new(move || {
        App::new()
            .app_data(signer.clone())
            .route("/healthz", web::get().to(async || HttpResponse::Ok().finish()))
            .route("/token", web::post().to(token))
    })
    .workers(1)
    .bind(address)?
    .run()
    .await?;
    Ok(())
}

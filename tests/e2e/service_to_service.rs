//! Services without a person: client credentials, then a token exchange that names the actor, then an API that checks the token by JWKS.
//! The asking side is openid-client, the checking side PyJWT; the project wrote neither.

use crate::login_round::log_in;
use crate::support::browser::{Browser, Mode};
use crate::support::pages::ALLOW;
use crate::support::platform::{PASSWORD, Platform};
use crate::support::service::{Api, Service};
use serde_json::json;

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const ORDERS: &str = "https://orders.example.org";
const BILLING: &str = "https://billing.example.org";

#[tokio::test]
async fn a_service_calls_another_on_behalf_of_a_third_and_the_api_sees_who_acts() {
    let platform = Platform::start().await;
    let secret = platform.generated_secret("e2e", "reporting");
    let reporting = Service {
        issuer: &platform.issuer,
        id: "e2e.reporting",
        secret: &secret,
    };
    let orders = Service {
        issuer: &platform.issuer,
        id: "e2e.orders",
        secret: "orders secret of the end-to-end tests",
    };

    // reporting asks for a token for the orders service, …
    let subject = reporting.token(
        "client_credentials",
        json!({"scope": "orders:read invoices:read", "resource": ORDERS}),
    );
    let orders_api = Api::start(&platform.issuer, ORDERS, "orders:read");
    let (status, seen) = orders_api.call(&subject).await;
    assert_eq!(status, 200, "{seen}");
    assert_eq!(
        (&seen["sub"], &seen["client_id"]),
        (&json!("e2e.reporting"), &json!("e2e.reporting"))
    );
    assert!(seen.get("act").is_none(), "nobody acts for reporting yet: {seen}");

    // … which exchanges it for one that the billing API takes, and acts for reporting.
    let actor = orders.token("client_credentials", json!({"scope": "orders:read", "resource": ORDERS}));
    let exchange = json!({
        "subject_token": subject, "subject_token_type": ACCESS_TOKEN,
        "actor_token": actor, "actor_token_type": ACCESS_TOKEN,
        "resource": BILLING, "scope": "invoices:read",
    });
    let exchanged = orders.token(EXCHANGE, exchange.clone());
    let billing_api = Api::start(&platform.issuer, BILLING, "invoices:read");
    let (status, seen) = billing_api.call(&exchanged).await;
    assert_eq!(status, 200, "{seen}");
    assert_eq!(seen["sub"], "e2e.reporting");
    assert_eq!(seen["act"]["sub"], "e2e.orders");
    assert_eq!(seen["scope"], "invoices:read", "the exchange narrowed the scope");
    assert!(seen["aud"] == json!(BILLING) || seen["aud"] == json!([BILLING]), "{seen}");

    // The token is for one API only, and says no more than it may.
    assert_eq!(orders_api.call(&exchanged).await.0, 401, "another audience");
    assert_eq!(
        billing_api.call(&subject).await.0,
        401,
        "the first token was never meant for billing"
    );

    // A token that someone altered does not pass.
    for tampered in tampered(&exchanged) {
        let (status, body) = billing_api.call(&tampered).await;
        assert_eq!(status, 401, "{body}");
    }

    // Introspection says the same as the token, and nothing after a revocation.
    let described = orders.ask("introspect", json!({"token": exchanged}));
    assert_eq!(described["ok"]["active"], true, "{described}");
    assert_eq!(described["ok"]["act"]["sub"], "e2e.orders");

    // What the platform refuses: a client whose audiences do not hold the API, and one that may not exchange at all.
    let refused = reporting.ask("client_credentials", json!({"resource": BILLING}));
    assert_eq!(refused["refused"]["error"], "invalid_target", "{refused}");
    let refused = reporting.ask(EXCHANGE, exchange);
    assert_eq!(refused["refused"]["error"], "unauthorized_client", "{refused}");
}

#[tokio::test]
async fn a_service_acts_for_a_person_until_she_logs_out() {
    let platform = Platform::start().await;
    let browser = Browser::start(Mode::Plain).await;
    browser.open(&format!("{}/login", platform.shop.origin)).await;
    log_in(&browser, PASSWORD).await;
    browser.click(ALLOW).await;
    browser.see_title("Logged in").await;
    let person = browser.json("#claims").await["sub"].clone();
    let hers = browser.text("#access_token").await;

    // The shop calls the orders service with her token; that one asks for a token for billing, which names both.
    let orders = Service {
        issuer: &platform.issuer,
        id: "e2e.orders",
        secret: "orders secret of the end-to-end tests",
    };
    let actor = orders.token("client_credentials", json!({"resource": ORDERS}));
    let exchange = json!({
        "subject_token": hers, "subject_token_type": ACCESS_TOKEN,
        "actor_token": actor, "actor_token_type": ACCESS_TOKEN,
        "resource": BILLING, "scope": "orders:read",
    });
    let exchanged = orders.token(EXCHANGE, exchange.clone());
    let billing_api = Api::start(&platform.issuer, BILLING, "orders:read");
    let (status, seen) = billing_api.call(&exchanged).await;
    assert_eq!(status, 200, "{seen}");
    assert_eq!(seen["sub"], person);
    assert_eq!(seen["act"]["sub"], "e2e.orders");
    assert_eq!(orders.ask("introspect", json!({"token": exchanged}))["ok"]["active"], true);

    browser.click("#logout").await;
    browser.see_title("Goodbye").await;
    let refused = orders.ask(EXCHANGE, exchange);
    assert_eq!(
        refused["refused"]["error"], "invalid_request",
        "her token ended with her session: {refused}"
    );
    let described = orders.ask("introspect", json!({"token": exchanged}));
    assert_eq!(described, json!({"ok": {"active": false}}), "and so did what was made from it");
    browser.quit().await;
}

#[tokio::test]
async fn a_wrong_secret_gets_no_token() {
    let platform = Platform::start().await;
    let stranger = Service {
        issuer: &platform.issuer,
        id: "e2e.orders",
        secret: "a guess",
    };
    let refused = stranger.ask("client_credentials", json!({}));
    assert_eq!(refused["refused"]["status"], 401, "{refused}");
    assert_eq!(refused["refused"]["error"], "invalid_client");
}

/// The token with another claim, another signature, no signature, and the algorithm `none`.
fn tampered(token: &str) -> Vec<String> {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as url;
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims = crate::login_round::payload(token);
    claims["scope"] = json!("invoices:read invoices:write");
    let claims = url.encode(claims.to_string());
    let mut signature = url.decode(parts[2]).unwrap();
    signature[7] ^= 1;
    let none = url.encode(json!({"alg": "none", "typ": "at+jwt"}).to_string());
    vec![
        format!("{}.{claims}.{}", parts[0], parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], url.encode(signature)),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{none}.{}.", parts[1]),
    ]
}

//! What the network may send instead of a request.

use super::fixture::{Server, basic, clients};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const FORM: &str = "application/x-www-form-urlencoded";

#[actix_rt::test]
async fn malformed_forms_get_an_rfc_error() {
    let server = Server::start().await;
    let send = async |body: Vec<u8>, content_type: Option<&str>| {
        let mut request = server
            .request("POST", "/token")
            .header("authorization", basic("reporting", "reporting secret"));
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        server.send(request.body(body)).await
    };
    for body in [
        &b""[..],
        b"grant_type",
        b"grant_type=",
        b"grant_type=client_credentials&grant_type=client_credentials",
        b"grant_type=client_credentials&x=1&x=2",
        b"grant_type=client_credentials&scope=%FF",
        b"grant_type=client_credentials&scope=%0",
        b"\xff\xfe\x00",
        b"{\"grant_type\":\"client_credentials\"}",
    ] {
        send(body.to_vec(), Some(FORM)).await.refused(400, "invalid_request");
    }
    let good = b"grant_type=client_credentials".to_vec();
    for wrong in [None, Some("application/json"), Some("multipart/form-data"), Some("text/plain")] {
        send(good.clone(), wrong).await.refused(400, "invalid_request");
    }
    send(good.clone(), Some("Application/X-WWW-Form-URLencoded; charset=utf-8"))
        .await
        .ok();
    for grant in ["password", "implicit", "<script>alert(1)</script>"] {
        let answer = send(format!("grant_type={grant}").into_bytes(), Some(FORM)).await;
        answer.refused(400, "unsupported_grant_type");
        assert!(!answer.body.to_string().contains(grant), "nothing is echoed");
    }
    send(vec![b'a'; 5 * 1024 * 1024], Some(FORM)).await.refused(413, "invalid_request");
    server.stop().await;
}

#[actix_rt::test]
async fn malformed_authorization_headers_get_an_rfc_error() {
    let server = Server::start().await;
    let request = || {
        server
            .request("POST", "/token")
            .header("content-type", FORM)
            .body("grant_type=client_credentials")
    };
    for header in [
        "Basic",
        "Basic %",
        "Bearer abc",
        "Digest x",
        "Basic Og==",
        &format!("Basic {}", "A".repeat(50_000)),
    ] {
        server
            .send(request().header("authorization", header))
            .await
            .refused(401, "invalid_client");
    }
    let own = basic("reporting", "reporting secret");
    server
        .send(request().header("authorization", &own).header("authorization", &own))
        .await
        .refused(400, "invalid_request");
    server.stop().await;
}

#[actix_rt::test]
async fn other_methods_are_not_allowed() {
    let server = Server::start().await;
    for (method, path) in [
        ("GET", "/token"),
        ("GET", "/introspect"),
        ("PUT", "/revoke"),
        ("POST", "/jwks"),
        ("DELETE", "/userinfo"),
    ] {
        assert_eq!(server.send(server.request(method, path)).await.status, 405, "{method} {path}");
    }
    server.stop().await;
}

#[actix_rt::test]
async fn forged_tokens_are_nothing() {
    let server = Server::start().await;
    let token = server.login("web", "openid").await.text("access_token");
    let parts: Vec<&str> = token.split('.').collect();
    let header = |alg: &str| {
        let mut header = super::fixture::part(&token, 0);
        header["alg"] = alg.into();
        URL_SAFE_NO_PAD.encode(header.to_string())
    };
    let mut claims = super::fixture::claims(&token);
    claims["sub"] = "root".into();
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    let forged = [
        format!("{}.{claims}.{}", parts[0], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.", header("none"), parts[1]),
        format!("{}.{}.{}", header("HS256"), parts[1], parts[2]),
        format!("{}.{}.{}", header("RS256"), parts[1], parts[2]),
        format!("{token}.{}", parts[2]),
    ];
    for forged in forged {
        server.userinfo(&forged).await.refused(401, "invalid_token");
        assert!(!server.is_active("web", &forged).await);
    }
    server.userinfo(&token).await.ok();
    server.stop().await;
}

#[actix_rt::test]
async fn no_refusal_shows_a_secret() {
    let server = Server::start().await;
    for client in clients() {
        let secret = format!("{} secret", client.id);
        let request = server
            .request("POST", "/token")
            .header("content-type", FORM)
            .header("authorization", basic(client.id.as_str(), &format!("{secret}!")))
            .body("grant_type=client_credentials");
        let answer = server.send(request).await;
        assert!(!answer.body.to_string().contains(&secret), "{}", answer.body);
    }
    server.stop().await;
}

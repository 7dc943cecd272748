//! RFC 6749 §2.3, §3.2.1, §5.2.

use super::fixture::{Server, basic, encode};

const FORM: &str = "grant_type=client_credentials";

#[actix_rt::test]
async fn a_client_uses_its_own_method_and_no_second_one() {
    let server = Server::start().await;
    let send = async |authorization: Option<String>, form: String| {
        let mut request = server
            .request("POST", "/token")
            .header("content-type", "application/x-www-form-urlencoded");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        server.send(request.body(form)).await
    };
    let with = |id: &str, secret: &str| format!("{FORM}&{}", encode(&[("client_id", id), ("client_secret", secret)]));

    send(Some(basic("reporting", "reporting secret")), FORM.to_owned()).await.ok();
    send(Some(basic("reporting", "reporting secret")), format!("{FORM}&client_id=reporting"))
        .await
        .ok();
    send(None, with("post", "post secret")).await.ok();

    // The right secret in the wrong place
    send(Some(basic("post", "post secret")), FORM.to_owned())
        .await
        .refused(401, "invalid_client");
    send(None, with("reporting", "reporting secret"))
        .await
        .refused(401, "invalid_client");
    // A confidential client that only names itself
    send(None, format!("{FORM}&client_id=reporting"))
        .await
        .refused(401, "invalid_client");
    // Two ways, or two clients, in one request
    send(Some(basic("reporting", "reporting secret")), with("reporting", "reporting secret"))
        .await
        .refused(400, "invalid_request");
    send(Some(basic("reporting", "reporting secret")), format!("{FORM}&client_id=orders"))
        .await
        .refused(400, "invalid_request");
    send(None, FORM.to_owned()).await.refused(401, "invalid_client");
    server.stop().await;
}

#[actix_rt::test]
async fn a_wrong_secret_and_an_unknown_client_read_the_same() {
    let server = Server::start().await;
    let send = async |id: &str, secret: &str| {
        let request = server
            .request("POST", "/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", basic(id, secret))
            .body(FORM);
        server.send(request).await
    };
    let (wrong, unknown) = (send("reporting", "guess").await, send("nobody", "guess").await);
    wrong.refused(401, "invalid_client");
    assert_eq!(wrong.body, unknown.body);
    assert_eq!(wrong.headers["www-authenticate"], r#"Basic realm="nauthera", charset="UTF-8""#);
    // No other client's secret opens this one
    send("reporting", "orders secret").await.refused(401, "invalid_client");
    server.stop().await;
}

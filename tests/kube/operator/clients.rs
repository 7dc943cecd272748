//! An AuthClient and its Secret.

use super::{decoded, server, service};
use crate::support::control_plane::ControlPlane;
use crate::support::operated::Operated;

const SECRET: &str = "secret/shop-client-secret";

/// A service `shop` whose Secret is there.
fn shop(namespace: &str) -> &'static ControlPlane {
    let cluster = &Operated::shared().cluster;
    server(cluster, namespace);
    cluster.apply(&service(namespace, "shop", namespace, "")).success();
    cluster.until_reason(namespace, "authclient/shop", "SecretSynced", "Synced");
    cluster
}

#[test]
fn a_client_gets_a_secret_that_says_everything_an_application_needs() {
    let cluster = shop("given");
    let secret = cluster.get("given", SECRET);
    assert_eq!(decoded(&secret, "client_id"), "given.shop");
    assert_eq!(decoded(&secret, "issuer"), "https://given.example.org");
    assert_eq!(decoded(&secret, "client_secret").len(), 43, "256 bits in base64url");
    let client = cluster.get("given", "authclient/shop");
    let owner = &secret["metadata"]["ownerReferences"][0];
    assert_eq!(owner["uid"], client["metadata"]["uid"]);
    assert_eq!(owner["controller"], true);
    assert_eq!(secret["metadata"]["labels"]["app.kubernetes.io/managed-by"], "nauthera");
    assert_eq!(client["status"]["clientSecretRef"]["name"], "shop-client-secret");
    assert_eq!(client["status"]["clientId"], "given.shop");
    let text = decoded(&secret, "client_secret");
    assert!(!client.to_string().contains(&text), "a status never shows it");
    assert!(!Operated::shared().operator.log().contains(&text), "nor does the log");
}

#[test]
fn a_client_is_not_ready_while_no_replica_serves_it() {
    let cluster = shop("unserved");
    cluster.until_reason("unserved", "authclient/shop", "Ready", "NoReplicas");
    let [status, _, message] = cluster.condition("unserved", "authclient/shop", "Programmed");
    assert_eq!(status, "False");
    assert_eq!(message, "no replica of AuthServer unserved/main is serving");
}

#[test]
fn a_secret_that_was_deleted_by_hand_is_made_anew() {
    let cluster = shop("deleted");
    let before = cluster.get("deleted", SECRET);
    cluster.kubectl(&["-n", "deleted", "delete", SECRET]).success();
    cluster.until("deleted", SECRET, "create");
    let after = cluster.get("deleted", SECRET);
    assert_ne!(decoded(&before, "client_secret"), decoded(&after, "client_secret"));
}

#[test]
fn a_secret_that_was_edited_by_hand_is_put_back_with_an_event() {
    let cluster = shop("edited");
    let before = cluster.get("edited", SECRET);
    let patch = r#"{"stringData":{"client_secret":"hunter2"},"metadata":{"annotations":null}}"#;
    cluster.kubectl(&["-n", "edited", "patch", SECRET, "-p", patch]).success();
    let was = format!(
        "jsonpath={{.data.client_secret}}={}",
        before["data"]["client_secret"].as_str().unwrap()
    );
    cluster.until("edited", SECRET, &was);
    let after = cluster.get("edited", SECRET);
    assert_eq!(after["data"], before["data"]);
    assert_eq!(after["metadata"]["ownerReferences"], before["metadata"]["ownerReferences"]);
    let note = cluster.until_event("edited", "shop", "SecretPutBack");
    assert!(!note.contains("hunter2"), "{note}");
}

#[test]
fn a_secret_that_is_anothers_is_left_alone_and_the_client_says_what_to_do() {
    let cluster = &Operated::shared().cluster;
    server(cluster, "foreign");
    cluster
        .kubectl(&[
            "-n",
            "foreign",
            "create",
            "secret",
            "generic",
            "shop-client-secret",
            "--from-literal=password=theirs",
        ])
        .success();
    let before = cluster.get("foreign", SECRET);
    cluster.apply(&service("foreign", "shop", "foreign", "")).success();
    cluster.until_reason("foreign", "authclient/shop", "Ready", "SecretConflict");
    let [status, _, message] = cluster.condition("foreign", "authclient/shop", "SecretSynced");
    assert_eq!(status, "False");
    assert!(
        message.contains("shop-client-secret") && message.contains("secret.name"),
        "{message}"
    );
    assert_eq!(cluster.get("foreign", SECRET), before);
    // The way out that the message names
    let other = service("foreign", "shop", "foreign", "secret: {name: mine}");
    cluster.apply(&other).success();
    cluster.until("foreign", "secret/mine", "create");
    cluster.until_reason("foreign", "authclient/shop", "SecretSynced", "Synced");
    assert_eq!(cluster.get("foreign", SECRET), before);
}

#[test]
fn a_secret_of_ones_own_is_used_as_it_is() {
    let cluster = &Operated::shared().cluster;
    server(cluster, "own");
    let secret = "
apiVersion: v1
kind: Secret
metadata: {name: given, namespace: own, labels: {auth.nauthera.io/client-secret: \"true\"}}
stringData: {client_secret: 0123456789abcdef0123456789abcdef0123456789abcdef}
";
    cluster.apply(secret).success();
    let before = cluster.get("own", "secret/given");
    cluster
        .apply(&service("own", "shop", "own", "secret: {existingRef: {name: given}}"))
        .success();
    cluster.until_reason("own", "authclient/shop", "SecretSynced", "Synced");
    assert_eq!(cluster.get("own", "secret/given"), before);
    assert!(!cluster.kubectl(&["-n", "own", "get", SECRET]).ok, "none is made");
}

#[test]
fn a_client_that_becomes_public_leaves_no_secret_behind() {
    let cluster = shop("opened");
    let public = "
apiVersion: auth.nauthera.io/v1alpha1
kind: AuthClient
metadata: {name: shop, namespace: opened}
spec:
  authServerRef: {name: main}
  clientType: public
  grantTypes: [authorization_code]
  redirectUris: [https://shop.example.org/callback]
  scopes: [openid]
";
    cluster.with_input(&["replace"], public).success();
    cluster.until("opened", SECRET, "delete");
}

/// The words by which the operator knows that somebody else was faster.
#[test]
fn a_patch_whose_test_does_not_hold_is_refused_in_these_words() {
    let cluster = shop("overtaken");
    let patch =
        r#"[{"op": "test", "path": "/metadata/uid", "value": "another"}, {"op": "add", "path": "/metadata/finalizers", "value": []}]"#;
    let said = cluster.kubectl(&["-n", "overtaken", "patch", "authclient/shop", "--type=json", "-p", patch]);
    let words = "the server rejected our request due to an error in our request";
    assert!(!said.ok && said.err.contains(words), "{}", said.err);
}

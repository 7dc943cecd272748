//! What a server does not tell its cache.

use super::{Server, cache_of};
use crate::store_conformance::fixtures::{alice_logged_in, at, hash};
use crate::support::{postgres, redis};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_the_cache_learns_neither_who_nor_what() {
    let (server, database) = (redis::start(), postgres::server().fresh_database().await);
    let one = Server::start(&database, &cache_of(&server).await).await;
    let session = alice_logged_in(&one.store).await;
    let claims = serde_json::json!({"sub": session.user, "scope": "openid payments", "client_id": "demo.shop"});
    one.store.put_reference_token(&hash("opaque"), &claims, at(60)).await.unwrap();
    one.reads.session_by_token(&session.token, at(1)).await.unwrap();
    one.reads.user(&session.user, at(1)).await.unwrap();
    assert_eq!(one.reads.reference_token(&hash("opaque"), at(1)).await.unwrap(), Some(claims));

    let names: Vec<String> = server.ask(&["KEYS", "*"]).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    let token: String = session.token.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    for name in &names {
        let everything = format!("{name} {}", server.ask(&["GET", name]).unwrap());
        for secret in ["alice", "example.org", "payments", "demo", "admins", session.user.as_str(), &token] {
            assert!(!everything.contains(secret), "{secret}: {everything}");
        }
        let left: u64 = server.ask(&["PTTL", name]).unwrap().parse().unwrap();
        assert!(left > 0, "{name} goes by itself");
    }
}

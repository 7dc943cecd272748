//! Every statement that a request or a sweep runs is answered by an index.

use super::fixtures::{GRACE, alice_logged_in, at, code_of, declare, hash, people, profile, refresh, shop};
use crate::support::postgres;
use nauthera::oauth::scope::Scopes;
use nauthera::store::records::{AuditEvent, EndedRecord, KeyRecord, OriginRecord, PasswordRecord};
use nauthera::store::sqlite::{SqliteOptions, SqliteStore};
use nauthera::store::{Store, StoreSettings, open};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Runs every method, with every outcome that has statements of its own.
async fn run_everything(store: &Arc<dyn Store>) {
    let session = alice_logged_in(store).await;
    let user = declare(store, profile("Alice")).await.id;
    store.user(&user).await.unwrap();
    store.user_by_name(&people(), "alice").await.unwrap();
    store.users_by_verified_email(&[people()], "alice@example.org").await.unwrap();
    store.link_user(&people(), "sub", &user, at(0)).await.unwrap();
    store.linked_user(&people(), "sub").await.unwrap();
    let password = PasswordRecord {
        hash: "h".to_owned(),
        declared_hash: None,
        changed_at: at(0),
        must_change: false,
    };
    store.replace_password(&user, None, &password, None).await.unwrap();
    let by_hand = store
        .add_user(&people(), &profile("carol"), &password, at(0))
        .await
        .unwrap()
        .unwrap()
        .id;
    store.set_disabled(&by_hand, true, at(1)).await.unwrap();
    store.release_user(&by_hand).await.unwrap();
    store.person(&by_hand).await.unwrap();
    store.local_stores(10).await.unwrap();
    store.people(None, None, 10).await.unwrap();
    store.people(Some(&people()), Some(&user), 10).await.unwrap();
    store.password(&user).await.unwrap();
    let by_password = super::fixtures::session_of(&user, "by password");
    assert!(store.open_session(&by_password, Some(&password)).await.unwrap());
    let origin = OriginRecord {
        provider: people(),
        subject: hash("subject"),
        sid: Some(hash("sid")),
        began_at: at(0),
    };
    store.note_origin(&by_password.id, &origin).await.unwrap();
    store.origin(&by_password.id).await.unwrap();
    let ended = EndedRecord {
        provider: people(),
        subject: Some(hash("subject")),
        sid: Some(hash("sid")),
        at: at(1),
    };
    store.sessions_from(&ended, 10).await.unwrap();
    store.note_departures(&[hash("sid")], at(1), at(2)).await.unwrap();
    store.departed_since(&[hash("sid")], at(0), at(1)).await.unwrap();
    store.session(&session.id, at(1)).await.unwrap();
    store.session_by_token(&session.token, at(1)).await.unwrap();
    store.renew_session(&session, at(1)).await.unwrap();
    store
        .give_consent(&user, &shop(), &Scopes::parse("a").unwrap(), at(1))
        .await
        .unwrap();
    store.consent(&user, &shop()).await.unwrap();
    let code = code_of(&session, "code");
    store.issue_code(&code).await.unwrap();
    store.redeem_code(&code.hash, &shop(), at(1), at(500)).await.unwrap();
    let grant = code.grant.id.clone();
    store.grant(&grant).await.unwrap();
    store.add_refresh_token(&refresh(&grant, "r1")).await.unwrap();
    store.peek_refresh_token(&hash("r1"), &shop()).await.unwrap();
    store.redeem_refresh_token(&hash("r1"), &shop(), None, at(1), GRACE).await.unwrap();
    for successor in ["r2", "r2b", "r2c"] {
        store
            .redeem_refresh_token(&hash("r1"), &shop(), Some(&refresh(&grant, successor)), at(2), GRACE)
            .await
            .unwrap();
    }
    store.redeem_code(&code.hash, &shop(), at(1), at(500)).await.unwrap();
    store.token_is_live("j", Some(&grant), at(1)).await.unwrap();
    store.revoke_token("j", at(9)).await.unwrap();
    store.put_reference_token(&hash("t"), &serde_json::json!({}), at(9)).await.unwrap();
    store.reference_token(&hash("t"), at(1)).await.unwrap();
    let key = KeyRecord {
        kid: "k".to_owned(),
        purpose: "ES256".to_owned(),
        material: vec![1],
        sealed_with: None,
        created_at: at(0),
        active_from: at(0),
        retires_at: None,
        expires_at: None,
    };
    store.add_key(&key, None).await.unwrap();
    store.reseal_key(&key, None).await.unwrap();
    store.retire_key("k", at(1), at(2)).await.unwrap();
    let kept = super::configurations::record("identity/main", (1, 1));
    store.put_configuration(&kept).await.unwrap();
    store.configuration("identity/main").await.unwrap();
    store.configuration_standing("identity/main").await.unwrap();
    store.count_failed_login(&hash("f"), at(1), Duration::from_secs(9)).await.unwrap();
    store.failed_logins(&hash("f"), at(1), Duration::from_secs(9)).await.unwrap();
    store.clear_failed_logins(&hash("f")).await.unwrap();
    let event = AuditEvent {
        at: at(0),
        kind: "k".to_owned(),
        user: None,
        client: None,
        details: serde_json::Value::Null,
    };
    store.append_audit(&[event]).await.unwrap();
    store.recent_audit(5).await.unwrap();
    store.hold_lease("l", "me", Duration::from_secs(9), at(0)).await.unwrap();
    store.join_session(&session.id, &shop(), at(1)).await.unwrap();
    store.withdraw_consent(&user, &shop(), at(3)).await.unwrap();
    store.join_session(&session.id, &shop(), at(3)).await.unwrap();
    store.end_grants_of_client(&shop(), at(3), 10).await.unwrap();
    store.end_grant(&grant, at(3)).await.unwrap();
    store.end_session(&session.id, at(3)).await.unwrap();
    assert_eq!(store.claim_logouts(at(4), at(5), 10, &[shop()]).await.unwrap(), []);
    for logout in store.claim_logouts(at(4), at(5), 10, &[]).await.unwrap() {
        store.postpone_logout(&logout, at(6)).await.unwrap();
        store.finish_logout(&logout).await.unwrap();
    }
    store
        .replace_password(&user, Some(&password), &password, Some(at(3)))
        .await
        .unwrap();
    store.put_declared_users(&people(), &[], at(4)).await.unwrap();
    store.sweep(at(1_000_000_000), 10).await.unwrap();
}

/// Tables that may be read as a whole: they have a few rows for ever. (`keys` reads all keys on purpose.)
const SMALL: &[&str] = &["signing_keys", "leases", "schema_migrations"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_scans_no_table() {
    static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nauthera.db");
    let options = SqliteOptions {
        on_statement: Some(|sql| {
            SEEN.lock().unwrap().insert(sql.to_owned());
        }),
        ..SqliteOptions::default()
    };
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open_with(&path, &options).unwrap());
    run_everything(&store).await;
    let connection = rusqlite::Connection::open(&path).unwrap();
    let seen = SEEN.lock().unwrap();
    let mut looked_at = 0;
    for sql in seen
        .iter()
        .filter(|sql| ["SELECT", "INSERT", "UPDATE", "DELETE"].iter().any(|verb| sql.starts_with(verb)))
    {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let nothing = vec![rusqlite::types::Null; statement.parameter_count()];
        let steps: Vec<String> = statement
            .query_map(rusqlite::params_from_iter(nothing), |row| row.get(3))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        for step in steps.iter().filter(|step| step.starts_with("SCAN ")) {
            // A walk along an index up to a limit is a scan by name only; `audit` is walked by its key.
            let harmless = step.contains("INDEX") || step == "SCAN CONSTANT ROW" || SMALL.iter().any(|table| step.contains(table));
            let newest_audit = step == "SCAN audit" && sql.contains("ORDER BY seq DESC LIMIT");
            assert!(harmless || newest_audit, "{step} in {sql}\n{steps:?}");
        }
        looked_at += 1;
    }
    assert!(looked_at > 45, "only {looked_at} statements were seen");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_scans_no_table() {
    let url = postgres::server().fresh_database().await;
    let database = url.rsplit('/').next().unwrap();
    // With sequential scans as good as forbidden, one that is still there had no index to use.
    for setting in [
        "session_preload_libraries = auto_explain",
        "auto_explain.log_min_duration = 0",
        "enable_seqscan = off",
    ] {
        postgres::execute(&url, &format!("ALTER DATABASE {database} SET {setting}")).await;
    }
    let settings = StoreSettings {
        connections: 1,
        ..StoreSettings::new(&url)
    };
    let store = open(&settings).await.unwrap();
    run_everything(&store).await;
    drop(store);
    let plans = postgres::log_of(database).await;
    let mut looked_at = 0;
    for plan in plans.split("Query Text: ").skip(1) {
        let statement = plan.split("  cost=").next().unwrap();
        if statement.contains("schema_migrations") || statement.contains("pg_") {
            continue;
        }
        looked_at += 1;
        for scanned in plan.lines().filter_map(|line| line.split("Seq Scan on ").nth(1)) {
            let table = scanned.split_whitespace().next().unwrap();
            assert!(SMALL.contains(&table), "{table} is scanned: {plan}");
        }
    }
    assert!(looked_at > 40, "only {looked_at} plans were seen: {plans}");
}

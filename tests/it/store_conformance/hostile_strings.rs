//! Strings come back as they went in, and none of them is ever a statement.

use super::fixtures::{at, code_of, declare, hash, people, profile, refresh, session_of};
use super::on_every_store;
use nauthera::oauth::ids::{ClientId, GrantId, SessionId, UserId};
use nauthera::oauth::scope::Scopes;
use nauthera::store::Store;
use nauthera::store::records::{AuditEvent, CodeRecord, CodeRedemption, GrantRecord, PasswordRecord, SessionRecord, UserProfile};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

on_every_store!(come_back_from_every_column, find_nothing_and_break_nothing_when_looked_up);

/// Texts that have broken databases, encodings and escapes. The long one does not compress.
fn texts() -> Vec<String> {
    let noise: String = (0..10_000_u32)
        .map(|index| char::from_u32(0x21 + (index.wrapping_mul(2_654_435_761) >> 16) % 94).unwrap())
        .collect();
    vec![
        "'; DROP TABLE users; --".to_owned(),
        "quote ' double \" back \\ dollar $1 ?1 %s {}".to_owned(),
        "a\u{0}b".to_owned(),
        "\u{0}".to_owned(),
        "\u{1}".to_owned(),
        "\u{1}0\u{0}1\u{1}1".to_owned(),
        "\\u0000 \\x00 \\000".to_owned(),
        String::new(),
        "İstanbul ß ſ ǅ 👩‍👩‍👧‍👦 \u{202e}\u{feff}".to_owned(),
        "NULL".to_owned(),
        "{a,b}".to_owned(),
        noise,
    ]
}

async fn come_back_from_every_column(store: Arc<dyn Store>) {
    for (number, text) in texts().into_iter().enumerate() {
        let written = UserProfile {
            username: text.clone(),
            email: Some(text.clone()),
            display_name: Some(text.clone()),
            given_name: Some(text.clone()),
            family_name: Some(text.clone()),
            attributes: [(text.clone(), vec![text.clone(), String::new()])].into(),
            groups: vec![text.clone(), String::new()],
            ..profile("any")
        };
        let user = declare(&store, written.clone()).await;
        assert_eq!(store.user(&user.id).await.unwrap().unwrap().profile, written);
        assert_eq!(store.user_by_name(&people(), &text).await.unwrap().unwrap().id, user.id);
        let password = PasswordRecord {
            hash: text.clone(),
            declared_hash: Some(text.clone()),
            changed_at: at(0),
            must_change: true,
        };
        assert!(store.replace_password(&user.id, None, &password, None).await.unwrap());
        assert!(store.replace_password(&user.id, Some(&password), &password, None).await.unwrap());
        assert_eq!(store.password(&user.id).await.unwrap(), Some(password));

        let session = SessionRecord {
            amr: vec![text.clone()],
            ..session_of(&user.id, &format!("session {number}"))
        };
        assert!(store.open_session(&session, None).await.unwrap());
        assert_eq!(store.session(&session.id, at(1)).await.unwrap().as_ref(), Some(&session));

        let code = code_of(&session, &format!("code {number}"));
        let code = CodeRecord {
            grant: GrantRecord {
                resources: vec![text.clone()],
                scopes: [text.clone()].into_iter().collect(),
                ..code.grant
            },
            redirect_uri: text.clone(),
            nonce: Some(text.clone()),
            code_challenge: Some(text.clone()),
            ..code
        };
        store.issue_code(&code).await.unwrap();
        let redeemed = store.redeem_code(&code.hash, &code.grant.client, at(1), at(500)).await.unwrap();
        assert_eq!(redeemed, CodeRedemption::First(Box::new(code)));

        let scopes: Scopes = [text.clone()].into_iter().collect();
        let client = ClientId::new(format!("client {number}"));
        store.give_consent(&user.id, &client, &scopes, at(1)).await.unwrap();
        assert_eq!(store.consent(&user.id, &client).await.unwrap().unwrap().scopes, scopes);

        let claims = json!({ text.clone(): [text] });
        store
            .put_reference_token(&hash(&format!("token {number}")), &claims, at(9))
            .await
            .unwrap();
        assert_eq!(
            store.reference_token(&hash(&format!("token {number}")), at(1)).await.unwrap(),
            Some(claims.clone())
        );
        let event = AuditEvent {
            at: at(1),
            kind: text.clone(),
            user: Some(UserId::new(text.clone())),
            client: Some(ClientId::new(text.clone())),
            details: claims,
        };
        store.append_audit(std::slice::from_ref(&event)).await.unwrap();
        assert_eq!(store.recent_audit(1).await.unwrap(), [event]);
    }
}

async fn find_nothing_and_break_nothing_when_looked_up(store: Arc<dyn Store>) {
    let alice = super::fixtures::alice(&store).await;
    for text in texts() {
        let (user, client) = (UserId::new(text.clone()), ClientId::new(text.clone()));
        assert_eq!(store.user(&user).await.unwrap(), None);
        assert_eq!(store.user_by_name(&people(), &text).await.unwrap(), None);
        assert_eq!(store.session(&SessionId::new(text.clone()), at(1)).await.unwrap(), None);
        assert_eq!(store.grant(&GrantId::new(text.clone())).await.unwrap(), None);
        assert_eq!(store.consent(&user, &client).await.unwrap(), None);
        assert_eq!(store.peek_refresh_token(&hash(&text), &client).await.unwrap(), None);
        assert_eq!(
            store.redeem_code(&hash(&text), &client, at(1), at(2)).await.unwrap(),
            CodeRedemption::Unknown
        );
        let successor = refresh(&GrantId::new(text.clone()), &text);
        let redeemed = store
            .redeem_refresh_token(&hash(&text), &client, Some(&successor), at(1), Duration::ZERO)
            .await
            .unwrap();
        assert_eq!(redeemed, nauthera::store::records::RefreshRedemption::Unknown);
        store.end_session(&SessionId::new(text.clone()), at(1)).await.unwrap();
        store.end_grant(&GrantId::new(text.clone()), at(1)).await.unwrap();
        store.withdraw_consent(&user, &client, at(1)).await.unwrap();
        assert!(store.token_is_live(&text, None, at(1)).await.unwrap());
        store.revoke_token(&text, at(9)).await.unwrap();
        assert!(!store.token_is_live(&text, None, at(1)).await.unwrap());
        assert!(!store.add_key(&key(&text), Some(&text)).await.unwrap());
        store.retire_key(&text, at(1), at(2)).await.unwrap();
    }
    assert!(store.user(&alice).await.unwrap().is_some());
}

fn key(text: &str) -> nauthera::store::records::KeyRecord {
    nauthera::store::records::KeyRecord {
        kid: text.to_owned(),
        purpose: text.to_owned(),
        material: vec![],
        sealed_with: Some(text.to_owned()),
        created_at: at(1),
        active_from: at(1),
        retires_at: None,
        expires_at: None,
    }
}

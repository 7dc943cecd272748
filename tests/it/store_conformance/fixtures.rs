//! People, sessions, codes and tokens to play with.

use jiff::{Timestamp, ToSpan};
use nauthera::oauth::ids::{ClientId, GrantId, SessionId, UserId, UserStoreId};
use nauthera::oauth::opaque::TokenHash;
use nauthera::oauth::scope::Scopes;
use nauthera::store::Store;
use nauthera::store::records::{
    CodeRecord, CodeRedemption, GrantRecord, KeyRecord, PasswordRecord, RefreshRecord, SessionRecord, UserProfile, UserRecord,
};
use std::sync::Arc;
use std::time::Duration;

pub const GRACE: Duration = Duration::from_secs(10);

/// This many seconds after the beginning.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap() + seconds.seconds()
}

pub fn hash(text: &str) -> TokenHash {
    TokenHash::of(text)
}

pub fn people() -> UserStoreId {
    UserStoreId::new("demo/people")
}

pub fn shop() -> ClientId {
    ClientId::new("demo.shop")
}

pub fn profile(username: &str) -> UserProfile {
    UserProfile {
        username: username.to_owned(),
        email: Some(format!("{username}@example.org")),
        email_verified: true,
        display_name: Some("A Name".to_owned()),
        given_name: Some("A".to_owned()),
        family_name: Some("Name".to_owned()),
        attributes: [
            ("department".to_owned(), vec!["Sales".to_owned()]),
            ("phones".to_owned(), vec!["1".to_owned(), "2".to_owned()]),
        ]
        .into(),
        groups: vec!["admins".to_owned(), "staff".to_owned()],
        disabled: false,
    }
}

/// Declares one user and nobody else.
pub async fn declare(store: &Arc<dyn Store>, profile: UserProfile) -> UserRecord {
    store.put_declared_users(&people(), &[profile], at(0)).await.unwrap().remove(0)
}

/// Sets a password, whatever it was before.
pub async fn set_password(store: &dyn Store, user: &UserId, password: &PasswordRecord) {
    let before = store.password(user).await.unwrap();
    assert!(store.replace_password(user, before.as_ref(), password, None).await.unwrap());
}

pub async fn alice(store: &Arc<dyn Store>) -> UserId {
    declare(store, profile("alice")).await.id
}

/// A session until second 1,000.
pub fn session_of(user: &UserId, name: &str) -> SessionRecord {
    SessionRecord {
        id: SessionId::new(name),
        token: hash(&format!("cookie of {name}")),
        user: user.clone(),
        auth_time: at(0),
        amr: vec!["pwd".to_owned()],
        created_at: at(0),
        expires_at: at(1000),
    }
}

/// Alice, and her session `s`.
pub async fn alice_logged_in(store: &Arc<dyn Store>) -> SessionRecord {
    let session = session_of(&alice(store).await, "s");
    assert!(store.open_session(&session, None).await.unwrap());
    session
}

/// A code until second 60, its hash that of its name.
pub fn code_of(session: &SessionRecord, name: &str) -> CodeRecord {
    CodeRecord {
        hash: hash(name),
        grant: GrantRecord {
            id: GrantId::new(format!("grant of {name}")),
            client: shop(),
            user: session.user.clone(),
            session: session.id.clone(),
            offline: false,
            scopes: Scopes::parse("openid profile").unwrap(),
            resources: vec!["https://api.example.org/".to_owned(), "urn:b".to_owned()],
            auth_time: session.auth_time,
            amr: session.amr.clone(),
            created_at: at(0),
            expires_at: at(500),
            ended_at: None,
        },
        redirect_uri: "https://shop.example.org/back?x=1".to_owned(),
        redirect_uri_was_sent: true,
        nonce: Some("n-0S6_WzA2Mj".to_owned()),
        code_challenge: Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned()),
        expires_at: at(60),
    }
}

pub fn offline(code: CodeRecord) -> CodeRecord {
    CodeRecord {
        grant: GrantRecord {
            offline: true,
            ..code.grant
        },
        ..code
    }
}

/// Issues and redeems a code: an open grant until second 500.
pub async fn open_grant(store: &Arc<dyn Store>, code: CodeRecord) -> GrantId {
    store.issue_code(&code).await.unwrap();
    match store.redeem_code(&code.hash, &code.grant.client, at(1), at(500)).await.unwrap() {
        CodeRedemption::First(code) => code.grant.id,
        other => panic!("{other:?}"),
    }
}

/// Alice logged in, with a grant for the shop.
pub async fn alice_with_grant(store: &Arc<dyn Store>) -> GrantId {
    let session = alice_logged_in(store).await;
    open_grant(store, code_of(&session, "code")).await
}

/// A refresh token until second 400.
pub fn refresh(grant: &GrantId, name: &str) -> RefreshRecord {
    RefreshRecord {
        hash: hash(name),
        grant: grant.clone(),
        expires_at: at(400),
    }
}

pub async fn grant_is_live(store: &Arc<dyn Store>, grant: &GrantId, seconds: i64) -> bool {
    store.token_is_live("some jti", Some(grant), at(seconds)).await.unwrap()
}

/// Starts all at once, and waits for all.
pub async fn together<T: Send + 'static>(futures: Vec<impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let barrier = Arc::new(tokio::sync::Barrier::new(futures.len()));
    let tasks: Vec<_> = futures
        .into_iter()
        .map(|future| {
            let barrier = Arc::clone(&barrier);
            tokio::spawn(async move {
                barrier.wait().await;
                future.await
            })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

/// A key of this purpose, in the clear.
pub fn key(kid: &str, purpose: &str, created: i64) -> KeyRecord {
    KeyRecord {
        kid: kid.to_owned(),
        purpose: purpose.to_owned(),
        material: vec![0, 255, 39, 34],
        sealed_with: None,
        created_at: at(created),
        active_from: at(created + 10),
        retires_at: None,
        expires_at: None,
    }
}

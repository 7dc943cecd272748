use super::fixtures::{alice, alice_logged_in, at, code_of, grant_is_live, offline, open_grant, shop, together};
use super::on_every_store;
use nauthera::oauth::ids::{ClientId, UserId};
use nauthera::oauth::scope::Scopes;
use nauthera::store::Store;
use nauthera::store::records::{CodeRecord, CodeRedemption, ConsentRecord, GrantRecord};
use std::sync::Arc;

on_every_store!(
    a_consent_widens_and_remembers_when,
    parallel_consents_lose_no_scope,
    withdrawing_ends_all_grants_of_that_client_even_offline_ones,
    withdrawing_what_was_not_given_is_fine,
);

fn scopes(text: &str) -> Scopes {
    Scopes::parse(text).unwrap()
}

async fn a_consent_widens_and_remembers_when(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    assert_eq!(store.consent(&user, &shop()).await.unwrap(), None);
    store.give_consent(&user, &shop(), &scopes("openid email"), at(1)).await.unwrap();
    store.give_consent(&user, &shop(), &scopes("openid profile"), at(2)).await.unwrap();
    let expected = ConsentRecord {
        scopes: scopes("openid email profile"),
        given_at: at(1),
        updated_at: at(2),
    };
    assert_eq!(store.consent(&user, &shop()).await.unwrap(), Some(expected));
    assert_eq!(store.consent(&user, &ClientId::new("demo.other")).await.unwrap(), None);
    assert_eq!(store.consent(&UserId::new("nobody"), &shop()).await.unwrap(), None);
}

async fn parallel_consents_lose_no_scope(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    let calls = (0..12)
        .map(|number| {
            let (store, user) = (Arc::clone(&store), user.clone());
            async move {
                store
                    .give_consent(&user, &shop(), &scopes(&format!("s{number}")), at(1))
                    .await
                    .unwrap();
            }
        })
        .collect();
    together(calls).await;
    assert_eq!(store.consent(&user, &shop()).await.unwrap().unwrap().scopes.iter().count(), 12);
}

async fn withdrawing_ends_all_grants_of_that_client_even_offline_ones(store: Arc<dyn Store>) {
    let session = alice_logged_in(&store).await;
    store.give_consent(&session.user, &shop(), &scopes("openid"), at(1)).await.unwrap();
    let bound = open_grant(&store, code_of(&session, "bound")).await;
    let kept = open_grant(&store, offline(code_of(&session, "offline"))).await;
    let pending = offline(code_of(&session, "pending"));
    store.issue_code(&pending).await.unwrap();
    let of_other = code_of(&session, "other client");
    let of_other = CodeRecord {
        grant: GrantRecord {
            client: ClientId::new("demo.other"),
            ..of_other.grant
        },
        ..of_other
    };
    let other = open_grant(&store, of_other).await;

    store.withdraw_consent(&session.user, &shop(), at(5)).await.unwrap();
    assert_eq!(store.consent(&session.user, &shop()).await.unwrap(), None);
    assert!(!grant_is_live(&store, &bound, 6).await);
    assert!(!grant_is_live(&store, &kept, 6).await);
    assert_eq!(
        store.redeem_code(&pending.hash, &shop(), at(6), at(500)).await.unwrap(),
        CodeRedemption::Unknown
    );
    assert!(grant_is_live(&store, &other, 6).await);
    assert!(store.session(&session.id, at(6)).await.unwrap().is_some(), "the login goes on");
}

async fn withdrawing_what_was_not_given_is_fine(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    store.withdraw_consent(&user, &shop(), at(1)).await.unwrap();
    store.withdraw_consent(&UserId::new("nobody"), &shop(), at(1)).await.unwrap();
}

//! Who gets in, who does not, and what slows guessing down.

use crate::store_conformance::fixtures::set_password;
use crate::support::platform::{START, TestPlatform, snapshot, user};
use argon2::password_hash::PasswordHasher;
use futures::future::join_all;
use nauthera::accounts::lockout::{ACCOUNT, ADDRESS};
use nauthera::accounts::password::Verification;
use nauthera::accounts::username::Username;
use nauthera::accounts::verifier::{PasswordVerifier, VerifierFault};
use nauthera::actors::authenticator::LoginFault;
use nauthera::config::snapshot::DeclaredUser;
use nauthera::directory::UserDirectory;
use nauthera::directory::local::LocalDirectory;
use nauthera::oauth::ids::UserId;
use nauthera::store::Store;
use nauthera::store::records::{PasswordRecord, UserRecord};
use secrecy::SecretString;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

const HOME: &str = "192.0.2.1";

async fn start() -> TestPlatform {
    let test = TestPlatform::start().await;
    let disabled = DeclaredUser {
        disabled: true,
        ..user("mallory", Some("correct horse"))
    };
    let users = vec![
        user("Alice", Some("correct horse")),
        user("bob", Some("correct horse")),
        disabled,
        user("nopass", None),
    ];
    test.apply(snapshot("1", users)).await;
    test
}

async fn login(test: &TestPlatform, name: &str, password: &str, address: &str) -> Result<UserRecord, LoginFault> {
    let address: IpAddr = address.parse().unwrap();
    test.platform
        .authenticator
        .authenticate(name, &password.into(), Some(address))
        .await
        .map(|proven| proven.user)
}

fn throttled(outcome: &Result<UserRecord, LoginFault>) -> Option<u64> {
    match outcome {
        Err(LoginFault::Throttled { retry_after }) => Some(retry_after.as_secs()),
        _ => None,
    }
}

#[actix_rt::test]
async fn the_right_password_opens_and_every_other_try_reads_the_same() {
    let test = start().await;
    let alice = login(&test, " aLICE ", "correct horse", HOME).await.unwrap();
    assert_eq!(alice.profile.username, "Alice");
    assert_eq!(test.platform.authenticator.find(&alice.id).await, Ok(Some(alice)));
    for (name, password) in [
        ("alice", "wrong"),
        ("alice", ""),
        ("nobody", "correct horse"),
        ("mallory", "correct horse"),
        ("nopass", "correct horse"),
        ("nopass", ""),
        ("", "correct horse"),
        ("a\0b", "x"),
    ] {
        let outcome = login(&test, name, password, HOME).await;
        assert_eq!(outcome, Err(LoginFault::BadCredentials), "{name:?} {password:?}");
    }
    test.stop().await;
}

#[actix_rt::test]
async fn failures_slow_an_account_down_from_wherever_they_come_and_a_success_forgets_them() {
    let test = start().await;
    for number in 0..ACCOUNT.free {
        let outcome = login(&test, "alice", "guess", &format!("198.51.100.{number}")).await;
        assert_eq!(outcome, Err(LoginFault::BadCredentials));
    }
    let right = login(&test, "alice", "correct horse", HOME).await;
    assert_eq!(throttled(&right), Some(2), "not even the right password is looked at: {right:?}");
    assert!(
        login(&test, "bob", "correct horse", HOME).await.is_ok(),
        "another account is not concerned"
    );
    test.clock.advance(jiff::SignedDuration::from_secs(2));
    assert!(login(&test, "alice", "correct horse", HOME).await.is_ok());
    assert_eq!(login(&test, "alice", "guess", HOME).await, Err(LoginFault::BadCredentials));
    assert!(login(&test, "alice", "correct horse", HOME).await.is_ok(), "the count began anew");
    test.stop().await;
}

#[actix_rt::test]
async fn a_name_that_nobody_has_is_slowed_down_alike() {
    let test = start().await;
    for _ in 0..ACCOUNT.free {
        assert_eq!(login(&test, "nobody", "guess", HOME).await, Err(LoginFault::BadCredentials));
    }
    assert_eq!(throttled(&login(&test, "NOBODY ", "guess", HOME).await), Some(2));
    test.stop().await;
}

#[actix_rt::test]
async fn guessing_at_many_accounts_slows_the_address_down() {
    let test = start().await;
    for number in 0..ADDRESS.free {
        let outcome = login(&test, &format!("name{number}"), "guess", HOME).await;
        assert_eq!(outcome, Err(LoginFault::BadCredentials));
    }
    assert_eq!(throttled(&login(&test, "alice", "correct horse", HOME).await), Some(1));
    assert!(login(&test, "alice", "correct horse", "198.51.100.1").await.is_ok());
    test.stop().await;
}

#[actix_rt::test]
async fn a_burst_of_guesses_cannot_outrun_the_count() {
    let test = start().await;
    let burst = join_all((0..200).map(|_| login(&test, "alice", "guess", HOME))).await;
    let tried = burst.iter().filter(|outcome| **outcome == Err(LoginFault::BadCredentials)).count();
    assert!(tried <= 8, "{tried} of 200 guesses were looked at");
    assert!(
        burst
            .iter()
            .all(|outcome| throttled(outcome).is_some() || *outcome == Err(LoginFault::BadCredentials))
    );
    test.stop().await;
}

#[actix_rt::test]
async fn many_right_logins_of_one_account_at_once_all_get_in() {
    let test = start().await;
    let logins = join_all((0..20).map(|_| login(&test, "alice", "correct horse", HOME))).await;
    assert!(logins.iter().all(Result::is_ok), "{logins:?}");
    test.stop().await;
}

#[actix_rt::test]
async fn a_guess_counts_even_if_the_guesser_hangs_up() {
    let test = start().await;
    for tried in 1..=ACCOUNT.free {
        {
            let password = "guess".into();
            let mut leaving = pin!(test.platform.authenticator.authenticate("alice", &password, None));
            poll_fn(|cx| {
                assert!(leaving.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
        }
        // The check goes on by itself and ends up in the trail.
        while test.platform.store.recent_audit(100).await.unwrap().len() < tried as usize {
            test.platform.audit.flush().await.unwrap();
        }
    }
    assert_eq!(throttled(&login(&test, "alice", "correct horse", HOME).await), Some(2));
    test.stop().await;
}

#[actix_rt::test]
async fn logins_are_in_the_audit_trail_and_the_metrics_without_names_or_passwords() {
    let test = start().await;
    login(&test, "alice", "correct horse", HOME).await.unwrap();
    login(&test, "alice", "typed-secret", HOME).await.unwrap_err();
    login(&test, "typed-name", "typed-secret", HOME).await.unwrap_err();
    test.platform.audit.flush().await.unwrap();
    let mut trail = test.platform.store.recent_audit(10).await.unwrap();
    trail.reverse();
    let kinds: Vec<_> = trail.iter().map(|event| (event.kind.as_str(), event.user.is_some())).collect();
    assert_eq!(kinds, [("login.succeeded", true), ("login.failed", true), ("login.failed", false)]);
    let text = format!("{trail:?}");
    assert!(!text.contains("typed-") && text.contains(HOME), "{text}");
    let metrics = test.platform.metrics.render().unwrap();
    assert!(metrics.contains(r#"logins_total{outcome="succeeded"} 1"#) && metrics.contains(r#"logins_total{outcome="bad_credentials"} 2"#));
    test.stop().await;
}

#[actix_rt::test]
async fn an_outdated_hash_is_made_anew_by_the_next_login() {
    let test = start().await;
    let alice = login(&test, "alice", "correct horse", HOME).await.unwrap();
    let weak = argon2::Params::new(8 * 1024, 1, 1, None).unwrap();
    let weak = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, weak)
        .hash_password_with_salt(b"her own", &[1; 16])
        .unwrap()
        .to_string();
    let own = PasswordRecord {
        hash: weak.clone(),
        declared_hash: Some("another".to_owned()),
        changed_at: START,
        must_change: false,
    };
    set_password(&*test.platform.store, &alice.id, &own).await;
    assert!(login(&test, "alice", "not hers", HOME).await.is_err());
    assert_eq!(test.platform.store.password(&alice.id).await.unwrap(), Some(own.clone()));
    login(&test, "alice", "her own", HOME).await.unwrap();
    let renewed = test.platform.store.password(&alice.id).await.unwrap().unwrap();
    assert_ne!(renewed.hash, weak);
    assert_eq!((renewed.declared_hash, renewed.changed_at), (own.declared_hash, own.changed_at));
    login(&test, "alice", "her own", HOME).await.unwrap();
    test.stop().await;
}

/// Finds every password right and outdated, and changes it while it is hashed anew.
struct Meddler {
    store: Arc<dyn Store>,
    user: UserId,
    meanwhile: PasswordRecord,
}

#[async_trait::async_trait]
impl PasswordVerifier for Meddler {
    async fn verify(&self, _: &SecretString, _: Option<&str>) -> Result<Verification, VerifierFault> {
        Ok(Verification::Correct { outdated: true })
    }

    async fn hash(&self, _: &SecretString) -> Result<String, VerifierFault> {
        set_password(&*self.store, &self.user, &self.meanwhile).await;
        Ok("the old one, made anew".to_owned())
    }
}

#[actix_rt::test]
async fn a_password_that_is_changed_while_the_old_one_is_hashed_anew_stays() {
    let test = start().await;
    let store = Arc::clone(&test.platform.store);
    let alice = login(&test, "alice", "correct horse", HOME).await.unwrap();
    let record = |hash: &str| PasswordRecord {
        hash: hash.to_owned(),
        declared_hash: None,
        changed_at: START,
        must_change: false,
    };
    set_password(&*store, &alice.id, &record("old")).await;
    let meddler = Meddler {
        store: Arc::clone(&store),
        user: alice.id.clone(),
        meanwhile: record("chosen meanwhile"),
    };
    let directory = LocalDirectory::new(alice.store.clone(), Arc::clone(&store), Arc::new(meddler));
    let candidate = directory.identify(&Username::parse("alice").unwrap()).await.unwrap();
    let proven = directory.prove(candidate.as_ref(), &"old".into()).await.unwrap();
    assert_eq!(proven.map(|proven| proven.user.id), Some(alice.id.clone()));
    assert_eq!(store.password(&alice.id).await.unwrap(), Some(record("chosen meanwhile")));
    test.stop().await;
}

#[actix_rt::test]
async fn without_a_configuration_nobody_is_turned_away_for_good() {
    let test = TestPlatform::start().await;
    let outcome = login(&test, "alice", "correct horse", HOME).await;
    assert!(matches!(outcome, Err(LoginFault::Unavailable(_))), "{outcome:?}");
    test.stop().await;
}

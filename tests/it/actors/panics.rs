//! Each actor is killed by a panic under load.

use crate::support::platform::{TestPlatform, service, snapshot, user};
use actix::{Actor, ActorContext, Context, Handler, Message, Supervised};
use futures::future::join_all;
use nauthera::actors::config_holder::{Apply, Describe};
use nauthera::actors::fault::Fault;
use nauthera::actors::gate::{Call, Gate, GateLimits};
use nauthera::actors::guardian::Guardian;
use nauthera::actors::janitor::Sweep;
use nauthera::actors::key_keeper::Reload;
use nauthera::actors::platform::Platform;
use nauthera::actors::restart::INTENSITY;
use nauthera::actors::session_keeper::messages::{Open, Resume};
use nauthera::actors::session_keeper::{Changes, SessionKeeper};
use nauthera::actors::supervision::{supervise, supervise_on};
use nauthera::actors::token_issuer::TokenIssuer;
use nauthera::actors::token_issuer::messages::Exchange;
use nauthera::config::snapshot::{Revision, SigningAlgorithm};
use nauthera::oauth::form::Params;
use nauthera::store::records::AuditEvent;
use nauthera::telemetry::metrics::Metrics;
use secrecy::SecretString;
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

const REQUESTS: usize = 100;

/// Kills the actor behind `gate` while others send `request`s, and says what everybody saw.
async fn kill_under_load<A, F>(platform: &Platform, name: &'static str, gate: &Gate<A>, request: impl Fn(usize) -> F)
where
    A: Actor<Context = Context<A>> + Handler<Call<A>>,
    F: Future<Output = ()>,
{
    let others_before = restarts(platform, |actor| actor != name);
    let before = restarts(platform, |actor| actor == name);
    let first = join_all((0..REQUESTS / 2).map(&request));
    let killed = async {
        let start = Instant::now();
        let fault = gate.poison().await.unwrap_err();
        gate.ping().await.unwrap();
        (fault, start.elapsed())
    };
    let second = join_all((REQUESTS / 2..REQUESTS).map(&request));
    // The requests panic if they fail: those of others must not notice.
    let (_, (fault, back_after), _) = tokio::join!(first, killed, second);
    println!("{name}: its next message is answered {back_after:?} after the panic, under load");
    assert!(
        matches!(&fault, Fault::Internal(text) if text.contains(name)),
        "the one request sees {fault:?}"
    );
    assert_eq!(restarts(platform, |actor| actor == name), before + 1);
    assert_eq!(
        restarts(platform, |actor| actor != name),
        others_before,
        "nobody else was restarted"
    );
    assert_eq!(platform.guardian.failure(), None);
    let health = platform.guardian.health();
    assert_eq!(health.actors[name].down, 0);
    assert_eq!(health.actors[name].last_death.as_deref(), Some("poisoned by a test"));
    let metrics = platform.metrics.render().unwrap();
    assert!(
        metrics.contains(&format!(r#"actor_restarts_total{{actor="{name}"}} {}"#, before + 1)),
        "{metrics}"
    );
}

fn restarts(platform: &Platform, which: impl Fn(&str) -> bool) -> u64 {
    let health = platform.guardian.health();
    health
        .actors
        .iter()
        .filter(|(name, _)| which(name))
        .map(|(_, actor)| actor.restarts)
        .sum()
}

fn event(number: usize) -> AuditEvent {
    AuditEvent {
        at: crate::support::platform::START,
        kind: "test".to_owned(),
        user: None,
        client: None,
        details: serde_json::json!({ "number": number }),
    }
}

#[actix_rt::test]
async fn the_password_hasher_comes_back_and_no_other_login_notices() {
    let test = TestPlatform::start().await;
    test.apply(snapshot("1", vec![user("alice", Some("correct horse"))])).await;
    let platform = &test.platform;
    let hash = nauthera::accounts::password::hash("secret", [1; 16]).unwrap();
    let verifier: &dyn nauthera::accounts::verifier::PasswordVerifier = &platform.hasher;
    let (hash, gate) = (&hash, &platform.hasher.0);
    // So many hashes take a while in a debug build: no more of them wait than the hasher admits.
    kill_under_load(platform, "password_hasher", gate, |number| async move {
        if number % 10 == 0 {
            let found = verifier.verify(&SecretString::from("secret"), Some(hash)).await.unwrap();
            assert!(found.is_correct());
        }
    })
    .await;
    let alice = platform.authenticator.authenticate("alice", &"correct horse".into(), None).await;
    assert_eq!(alice.unwrap().user.profile.username, "alice");
    test.stop().await;
}

#[actix_rt::test]
async fn the_audit_log_comes_back_with_every_event_in_order_and_none_twice() {
    let test = TestPlatform::start().await;
    let audit = &test.platform.audit;
    kill_under_load(&test.platform, "audit_log", audit.gate(), |number| async move {
        audit.record(event(number));
    })
    .await;
    audit.flush().await.unwrap();
    let kept = test.platform.store.recent_audit(1_000).await.unwrap();
    let numbers: Vec<_> = kept.iter().rev().map(|event| event.details["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..REQUESTS as u64).collect::<Vec<_>>());
    test.stop().await;
}

#[actix_rt::test]
async fn the_config_holder_comes_back_with_its_configuration_in_force() {
    let test = TestPlatform::start().await;
    test.apply(snapshot("first", Vec::new())).await;
    let platform = &test.platform;
    kill_under_load(platform, "config_holder", &platform.config_holder, |_| async {
        let description = platform.config_holder.ask(Describe).await.unwrap();
        assert_eq!(description.revision, Some(Revision("first".to_owned())));
    })
    .await;
    assert_eq!(platform.config.current().unwrap().revision.0, "first");
    // And it goes on following: users of a later configuration still reach the store.
    test.apply(snapshot("second", vec![user("bob", Some("correct horse"))])).await;
    assert!(
        platform
            .authenticator
            .authenticate("bob", &"correct horse".into(), None)
            .await
            .is_ok()
    );
    test.stop().await;
}

#[actix_rt::test]
async fn the_janitor_comes_back() {
    let test = TestPlatform::start().await;
    let janitor = &test.platform.janitor;
    kill_under_load(&test.platform, "janitor", janitor, |number| async move {
        if number % 20 == 0 {
            assert!(janitor.ask(Sweep).await.unwrap().unwrap().is_some());
        }
    })
    .await;
    test.stop().await;
}

#[actix_rt::test]
async fn the_key_keeper_comes_back_and_its_keys_sign_on() {
    let test = TestPlatform::start().await;
    test.apply(snapshot("1", Vec::new())).await;
    let platform = &test.platform;
    let algorithms = [SigningAlgorithm::ES256];
    platform.keys.ready(&algorithms, || platform.clock.now()).await;
    let kids = || {
        platform
            .keys
            .current()
            .keys()
            .iter()
            .map(|key| key.key.kid().to_owned())
            .collect::<Vec<_>>()
    };
    let before = kids();
    kill_under_load(platform, "key_keeper", &platform.key_keeper, |number| async move {
        assert_eq!(
            platform.keys.missing(&algorithms, platform.clock.now()),
            None,
            "readers do not notice"
        );
        if number % 10 == 0 {
            platform.key_keeper.ask(Reload).await.unwrap().unwrap();
        }
    })
    .await;
    platform.key_keeper.ask(Reload).await.unwrap().unwrap();
    assert_eq!(kids(), before);
    test.stop().await;
}

#[actix_rt::test]
async fn a_token_issuer_comes_back_and_every_other_client_gets_its_token() {
    let test = TestPlatform::start().await;
    let mut configuration = snapshot("1", Vec::new());
    let client = service("team-a.reporting", "a generated secret");
    configuration.clients.insert(client.id.clone(), Arc::new(client));
    test.apply(configuration).await;
    let gate = &test
        .platform
        .start_here("token_issuer", TokenIssuer::new(&test.platform), GateLimits::default());
    kill_under_load(&test.platform, "token_issuer", gate, |_| async move {
        let form = b"grant_type=client_credentials&client_id=team-a.reporting&client_secret=a+generated+secret";
        let exchange = Exchange {
            params: Params::parse(form).unwrap(),
            authorization: None,
        };
        let answer = gate.ask(exchange).await.unwrap().unwrap();
        assert_eq!(answer.access_token.split('.').count(), 3);
    })
    .await;
    test.stop().await;
}

#[actix_rt::test]
async fn a_session_keeper_comes_back_and_its_sessions_go_on() {
    let test = TestPlatform::start().await;
    test.apply(snapshot("1", vec![user("alice", Some("correct horse"))])).await;
    let platform = &test.platform;
    let alice = platform
        .authenticator
        .authenticate("alice", &"correct horse".into(), None)
        .await
        .unwrap()
        .user;
    let keeper = SessionKeeper::new(platform, &Changes::of(platform.store.as_ref()));
    let gate = &platform.start_here("session_keeper", keeper, GateLimits::default());
    let open = Open {
        user: alice.id,
        auth_time: platform.clock.now(),
        amr: vec!["pwd".to_owned()],
        password: None,
        instead_of: None,
    };
    let session = &gate.ask(open).await.unwrap().unwrap().unwrap();
    kill_under_load(platform, "session_keeper", gate, |_| async move {
        let token = session.token.expose().to_owned();
        let resumed = gate.ask(Resume { token }).await.unwrap().unwrap().unwrap();
        assert_eq!(resumed.id, session.id);
    })
    .await;
    test.stop().await;
}

#[actix_rt::test]
async fn the_guardian_comes_back_and_goes_on_guarding() {
    let test = TestPlatform::start().await;
    let platform = &test.platform;
    let guardian = platform.guardian.gate();
    kill_under_load(platform, "guardian", &guardian, |_| async { guardian.ping().await.unwrap() }).await;
    platform.janitor.poison().await.unwrap_err();
    platform.janitor.ping().await.unwrap();
    assert_eq!(restarts(platform, |actor| actor == "janitor"), 1);
    test.stop().await;
}

#[actix_rt::test]
async fn a_crash_loop_ends_in_not_ready_and_a_fatal_signal() {
    let test = TestPlatform::start().await;
    test.apply(snapshot("1", Vec::new())).await;
    let platform = &test.platform;
    assert!(platform.readiness().iter().all(|check| check.ok), "{:?}", platform.readiness());
    // All wait in the mailbox at once: each restart runs into the next.
    let deaths = join_all((0..=INTENSITY).map(|_| platform.janitor.poison()));
    let (reason, _) = tokio::join!(platform.guardian.fatal(), deaths);
    println!("{reason}");
    assert!(reason.contains("janitor") && reason.contains("poisoned by a test"), "{reason}");
    let failed: Vec<_> = platform.readiness().into_iter().filter(|check| !check.ok).collect();
    assert_eq!(failed.len(), 1);
    assert_eq!((failed[0].name, &failed[0].why), ("actors", &reason));
    assert!(
        matches!(platform.janitor.ping().await, Err(Fault::Unavailable(_))),
        "it does not hang"
    );
    platform
        .config_holder
        .ask(Describe)
        .await
        .expect("the others go on until the process ends");
    test.stop().await;
}

#[actix_rt::test]
async fn a_guardian_in_a_crash_loop_is_fatal_too() {
    let test = TestPlatform::start().await;
    let guardian = test.platform.guardian.gate();
    let deaths = join_all((0..=INTENSITY).map(|_| guardian.poison()));
    let (reason, _) = tokio::join!(test.platform.guardian.fatal(), deaths);
    assert!(reason.contains("guardian"), "{reason}");
    // Without it the others still come back.
    test.platform.janitor.poison().await.unwrap_err();
    test.platform.janitor.ping().await.unwrap();
    test.stop().await;
}

struct Fragile {
    starts: usize,
}

impl Actor for Fragile {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        self.starts += 1;
    }
}

impl Supervised for Fragile {}

impl Handler<Call<Self>> for Fragile {
    type Result = ();

    fn handle(&mut self, call: Call<Self>, ctx: &mut Self::Context) {
        call.run(self, ctx);
    }
}

#[derive(Message)]
#[rtype(result = "usize")]
struct Starts;

impl Handler<Starts> for Fragile {
    type Result = usize;

    fn handle(&mut self, _: Starts, _: &mut Self::Context) -> usize {
        self.starts
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Stop;

impl Handler<Stop> for Fragile {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        ctx.stop();
    }
}

#[actix_rt::test]
async fn an_actor_that_stops_by_itself_comes_back_too() {
    let guardian = Guardian::start(Metrics::new());
    let addr = supervise("fragile", &guardian, Fragile { starts: 0 });
    let gate = Gate::new("fragile", addr, GateLimits::default(), Metrics::new());
    gate.ask(Stop).await.unwrap();
    assert_eq!(gate.ask(Starts).await.unwrap(), 2);
    assert_eq!(
        guardian.health().actors["fragile"].last_death.as_deref(),
        Some("it stopped by itself")
    );
}

#[derive(Message)]
#[rtype(result = "()")]
struct Hang(std::sync::mpsc::Receiver<()>);

impl Handler<Hang> for Fragile {
    type Result = ();

    fn handle(&mut self, Hang(end): Hang, _: &mut Self::Context) {
        let _ = end.recv();
    }
}

#[actix_rt::test]
async fn an_actor_that_hangs_is_found_and_fatal() {
    let guardian = Guardian::start_asking(Metrics::new(), std::time::Duration::from_millis(10));
    let arbiter = actix_rt::Arbiter::new();
    let hanging = supervise_on(&arbiter.handle(), "hanging", &guardian, || Fragile { starts: 0 })
        .await
        .unwrap();
    let gone = supervise("gone", &guardian, Fragile { starts: 0 });
    drop(gone);
    let (end, wait) = std::sync::mpsc::channel();
    hanging.do_send(Hang(wait));
    let reason = guardian.fatal().await;
    assert!(reason.contains("hanging") && reason.contains("sign of life"), "{reason}");
    end.send(()).unwrap();
    arbiter.stop();
    arbiter.join().unwrap();
}

#[actix_rt::test]
async fn messages_that_wait_while_an_actor_is_down_are_answered_in_order() {
    let guardian = Guardian::start(Metrics::new());
    let addr = supervise("fragile", &guardian, Fragile { starts: 0 });
    let gate = Gate::new("fragile", addr, GateLimits::default(), Metrics::new());
    let (before, poisoned, after) = tokio::join!(gate.ask(Starts), gate.poison(), join_all((0..500).map(|_| gate.ask(Starts))));
    assert_eq!(before.unwrap(), 1);
    assert!(matches!(poisoned, Err(Fault::Internal(_))));
    assert!(after.into_iter().all(|starts| starts.unwrap() == 2));
}

#[actix_rt::test]
async fn an_actor_whom_nobody_can_reach_any_more_ends_without_a_fault() {
    let guardian = Guardian::start(Metrics::new());
    let (dropped, gone) = tokio::sync::oneshot::channel::<()>();
    struct Watched(#[expect(dead_code, reason = "its drop is what is watched")] tokio::sync::oneshot::Sender<()>);
    impl Actor for Watched {
        type Context = Context<Self>;
    }
    impl Supervised for Watched {}
    impl Handler<Call<Self>> for Watched {
        type Result = ();

        fn handle(&mut self, call: Call<Self>, ctx: &mut Self::Context) {
            call.run(self, ctx);
        }
    }
    drop(supervise("watched", &guardian, Watched(dropped)));
    gone.await.unwrap_err();
    assert!(guardian.health().actors.is_empty());
}

#[actix_rt::test]
async fn an_apply_that_the_holder_dies_before_is_answered_by_the_one_that_is_back() {
    let test = TestPlatform::start().await;
    let holder = &test.platform.config_holder;
    let (poisoned, applied) = tokio::join!(holder.poison(), holder.ask(Apply(snapshot("late", Vec::new()))));
    assert!(poisoned.is_err());
    assert!(applied.unwrap().unwrap().changed);
    test.stop().await;
}

//! From the first configuration to an orderly end.

use super::pod::{Pod, configuration, nth, secret, send, taken};

#[tokio::test]
async fn is_live_and_not_ready_until_the_operator_sends_a_configuration() {
    let pod = Pod::new();
    let mut replica = pod.start();
    assert_eq!(replica.get("/healthz").0, 200, "nothing is wrong with the process");
    assert_eq!(replica.get("/metrics").0, 200);
    let (status, why) = replica.get("/readyz");
    assert_eq!(status, 503);
    assert!(why.contains("no configuration yet: the operator has not sent one"), "{why}");

    let mut link = pod.link(&replica).await;
    let first = configuration(&["team-a.one"], 900);
    assert_eq!(send(&mut link, &first, nth(1)).await, taken(&first));
    replica.ready();
    assert_eq!(replica.get("/readyz").0, 200);
    assert_eq!(replica.token_lifetime("team-a.one"), 900);

    replica.process.signal("TERM");
    let (status, said) = replica.process.ended();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(!said.contains(&secret("team-a.one")), "{said}");
}

#[tokio::test]
async fn takes_configurations_while_it_drains() {
    let pod = Pod::new().with("NAUTHERA_DRAIN_SECONDS", "600");
    let mut replica = pod.start();
    let mut link = pod.link(&replica).await;
    send(&mut link, &configuration(&["team-a.one"], 900), nth(1)).await;
    replica.ready();
    replica.process.signal("TERM");
    replica.process.line("that it shuts down", |line| line.contains("shutting down"));
    assert_eq!(replica.get("/readyz").0, 503);

    let tighter = configuration(&["team-a.one"], 300);
    assert_eq!(send(&mut link, &tighter, nth(2)).await, taken(&tighter));
    assert_eq!(
        replica.token_lifetime("team-a.one"),
        300,
        "who still comes here gets what is in force"
    );
    replica.process.signal("INT");
    let (status, said) = replica.process.ended();
    assert_eq!(status.code(), Some(0), "{said}");
}

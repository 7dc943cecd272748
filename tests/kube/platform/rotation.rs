//! A client's secret is renewed under load.

use super::installation::Installation;
use super::load::Load;
use super::server::Server;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How often the secret is renewed, once a minute. `NAUTHERA_ROTATIONS=10 cargo test --test kube rotation` looks for ten minutes.
fn rotations() -> u32 {
    std::env::var("NAUTHERA_ROTATIONS").map_or(1, |number| number.parse().expect("NAUTHERA_ROTATIONS is a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_who_has_the_old_secret_nor_who_has_the_new_one_is_refused_while_it_rotates() {
    let Some(installation) = Installation::shared() else { return };
    let _operator = installation.with_operator().await;
    let server = Server::start(installation, "rotation", 2);
    let first = server.credentials("robot");
    // One of the callers learns of the new secret at once, the other when the one after it is due.
    let (quick, slow) = (Arc::new(Mutex::new(first.clone())), Arc::new(Mutex::new(first)));
    let (with_new, with_old) = (Load::start(&server, &quick), Load::start(&server, &slow));
    server.patch(
        "authpolicy/services",
        r#"{"spec":{"clientAuthentication":{"method":"client_secret_basic","secretRotation":{"enabled":true,"schedule":"* * * * *","overlap":"50s","jitter":"1s"}}}}"#,
    );
    server.ready("authpolicy/services");
    for rotation in 0..rotations() {
        let deadline = Instant::now() + Duration::from_secs(90);
        let old = quick.lock().unwrap().clone();
        let new = loop {
            let now = server.credentials("robot");
            if now.secret != old.secret {
                break now;
            }
            assert!(
                Instant::now() < deadline,
                "the secret is not renewed for the {}. time",
                rotation + 1
            );
            tokio::time::sleep(Duration::from_millis(500)).await;
        };
        *quick.lock().unwrap() = new.clone();
        // Both are in use now.
        let (so_far, so_far_old) = (with_new.answered(), with_old.answered());
        while with_new.answered() < so_far + 20 || with_old.answered() < so_far_old + 20 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert!(Instant::now() < deadline, "callers stopped");
        }
        *slow.lock().unwrap() = new;
    }
    println!(
        "{} answers with the new secret, {} with the old",
        with_new.stop().await,
        with_old.stop().await
    );
}

//! Servers that die, hang and come back.

use super::fixture::{client, named, settings, tree};
use crate::support::slapd::{self, PASSWORD};
use nauthera::directory::ldap::client::LdapClient;
use nauthera::directory::ldap::fault::LdapFault;
use nauthera::directory::ldap::outcome::Bind;
use std::time::Duration;

async fn works(client: &LdapClient) {
    let alice = named(client, "alice").await.unwrap().unwrap();
    assert_eq!(client.authenticate(alice.dn(), &PASSWORD.into()).await, Ok(Bind::Accepted));
}

/// Runs a test while the servers are probed.
async fn probed<T>(client: &LdapClient, test: impl Future<Output = T>) -> T {
    tokio::select! {
        () = client.keep_healthy() => unreachable!(),
        done = test => done,
    }
}

async fn until_gone(client: &LdapClient, gone: &[bool]) {
    loop {
        let now: Vec<bool> = client.standing().iter().map(|one| one.gone.is_some()).collect();
        if now == gone {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_server_that_is_killed_is_left_for_the_second_and_taken_again_when_it_is_back() {
    let (first, second) = (slapd::start(&tree()), slapd::start(&tree()));
    let client = client(settings(&[&first, &second]));
    probed(
        &client,
        Box::pin(async {
            works(&client).await;
            first.kill();
            works(&client).await;
            until_gone(&client, &[true, false]).await;
            first.start_again();
            until_gone(&client, &[false, false]).await;
            second.kill();
            works(&client).await;
        }),
    )
    .await;
}

#[tokio::test]
async fn a_server_that_hangs_is_left_for_the_second_and_no_password_is_called_wrong() {
    let (first, second) = (slapd::start(&tree()), slapd::start(&tree()));
    let mut settings = settings(&[&first, &second]);
    settings.operation_timeout = Duration::from_millis(500);
    settings.connect_timeout = Duration::from_millis(500);
    let client = client(settings);
    probed(
        &client,
        Box::pin(async {
            works(&client).await;
            let alice = named(&client, "alice").await.unwrap().unwrap();
            first.freeze();
            let outcome = client.authenticate(alice.dn(), &"wrong".into()).await;
            assert!(
                matches!(outcome, Err(LdapFault::Unavailable(_)) | Ok(Bind::Refused(_))),
                "{outcome:?}"
            );
            until_gone(&client, &[true, false]).await;
            works(&client).await;
            first.thaw();
            until_gone(&client, &[false, false]).await;
            works(&client).await;
        }),
    )
    .await;
}

#[tokio::test]
async fn with_all_servers_gone_the_answer_comes_at_once() {
    let server = slapd::start(&tree());
    let mut settings = settings(&[&server]);
    settings.connect_timeout = Duration::from_millis(500);
    let client = client(settings);
    works(&client).await;
    server.kill();
    assert!(matches!(named(&client, "alice").await, Err(LdapFault::Unavailable(_))));
    // Nobody probes here: what answers now has not asked the network.
    server.start_again();
    let Err(LdapFault::Unavailable(reason)) = named(&client, "alice").await else {
        panic!();
    };
    assert!(reason.contains("cannot be reached"), "{reason}");
    probed(&client, until_gone(&client, &[false])).await;
    works(&client).await;
}

#[tokio::test]
async fn a_connection_that_the_server_closed_while_it_rested_costs_nobody_a_login() {
    let server = slapd::start(&tree());
    let client = client(settings(&[&server]));
    works(&client).await;
    server.kill();
    server.start_again();
    works(&client).await;
}

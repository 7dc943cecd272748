//! Many clients.

use super::stand::{FIRST, Stand, configuration, runs_on, sealed, send, taken};
use nauthera::config::snapshot::Position;
use nauthera::wire::Prepared;
use std::sync::Arc;
use std::time::Duration;

const CLIENTS: usize = 5_000;

#[actix_rt::test]
async fn five_thousand_clients_arrive_as_they_were_sent_and_a_change_of_one_is_small() {
    let stand = Stand::start().await;
    let mut link = stand.link().await;
    let before = configuration((0..CLIENTS).map(|number| format!("team-{}.client-{number}", number % 50)));
    assert_eq!(send(&mut link, &before, FIRST).await, taken(&before));
    runs_on(&stand, &before);

    let mut after = before.clone();
    let one = after.clients.values_mut().next().unwrap();
    Arc::make_mut(one).limits.access_token_ttl = Duration::from_secs(60);
    let after = sealed(after);
    let change = Prepared::since(&before, &after);
    let bytes: usize = change.portions.iter().map(bytes::Bytes::len).sum();
    assert!(bytes < 2048, "{bytes} bytes for one client");
    assert_eq!(link.apply(&change, Position { sequence: 2, ..FIRST }).await.unwrap(), taken(&after));
    runs_on(&stand, &after);

    // All of them change: a policy was edited.
    let mut third = after.clone();
    for client in third.clients.values_mut() {
        Arc::make_mut(client).limits.access_token_ttl = Duration::from_secs(300);
    }
    let third = sealed(third);
    let known = link.describe().await.unwrap().known.unwrap();
    let change = Prepared::against(&known, &third);
    assert_eq!(link.apply(&change, Position { sequence: 3, ..FIRST }).await.unwrap(), taken(&third));
    runs_on(&stand, &third);
    stand.stop().await;
}

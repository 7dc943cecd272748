//! What is sent is in force as a whole, or nothing of it is.

use super::stand::{FIRST, SERVER, Stand, configuration, runs_on, sealed, send, taken, two};
use crate::support::platform::{service, user};
use nauthera::config::revision;
use nauthera::config::snapshot::{Position, Snapshot};
use nauthera::grpc::client::{Link, Outcome};
use nauthera::oauth::ids::ClientId;
use nauthera::wire::message::{self as m, apply_request::Part};
use nauthera::wire::{FORMAT, Prepared};
use prost::Message;
use std::sync::Arc;
use std::time::Duration;

fn at(fence: u64, sequence: u64) -> Position {
    Position { fence, sequence }
}

/// [`two`] with a client more, one less, and one that is different.
fn three_changes() -> Snapshot {
    let mut snapshot = configuration(["team-a.two", "team-a.three"].map(str::to_owned));
    let mut changed = service("team-a.two", "another secret");
    changed.limits.access_token_ttl = Duration::from_secs(60);
    snapshot.clients.insert(changed.id.clone(), Arc::new(changed));
    sealed(snapshot)
}

async fn nacked(link: &mut Link, prepared: &Prepared, at: Position) -> Vec<(String, String, String)> {
    match link.apply(prepared, at).await.unwrap() {
        Outcome::Nack(faults) => faults,
        other => panic!("{other:?}"),
    }
}

/// The portions of a configuration after somebody spoiled the first one.
fn spoiled(snapshot: &Snapshot, spoil: impl FnOnce(&mut m::Portion)) -> Prepared {
    let mut prepared = Prepared::whole(snapshot);
    let mut portion = m::Portion::decode(prepared.portions[0].clone()).unwrap();
    spoil(&mut portion);
    prepared.portions[0] = portion.encode_to_vec().into();
    prepared
}

#[actix_rt::test]
async fn a_replica_without_a_configuration_says_so() {
    let stand = Stand::start().await;
    let said = stand.link().await.describe().await.unwrap();
    assert!(said.known.is_none() && said.server.is_none());
    assert_eq!(said.highest, Position::default());
    stand.stop().await;
}

#[actix_rt::test]
async fn a_whole_configuration_is_in_force_as_it_was_sent() {
    let stand = Stand::start().await;
    let mut link = stand.link().await;
    let sent = two();
    assert_eq!(send(&mut link, &sent, FIRST).await, taken(&sent));
    runs_on(&stand, &sent);

    let said = link.describe().await.unwrap();
    let known = said.known.unwrap();
    assert_eq!((said.server.as_deref(), said.highest), (Some(SERVER), FIRST));
    assert_eq!(known.revision, sent.revision);
    assert_eq!(*known.digests, revision::digests(&sent));
    stand.stop().await;
}

#[actix_rt::test]
async fn the_same_again_is_acknowledged_and_changes_nothing() {
    let stand = Stand::start().await;
    let mut link = stand.link().await;
    send(&mut link, &two(), FIRST).await;
    let before = stand.current().unwrap();
    let again = send(&mut link, &two(), at(1, 2)).await;
    assert_eq!(
        again,
        Outcome::Ack {
            revision: before.revision.clone(),
            changed: false
        }
    );
    assert!(Arc::ptr_eq(&before, &stand.current().unwrap()));
    stand.stop().await;
}

#[actix_rt::test]
async fn a_change_comes_to_the_same_as_everything() {
    let stand = Stand::start().await;
    let mut link = stand.link().await;
    let (before, after) = (two(), three_changes());
    send(&mut link, &before, FIRST).await;
    let change = Prepared::since(&before, &after);
    let size = |prepared: &Prepared| prepared.portions.iter().map(bytes::Bytes::len).sum::<usize>();
    assert!(size(&change) < size(&Prepared::whole(&after)) + 64);
    assert_eq!(link.apply(&change, at(1, 2)).await.unwrap(), taken(&after));
    runs_on(&stand, &after);
    stand.stop().await;
}

#[actix_rt::test]
async fn what_the_replica_says_of_itself_is_enough_to_send_a_change() {
    let stand = Stand::start().await;
    let mut link = stand.link().await;
    send(&mut link, &two(), FIRST).await;
    // Another operator, which knows nothing but what it is told
    let mut other = stand.link().await;
    let known = other.describe().await.unwrap().known.unwrap();
    let after = three_changes();
    let change = Prepared::against(&known, &after);
    assert_eq!(change.base.as_ref(), Some(&known.revision));
    assert_eq!(other.apply(&change, at(2, 1)).await.unwrap(), taken(&after));
    runs_on(&stand, &after);
    stand.stop().await;
}

#[actix_rt::test]
async fn a_change_of_something_else_is_not_taken() {
    let stand = Stand::start().await;
    let mut link = stand.link().await;
    let (first, second) = (two(), three_changes());
    let change = Prepared::since(&first, &second);
    assert_eq!(link.apply(&change, FIRST).await.unwrap(), Outcome::BaseUnknown);
    assert!(stand.current().is_none());

    let elsewhere = configuration(["team-b.shop".to_owned()]);
    send(&mut link, &elsewhere, at(1, 2)).await;
    assert_eq!(link.apply(&change, at(1, 3)).await.unwrap(), Outcome::BaseUnknown);
    runs_on(&stand, &elsewhere);
    // Then it gets everything.
    assert_eq!(send(&mut link, &second, at(1, 3)).await, taken(&second));
    stand.stop().await;
}

#[actix_rt::test]
async fn a_refusal_names_the_resource_and_the_one_before_stays() {
    let stand = Stand::start().await;
    let mut link = stand.link().await;
    let good = two();
    send(&mut link, &good, FIRST).await;

    let unknown = spoiled(&three_changes(), |portion| {
        let two = portion.clients.iter_mut().find(|client| client.id == "team-a.two").unwrap();
        two.resource = "team-a/two".to_owned();
        two.grant_types.push("telepathy".to_owned());
    });
    let faults = nacked(&mut link, &unknown, at(1, 2)).await;
    let expected = "grant type \"telepathy\" is not known to this release";
    assert_eq!(faults, [("AuthClient".to_owned(), "team-a/two".to_owned(), expected.to_owned())]);
    runs_on(&stand, &good);

    // What only the server as a whole can tell
    let mut moved = three_changes();
    moved.issuer = "https://elsewhere.example.org".to_owned();
    let faults = nacked(&mut link, &Prepared::whole(&sealed(moved)), at(1, 3)).await;
    assert_eq!((faults[0].0.as_str(), faults[0].1.as_str()), ("AuthServer", SERVER));
    assert!(faults[0].2.contains("the issuer"), "{faults:?}");
    runs_on(&stand, &good);

    // A refusal does not stand in the way of what comes next, on the base that stayed.
    let next = three_changes();
    assert_eq!(link.apply(&Prepared::since(&good, &next), at(1, 4)).await.unwrap(), taken(&next));
    stand.stop().await;
}

#[actix_rt::test]
async fn a_refusal_of_very_much_is_told_in_short() {
    let stand = Stand::start().await;
    let mut link = stand.link().await;
    let mut orphans = two();
    orphans.user_stores.clear();
    // More reasons than a message could hold
    let orphan = |number: usize| Arc::new(user(&format!("user-{number}"), None));
    orphans.users = (0..50_000).map(orphan).collect();
    orphans.users.sort_by(|a, b| a.username.cmp(&b.username));
    let faults = nacked(&mut link, &Prepared::whole(&sealed(orphans)), FIRST).await;
    assert_eq!(faults.len(), 20);
    assert!(faults[0].2.contains("UserStore"), "{faults:?}");
    stand.stop().await;
}

#[actix_rt::test]
async fn something_that_got_lost_on_the_way_is_noticed() {
    let stand = Stand::start().await;
    let mut link = stand.link().await;
    let short = spoiled(&two(), |portion| drop(portion.clients.pop()));
    let faults = nacked(&mut link, &short, FIRST).await;
    assert!(faults[0].2.contains("something was lost"), "{faults:?}");
    assert!(stand.current().is_none());
    stand.stop().await;
}

#[actix_rt::test]
async fn an_operator_whose_term_is_over_changes_nothing() {
    let stand = Stand::start().await;
    let (mut old, mut new) = (stand.link().await, stand.link().await);
    let (first, second) = (two(), three_changes());
    send(&mut old, &first, at(1, 7)).await;
    send(&mut new, &second, at(2, 1)).await;

    // Not with what is newer in its own eyes, not with what is in force, not as a change
    assert_eq!(send(&mut old, &first, at(1, 8)).await, Outcome::Superseded(at(2, 1)));
    assert_eq!(send(&mut old, &second, at(1, 9)).await, Outcome::Superseded(at(2, 1)));
    let change = Prepared::since(&second, &first);
    assert_eq!(old.apply(&change, at(1, 10)).await.unwrap(), Outcome::Superseded(at(2, 1)));
    runs_on(&stand, &second);
    // Within a term the order counts, too.
    assert_eq!(send(&mut new, &first, at(2, 0)).await, Outcome::Superseded(at(2, 1)));
    assert_eq!(send(&mut new, &first, at(2, 2)).await, taken(&first));
    stand.stop().await;
}

#[actix_rt::test]
async fn a_refused_configuration_does_not_move_the_fence() {
    let stand = Stand::start().await;
    let mut link = stand.link().await;
    let mut bad = two();
    bad.signing.algorithms.clear();
    nacked(&mut link, &Prepared::whole(&sealed(bad)), at(9, 9)).await;
    assert_eq!(send(&mut link, &two(), FIRST).await, taken(&two()));
    stand.stop().await;
}

#[actix_rt::test]
async fn another_servers_configuration_and_another_releases_are_refused() {
    let stand = Stand::start().await;
    let mut link = stand.link().await;
    let mut other = two();
    other.server = "team-b/other".to_owned();
    let faults = nacked(&mut link, &Prepared::whole(&sealed(other)), FIRST).await;
    assert!(
        faults[0].2.contains("\"team-b/other\"") && faults[0].2.contains(SERVER),
        "{faults:?}"
    );

    let header = m::Header {
        format: FORMAT + 1,
        ..Prepared::whole(&two()).header(FIRST)
    };
    let request = m::ApplyRequest {
        part: Some(Part::Header(header)),
    };
    let answer = stand.raw().await.apply(tokio_stream::once(request)).await.unwrap();
    match answer.into_inner().outcome {
        Some(m::apply_response::Outcome::Nack(nack)) => {
            assert!(nack.faults[0].reason.contains("different releases"), "{nack:?}");
        }
        other => panic!("{other:?}"),
    }
    assert!(stand.current().is_none());
    stand.stop().await;
}

#[actix_rt::test]
async fn a_client_that_is_taken_off_is_gone_at_once() {
    let stand = Stand::start().await;
    let mut link = stand.link().await;
    let (before, mut after) = (two(), two());
    send(&mut link, &before, FIRST).await;
    let id = ClientId::new("team-a.one");
    after.clients.remove(&id);
    after.departed.insert(id.clone());
    let after = sealed(after);
    link.apply(&Prepared::since(&before, &after), at(1, 2)).await.unwrap();
    let current = stand.current().unwrap();
    assert!(!current.clients.contains_key(&id) && current.departed.contains(&id));
    stand.stop().await;
}

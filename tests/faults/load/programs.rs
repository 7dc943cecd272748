//! Programs: websites that refresh, services that ask for tokens and about tokens.

use super::World;
use super::agent::Agent;
use super::ledger::Family;
use super::people::{family, proof};
use super::record::{Act, Earlier, Failure};
use crate::cluster::manifests::{SECRET, SERVICE};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A website whose refresh was not answered tries again, after this long at first, then twice as long up to a second.
const FIRST_PAUSE: Duration = Duration::from_millis(125);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// What one replica writes another one may overlook for this long: a second, and as much for a busy machine.
pub const STALE: Duration = Duration::from_secs(2);

/// Takes the family that waits longest and refreshes it, again and again until there is an answer: what a website with a session does.
pub async fn refresh(world: Arc<World>, _: usize) -> Result<(), Failure> {
    let Some(held) = world.ledger.open().families.pop_front() else {
        return Ok(());
    };
    let mut fields = proof(&held.website);
    fields.extend([("grant_type", "refresh_token"), ("refresh_token", held.refresh.as_str())]);
    let (mut pause, mut earlier) = (FIRST_PAUSE, Earlier::default());
    loop {
        let began = Instant::now();
        let outcome = world
            .agent
            .post_again(Act::Refresh, "/token", &fields, earlier, |answer| match answer.error().as_deref() {
                Some("invalid_grant") if earlier.count > 0 => Err(Failure::LostInDoubt),
                _ => family(&held.website, answer),
            })
            .await;
        match outcome {
            Ok(next) => {
                world.party.accepts(&world, &next.access).await;
                let mut ledger = world.ledger.open();
                ledger.issued.push(next.access.clone());
                ledger.families.push_back(next);
                return Ok(());
            }
            Err(Failure::Unavailable | Failure::Connection) => {
                earlier.first.get_or_insert(began);
                earlier.count += 1;
            }
            Err(Failure::LostInDoubt) => {
                world.ledger.open().lost_in_doubt += 1;
                return Ok(());
            }
            Err(Failure::Wrong(what)) => {
                world
                    .ledger
                    .violation(format!("a refresh token of {} is lost: {what}", held.website.id));
                return Ok(());
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// A service: a token, what a stranger needs to check it, and what the server says of it.
pub async fn serve(world: Arc<World>, number: usize) -> Result<(), Failure> {
    match number % 5 {
        0 => {
            world
                .agent
                .get(Act::Discovery, "/.well-known/openid-configuration", |answer| {
                    answer.json().map(drop)
                })
                .await
        }
        1 => {
            let revoked = world
                .ledger
                .open()
                .revoked
                .iter()
                .rev()
                .find(|(_, _, at)| at.elapsed() > STALE)
                .cloned();
            match revoked {
                Some((_, token, _)) => introspect(&world, &token, false).await,
                None => Ok(()),
            }
        }
        2 => world.agent.get(Act::Jwks, "/jwks", |answer| answer.json().map(drop)).await,
        _ => {
            let token = client_credentials(&world).await?;
            world.party.accepts(&world, &token).await;
            introspect(&world, &token, true).await
        }
    }
}

async fn client_credentials(world: &World) -> Result<String, Failure> {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", SERVICE),
        ("client_secret", SECRET),
    ];
    world
        .agent
        .post(Act::ClientCredentials, "/token", &fields, |answer| {
            let tokens = answer.json()?;
            tokens["access_token"].as_str().map(str::to_owned).ok_or_else(|| answer.wrong())
        })
        .await
}

async fn introspect(world: &World, token: &str, active: bool) -> Result<(), Failure> {
    let fields = [("token", token), ("client_id", SERVICE), ("client_secret", SECRET)];
    world
        .agent
        .post(Act::Introspect, "/introspect", &fields, |answer| {
            match answer.json()?["active"].as_bool() {
                Some(said) if said == active => Ok(()),
                _ => Err(answer.wrong()),
            }
        })
        .await
}

/// Refreshes a family that may be refreshed again with the same token: a confidential client's.
pub async fn refresh_once(agent: &Agent, held: &Family) -> Result<Family, Failure> {
    let mut fields = proof(&held.website);
    fields.extend([("grant_type", "refresh_token"), ("refresh_token", held.refresh.as_str())]);
    agent
        .post(Act::Refresh, "/token", &fields, |answer| family(&held.website, answer))
        .await
}

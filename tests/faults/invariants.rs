//! After the fault: everything that was acknowledged holds, and everything that was ended stays ended.

use crate::cluster::manifests::{SECRET, SERVICE};
use crate::load::World;
use crate::load::agent::Agent;
use crate::load::ledger::{Family, Website};
use crate::load::people::{authorize, exchange, proof};
use crate::load::programs::{STALE, refresh_once};
use crate::load::record::{Act, Failure};
use crate::load::relying_party::verify;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};

/// Requests at once.
const AT_ONCE: usize = 8;

/// What a look found; `Err` is a violation.
type Looks<'a> = Vec<BoxFuture<'a, Result<(), String>>>;

/// Looks at everything, through the balancer; writes violations into the ledger. What it looked at.
pub async fn check(world: &World) -> String {
    let agent = world.agent.unrecorded();
    let holds = std::mem::take(&mut *world.ledger.open());
    let mut found = holds.violations;
    let keys = agent.get(Act::Jwks, "/jwks", |answer| answer.json()).await;
    let keys = serde_json::from_value(keys.expect("the JWKS")).unwrap();
    for token in &holds.issued {
        found.extend(
            verify(&keys, token)
                .err()
                .map(|why| format!("an access token that was issued: {why}")),
        );
    }
    // What was ended last may have been seen a moment ago.
    tokio::time::sleep(STALE).await;

    let mut first: Looks<'_> = Vec::new();
    for session in &holds.sessions {
        let website = Website::office();
        first.push(
            async move {
                let sent = silently(&session.browser.unrecorded(), &website).await;
                expect(sent == Ok(Silent::Code), || {
                    format!("a session of {} is lost: {sent:?}", session.person)
                })
            }
            .boxed(),
        );
    }
    for (session, family) in &holds.logged_out {
        let agent = &agent;
        first.push(
            async move {
                let sent = silently(&session.browser.unrecorded(), &Website::office()).await;
                expect(sent == Ok(Silent::Error("login_required".to_owned())), || {
                    format!("a session of {} that was ended goes on: {sent:?}", session.person)
                })?;
                is_dead(agent, family).await
            }
            .boxed(),
        );
    }
    for (person, website) in &holds.consents {
        // Any live session of this person will do.
        if let Some(session) = holds.sessions.iter().find(|session| session.person == *person) {
            first.push(
                async move {
                    let sent = silently(&session.browser.unrecorded(), website).await;
                    expect(sent == Ok(Silent::Code), || {
                        format!("what {person} allowed {} is lost: {sent:?}", website.id)
                    })
                }
                .boxed(),
            );
        }
    }
    for family in &holds.given_back {
        first.push(is_dead(&agent, family).boxed());
    }
    for (_, token, _) in &holds.revoked {
        first.push(is_active(&agent, token, false).boxed());
    }
    for token in holds.issued.iter().rev().take(20) {
        first.push(is_active(&agent, token, true).boxed());
    }
    for family in &holds.families {
        first.push(is_alive(&agent, family).boxed());
    }
    look(first, &mut found).await;

    // This ends what came of them, so it comes last.
    let replays: Looks<'_> = holds
        .codes
        .iter()
        .map(|(website, code)| is_used_up(&agent, website, code).boxed())
        .collect();
    look(replays, &mut found).await;
    let counts = [
        holds.sessions.len(),
        holds.logged_out.len(),
        holds.consents.len(),
        holds.codes.len(),
        holds.families.len(),
        holds.given_back.len(),
        holds.issued.len(),
        holds.revoked.len(),
    ];
    let [sessions, logged_out, consents, codes, families, given_back, issued, revoked] = counts;
    let text = format!(
        "{} things that were acknowledged ({sessions} sessions, {logged_out} that were ended, {consents} consents, {codes} used codes, \
         {families} refresh tokens, {given_back} that were given back, {issued} access tokens, {revoked} that were revoked); {} refresh tokens lost in doubt",
        counts.iter().sum::<usize>(),
        holds.lost_in_doubt,
    );
    world.ledger.open().violations = found;
    text
}

async fn look(looks: Looks<'_>, found: &mut Vec<String>) {
    let outcomes: Vec<Result<(), String>> = stream::iter(looks).buffer_unordered(AT_ONCE).collect().await;
    found.extend(outcomes.into_iter().filter_map(Result::err));
}

fn expect(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

#[derive(Debug, PartialEq, Eq)]
pub enum Silent {
    Code,
    Error(String),
}

/// What a browser brings back of a request that shows no page.
pub async fn silently(browser: &Agent, website: &Website) -> Result<Silent, Failure> {
    browser
        .get(Act::AuthorizePage, &authorize(website, "&prompt=none"), |answer| {
            match (answer.sent("code"), answer.sent("error")) {
                (Some(_), _) => Ok(Silent::Code),
                (None, Some(error)) => Ok(Silent::Error(error)),
                _ => Err(answer.wrong()),
            }
        })
        .await
}

async fn is_alive(agent: &Agent, held: &Family) -> Result<(), String> {
    let outcome = refresh_once(agent, held).await;
    outcome
        .map(drop)
        .map_err(|why| format!("a refresh token of {} is lost: {why}", held.website.id))
}

async fn is_dead(agent: &Agent, held: &Family) -> Result<(), String> {
    let mut fields = proof(&held.website);
    fields.extend([("grant_type", "refresh_token"), ("refresh_token", held.refresh.as_str())]);
    refused(agent, &fields, "a refresh token that was ended").await?;
    is_active(agent, &held.access, false).await
}

async fn is_used_up(agent: &Agent, website: &Website, code: &str) -> Result<(), String> {
    refused(agent, &exchange(website, code), "a code that was used").await
}

async fn refused(agent: &Agent, fields: &[(&str, &str)], what: &str) -> Result<(), String> {
    let outcome = agent
        .post(Act::Code, "/token", fields, |answer| match answer.error().as_deref() {
            Some("invalid_grant") => Ok(()),
            _ => Err(answer.wrong()),
        })
        .await;
    outcome.map_err(|why| match why {
        Failure::Wrong(_) => format!("{what} is accepted"),
        other => format!("{what}: {other}"),
    })
}

async fn is_active(agent: &Agent, token: &str, active: bool) -> Result<(), String> {
    let fields = [("token", token), ("client_id", SERVICE), ("client_secret", SECRET)];
    let said = agent
        .post(Act::Introspect, "/introspect", &fields, |answer| {
            Ok(answer.json()?["active"].as_bool())
        })
        .await;
    expect(said == Ok(Some(active)), || {
        format!("an access token should be active: {active}, but: {said:?}")
    })
}

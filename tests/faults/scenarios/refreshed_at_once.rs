//! The same refresh token in 64 requests at once, over three replicas: what decision 0007 says, and nothing else.

use crate::cluster::Cluster;
use crate::cluster::manifests::{SECRET, SERVICE, STEADY_KEYS};
use crate::load::agent::Agent;
use crate::load::ledger::{Family, Website};
use crate::load::people::{family, proof, website_of};
use crate::load::record::{Act, Failure, Records};
use futures::future::join_all;

const AT_ONCE: usize = 64;
const FAMILIES: usize = 4;

/// Presents one token in so many requests at once: what was handed out, and how many were refused with `invalid_grant`.
async fn present(agent: &Agent, held: &Family, times: usize) -> (Vec<Family>, usize) {
    let mut fields = proof(&held.website);
    fields.extend([("grant_type", "refresh_token"), ("refresh_token", held.refresh.as_str())]);
    let once = || {
        agent.post(Act::Refresh, "/token", &fields, |answer| match answer.error().as_deref() {
            Some("invalid_grant") => Ok(None),
            _ => family(&held.website, answer).map(Some),
        })
    };
    let outcomes: Vec<Result<Option<Family>, Failure>> = join_all((0..times).map(|_| once())).await;
    let answers: Vec<Option<Family>> = outcomes.into_iter().map(|outcome| outcome.expect("an answer")).collect();
    let refused = answers.iter().filter(|answer| answer.is_none()).count();
    (answers.into_iter().flatten().collect(), refused)
}

async fn is_active(agent: &Agent, token: &str) -> bool {
    let fields = [("token", token), ("client_id", SERVICE), ("client_secret", SECRET)];
    let said = agent.post(Act::Introspect, "/introspect", &fields, |answer| {
        Ok(answer.json()?["active"].as_bool())
    });
    said.await.unwrap().unwrap()
}

/// A used token that comes too often ends everything that came of it.
async fn is_over(agent: &Agent, all: &[Family]) {
    for handed_out in all {
        assert_eq!(present(agent, handed_out, 1).await.1, 1, "the family has ended");
        assert!(!is_active(agent, &handed_out.access).await, "and so have its access tokens");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_refresh_token_64_times_at_once() {
    let cluster = Cluster::start(STEADY_KEYS).await;
    let records = Records::default();
    let agent = Agent::new(&cluster.origin, records);
    let mut text = String::new();
    for number in 0..FAMILIES {
        let shop = website_of(number * 3);
        assert!(!shop.is_confidential);
        // Unused: one request is the use, one is its retry, and the third one is a reuse.
        let first = logged_in(&agent, number * 3, &shop).await;
        let (handed_out, refused) = present(&agent, &first, AT_ONCE).await;
        assert_eq!((handed_out.len(), refused), (2, AT_ONCE - 2), "the use, its one retry, and reuses");
        is_over(&agent, &handed_out).await;

        // Used, and the answer was lost: one of the retries is answered.
        let first = logged_in(&agent, number * 3, &shop).await;
        let (used, _) = present(&agent, &first, 1).await;
        let (retried, refused_retries) = present(&agent, &first, AT_ONCE).await;
        assert_eq!((retried.len(), refused_retries), (1, AT_ONCE - 1), "the one retry, and reuses");
        is_over(&agent, &[used, retried].concat()).await;
        text.push_str(&format!("| {} | 2 and {refused} | 1 and {refused_retries} |", shop.id));

        // A confidential client keeps its token.
        let office = website_of(2);
        let first = logged_in(&agent, number * 3, &office).await;
        let (kept, refused) = present(&agent, &first, AT_ONCE).await;
        assert_eq!((kept.len(), refused), (AT_ONCE, 0));
        assert!(kept.iter().all(|answer| answer.refresh == first.refresh));
        assert!(is_active(&agent, &first.access).await);
        text.push_str(&format!(" {} and {refused} |\n", kept.len()));
    }
    print!(
        "\n### One refresh token in 64 requests at once\n\n| family of | unused: answered and refused | used, answer lost | confidential client |\n|---|---|---|---|\n{text}"
    );
    cluster.stop();
}

async fn logged_in(agent: &Agent, number: usize, website: &Website) -> Family {
    crate::load::people::log_in_for_tokens(&agent.fresh(), &crate::cluster::manifests::person(number), website)
        .await
        .unwrap()
}

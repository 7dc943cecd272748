//! Clients that are told of sessions that ended (OpenID Connect Back-Channel Logout 1.0).

mod hostile;
mod relying_party;
mod replicas;
mod retries;
mod told;

use crate::support::site::*;
use nauthera::config::snapshot::Snapshot;
use nauthera::oauth::ids::ClientId;
use relying_party::{NEVER, RelyingParty};

/// A site whose client `trusted` is told at this application.
async fn site_with(party: &RelyingParty) -> Site {
    Site::start_with(|snapshot| tell(snapshot, "trusted", party)).await
}

fn tell(snapshot: &mut Snapshot, client: &str, party: &RelyingParty) {
    party.is_of(snapshot.clients.get_mut(&ClientId::new(client)).unwrap());
}

/// Logs alice in through `trusted`, which then has an ID token; returns what it got.
async fn at_trusted(browser: &Browser) -> serde_json::Value {
    let code = browser.code().await.sent("code").unwrap();
    browser.tokens("trusted", &code).await
}

/// Signs out at the server itself.
async fn log_out(browser: &Browser) {
    let page = browser.get("/logout").await;
    let answer = browser.post("/logout", &[("ticket", &page.ticket())]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// How many tries have come to this.
fn count(site: &Site, outcome: &str) -> u32 {
    let text = site.platform.platform.metrics.render().unwrap();
    let name = format!("nauthera_backchannel_logouts_total{{outcome=\"{outcome}\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&name));
    line.map_or(0, |count| count.parse().unwrap())
}

/// Waits until so many tries have.
async fn counted(site: &Site, outcome: &str, number: u32) {
    let seen = async {
        while count(site, outcome) < number {
            site.platform.platform.logouts.gate().ping().await.unwrap();
        }
    };
    let waited = tokio::time::timeout(NEVER, seen).await;
    waited.unwrap_or_else(|_| panic!("never {number} {outcome}"));
}

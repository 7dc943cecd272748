//! What people change at one replica holds at the other within a second. Their clocks stand still: no copy ages, so that only notices can make one stale.

mod changes;

use crate::second_factors::walk::follow;
use crate::support::platform::service;
use crate::support::postgres;
use crate::support::redis::Redis;
use crate::support::site::*;
use nauthera::oauth::client::{AccessTokenFormat, Client};
use nauthera::oauth::ids::ClientId;
use nauthera::store::cache::CacheSettings;
use nauthera::store::cache::redis::RedisCache;
use nauthera::store::{StoreSettings, open};
use std::sync::Arc;
use std::time::Duration;

/// What guards this promise: "within a second".
const A_SECOND: Duration = Duration::from_secs(1);
/// Nothing here takes this long, unless it never happens.
const NEVER: Duration = Duration::from_secs(30);

/// Two replicas of one server: one database, one issuer, perhaps one cache.
struct Replicas {
    one: Box<Site>,
    other: Box<Site>,
}

impl Replicas {
    async fn start(redis: Option<&Redis>) -> Self {
        let database = postgres::server().fresh_database().await;
        let one = Box::new(Box::pin(replica(&database, redis, None)).await);
        let other = Box::new(Box::pin(replica(&database, redis, Some(&one.origin))).await);
        Self { one, other }
    }

    async fn stop(self) {
        for site in [self.one, self.other] {
            Box::pin(site.stop()).await;
        }
    }
}

async fn replica(database: &str, redis: Option<&Redis>, issuer: Option<&str>) -> Site {
    let store = open(&StoreSettings::new(database)).await.unwrap();
    let mut notices = store.notices();
    let told = notices.wait_for(|notices| notices.told);
    tokio::time::timeout(NEVER, told).await.expect("it listens").unwrap();
    let mut setting = Setting::default();
    if let Some(redis) = redis {
        let cache = RedisCache::open(&CacheSettings::new(redis.url())).unwrap();
        tokio::time::timeout(NEVER, cache.answers()).await.expect("it answers");
        setting.shared = Some((store, Arc::new(cache)));
    } else {
        setting.store = Some(store);
    }
    Site::start_as(setting, |snapshot| {
        if let Some(issuer) = issuer {
            snapshot.issuer = issuer.to_owned();
        }
        let mut api = service("api", "the api's secret");
        api.audiences = vec!["https://api.example".to_owned()];
        snapshot.clients.insert(api.id.clone(), Arc::new(api));
        // A token that the cache may answer for.
        let shop = ClientId::new("shop");
        let mut opaque = Client::clone(&snapshot.clients[&shop]);
        opaque.access_token_format = AccessTokenFormat::Opaque;
        snapshot.clients.insert(shop, Arc::new(opaque));
    })
    .await
}

/// Asks until it is so, and no longer than a second.
async fn within_a_second(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let asked = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(A_SECOND, asked).await.is_ok(), "a second later: {what}");
}

/// What the shop gets that alice allows to act for her while she is away; she logs in on the way unless she is.
async fn allow_the_shop(browser: &Browser) -> serde_json::Value {
    let request = [
        ("client_id", "shop"),
        ("scope", "openid email offline_access"),
        ("prompt", "consent"),
    ];
    let mut page = browser.get(&authorize(&request)).await;
    if page.status == 200 && page.body.contains("type=\"password\"") {
        page = browser.log_in(&page, USERNAME, PASSWORD).await;
    }
    if page.status == 303 {
        page = follow(browser, &page).await;
    }
    let fields = [("ticket", &*page.ticket()), ("decision", "allow")];
    let allowed = browser.post("/consent", &fields).await;
    browser.tokens("shop", &allowed.sent("code").unwrap()).await
}

fn text(tokens: &serde_json::Value, name: &str) -> String {
    tokens[name].as_str().unwrap().to_owned()
}

async fn is_active(api: &Browser, token: &str) -> bool {
    let fields = [("token", token), ("client_id", "api"), ("client_secret", "the api's secret")];
    let said = api.post("/introspect", &fields).await;
    assert_eq!(said.status, 200, "{}", said.body);
    serde_json::from_str::<serde_json::Value>(&said.body).unwrap()["active"] == true
}

async fn userinfo(api: &Browser, token: &str) -> u16 {
    api.get_with("/userinfo", "authorization", &format!("Bearer {token}")).await.status
}

/// Once, and after what is waited for: a refresh that is accepted spends the token, so that another one would be refused for that.
async fn refresh(site: &Site, client: &str, tokens: &serde_json::Value) -> Answer {
    let token = text(tokens, "refresh_token");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", &token), ("client_id", client)];
    site.browser().post("/token", &fields).await
}

fn refused(answer: &Answer) {
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert!(answer.body.contains("invalid_grant"), "{}", answer.body);
}

async fn is_signed_in(browser: &Browser) -> bool {
    let page = browser.get("/account").await;
    page.status == 200 || {
        assert_eq!(page.location().path(), "/login");
        false
    }
}

/// How often the cache had what it was asked for.
fn hits(server: &Redis) -> u64 {
    let stats = server.ask(&["INFO", "stats"]).unwrap();
    let line = stats.lines().find_map(|line| line.strip_prefix("keyspace_hits:")).unwrap();
    line.trim().parse().unwrap()
}

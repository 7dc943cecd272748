//! A platform on a store in memory, and configurations to apply to it.

use nauthera::actors::clock::{Clock, ManualClock};
use nauthera::actors::config_holder::Apply;
use nauthera::actors::platform::{Platform, PlatformSettings};
use nauthera::config::snapshot::*;
use nauthera::jose::seal::Sealer;
use nauthera::oauth::client::{AccessTokenFormat, Client, ClientSecret, ClientType, Limits};
use nauthera::oauth::grant_type::{ClientAuthMethod, GrantType};
use nauthera::oauth::ids::{ClientId, UserStoreId};
use nauthera::oauth::opaque::TokenHash;
use nauthera::oauth::scope::Scopes;
use nauthera::oauth::two_factor::TwoFactor;
use nauthera::store::cache::Cache;
use nauthera::store::sqlite::SqliteStore;
use nauthera::store::{CacheTimes, Store};
use nauthera::telemetry::metrics::Metrics;
use std::sync::Arc;
use std::time::Duration;

/// The one user store of [`snapshot`].
pub const STAFF: &str = "identity/staff";

/// Where the manual clock starts.
pub const START: jiff::Timestamp = jiff::Timestamp::constant(1_800_000_000, 0);

/// A platform whose clock stands still.
pub struct TestPlatform {
    pub platform: Platform,
    pub clock: Arc<ManualClock>,
}

impl TestPlatform {
    /// On an empty store in memory, without a configuration.
    pub async fn start() -> Self {
        Self::start_on(Arc::new(SqliteStore::in_memory().unwrap())).await
    }

    pub async fn start_on(store: Arc<dyn Store>) -> Self {
        Self::start_with(store, None).await
    }

    /// One that keeps what an operator sends.
    pub async fn start_with(store: Arc<dyn Store>, sealer: Option<Sealer>) -> Self {
        Self::start_all(store, sealer, None).await
    }

    /// One beside a cache.
    pub async fn start_beside(store: Arc<dyn Store>, cache: Arc<dyn Cache>) -> Self {
        Self::start_all(store, None, Some(cache)).await
    }

    async fn start_all(store: Arc<dyn Store>, sealer: Option<Sealer>, cache: Option<Arc<dyn Cache>>) -> Self {
        let clock = Arc::new(ManualClock::at(START));
        let settings = PlatformSettings {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            sealer,
            cache,
            // The cache answers at once: no test waits until changes were told for long enough.
            cache_times: CacheTimes {
                warm_up: Duration::ZERO,
                ..CacheTimes::USUAL
            },
            ..PlatformSettings::new(store, Metrics::new())
        };
        let platform = Platform::start(settings).await.unwrap();
        Self { platform, clock }
    }

    /// Applies a configuration and waits until it is ready: its users are in the store, its keys sign.
    pub async fn apply(&self, snapshot: Snapshot) {
        let (revision, algorithms) = (snapshot.revision.clone(), snapshot.signing.algorithms.clone());
        self.platform.config_holder.ask(Apply(snapshot)).await.unwrap().unwrap();
        self.platform.config.synced(&revision).await;
        self.platform.keys.ready(&algorithms, || self.platform.clock.now()).await;
    }

    pub async fn stop(self) {
        self.platform.shutdown(Duration::from_secs(30)).await;
    }
}

/// A configuration with these users and no clients.
pub fn snapshot(revision: &str, users: Vec<DeclaredUser>) -> Snapshot {
    let store = UserStoreId::new(STAFF);
    Snapshot {
        revision: Revision(revision.to_owned()),
        server: "identity/main".to_owned(),
        issuer: "https://login.example.org".to_owned(),
        signing: SigningPolicy {
            algorithms: vec![SigningAlgorithm::ES256],
            rotate_every: Duration::from_secs(720 * 3600),
            overlap: Duration::from_secs(48 * 3600),
        },
        clients: Default::default(),
        user_stores: vec![Arc::new(UserStoreConfig {
            id: store,
            kind: UserStoreKind::Local,
        })],
        users: users.into_iter().map(Arc::new).collect(),
        roles: Vec::new(),
        identity_providers: Vec::new(),
        claim_rules: Vec::new(),
        departed: std::collections::BTreeSet::new(),
        branding: Branding::default(),
        rate_limits: nauthera::config::rate::RateLimits::default(),
        passwords: nauthera::config::snapshot::PasswordRules::default(),
    }
}

/// A user with this password (or PHC string).
pub fn user(username: &str, password: Option<&str>) -> DeclaredUser {
    DeclaredUser {
        store: UserStoreId::new(STAFF),
        username: username.to_owned(),
        email: Some(format!("{username}@example.org")),
        email_verified: true,
        display_name: None,
        given_name: None,
        family_name: None,
        attributes: Default::default(),
        groups: vec!["staff".to_owned()],
        disabled: false,
        password: password.map(Into::into),
        must_change_password: false,
    }
}

/// A service that gets its tokens by client credentials, with its secret in the form.
pub fn service(id: &str, secret: &str) -> Client {
    Client {
        id: ClientId::new(id),
        resource: "team-a/service".to_owned(),
        display_name: "Service".to_owned(),
        client_type: ClientType::Confidential,
        redirect_uris: Vec::new(),
        post_logout_redirect_uris: Vec::new(),
        backchannel_logout_uri: None,
        grant_types: [GrantType::ClientCredentials].into(),
        response_types: Default::default(),
        scopes: Scopes::default(),
        auth_method: ClientAuthMethod::ClientSecretPost,
        secrets: vec![ClientSecret {
            hash: TokenHash::of(secret),
            not_after: None,
        }],
        audiences: Vec::new(),
        access_token_format: AccessTokenFormat::Jwt,
        require_consent: false,
        allowed_groups: None,
        limits: Limits {
            access_token_ttl: Duration::from_secs(900),
            refresh_token_ttl: Duration::from_secs(86_400),
            id_token_ttl: Duration::from_secs(300),
            require_pkce: true,
            max_session_age: None,
            two_factor: TwoFactor::default(),
        },
    }
}

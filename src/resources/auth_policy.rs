//! AuthPolicy: what the clients of a server may do (owned by the security team).

use super::common::{AuthMethod, ClientType, LabelSelector, PolicyGrantType, any_object};
use super::condition::Condition;
use super::time_span::{Spread, TimeSpan};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the clients of the AuthServers that select it may do.
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "auth.nauthera.io",
    version = "v1alpha1",
    kind = "AuthPolicy",
    namespaced,
    status = "AuthPolicyStatus",
    shortname = "apol",
    category = "nauthera",
    doc = "What the clients of the AuthServers that select it may do. Policies combine: lists intersect, lifetimes take the shortest, requirements add up.",
    derive = "PartialEq",
    printcolumn(name = "Mode", type_ = "string", json_path = ".spec.mode"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason"),
    printcolumn(name = "Clients", type_ = "integer", json_path = ".status.boundClients"),
    printcolumn(name = "Violations", type_ = "integer", json_path = ".status.violationCount"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].message",
        priority = 1
    )
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthPolicySpec {
    /// Enforce refuses what the policy does not allow; Audit only lists it in the policy's status
    #[serde(default)]
    pub mode: PolicyMode,
    /// Which clients it is for; all if left out
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applies_to: Option<AppliesTo>,
    /// Longest lifetimes
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenLifetimes>,
    /// Grants that clients may use
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_grant_types: Option<Vec<PolicyGrantType>>,
    /// Whether code requests need PKCE (public clients always do)
    #[serde(default, rename = "enforcePKCE", skip_serializing_if = "Option::is_none")]
    pub enforce_pkce: Option<bool>,
    /// Scopes that clients may be given
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_scopes: Option<Vec<String>>,
    /// Audiences that clients may name: whom they get tokens for, and whose tokens they may exchange and introspect
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_audiences: Option<Vec<String>>,
    /// Types of clients that there may be
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_client_types: Option<Vec<ClientType>>,
    /// How clients prove themselves
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_authentication: Option<ClientAuthentication>,
    /// Where redirect URIs may point
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uris: Option<RedirectUriRules>,
    /// Only members of one of these groups may log in
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_groups: Option<Vec<String>>,
    /// A login older than this does not count; people log in again
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_session_age: Option<TimeSpan>,
    /// What people prove besides their password
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub two_factor: Option<TwoFactorRules>,
    /// What is asked of passwords that people choose. It holds for everyone who logs in at a server that this policy is for, whatever client they
    /// come from, so `appliesTo` does not matter here; the greatest minimum wins
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordSpec>,
}

/// What people prove besides their password. Whoever set up a second factor is asked for it in any case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TwoFactorRules {
    /// Nobody gets in without a second factor; who has none sets one up at the next login
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// Which of them count: both, unless this says otherwise
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub methods: Option<Vec<TwoFactorMethod>>,
    /// How long a browser is not asked again for which its person wished so; `0s`, and where no policy says anything: it is asked each time
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remember_device_for: Option<Spread>,
}

/// How a second factor is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TwoFactorMethod {
    /// A code of an authenticator app, or a recovery code
    Totp,
    /// A passkey or a security key
    Webauthn,
}

/// What is asked of passwords that people choose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PasswordSpec {
    /// Shortest password, in characters; 12 where no policy says it
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 8, max = 64))]
    pub min_length: Option<u32>,
}

/// What becomes of a client that asks for more than a policy allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub enum PolicyMode {
    #[default]
    Enforce,
    Audit,
}

/// Which clients a policy is for: those that pass every part that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppliesTo {
    /// Labels of the client's namespace
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<LabelSelector>,
    /// Labels of the AuthClient
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_selector: Option<LabelSelector>,
    /// Types of clients
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub client_types: Option<Vec<ClientType>>,
}

/// Longest lifetimes of tokens; what is left out takes the baseline (15m, 24h, 5m) unless another policy says more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenLifetimes {
    /// Access tokens
    #[serde(default, rename = "accessTokenTTL", skip_serializing_if = "Option::is_none")]
    pub access_token_ttl: Option<TimeSpan>,
    /// Refresh tokens
    #[serde(default, rename = "refreshTokenTTL", skip_serializing_if = "Option::is_none")]
    pub refresh_token_ttl: Option<TimeSpan>,
    /// ID tokens
    #[serde(default, rename = "idTokenTTL", skip_serializing_if = "Option::is_none")]
    pub id_token_ttl: Option<TimeSpan>,
}

/// How clients prove themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientAuthentication {
    /// What a confidential client uses unless it says otherwise; without `allowedMethods` also the only one that it may use
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<AuthMethod>,
    /// Methods that clients may choose, besides `method`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_methods: Option<Vec<AuthMethod>>,
    /// Renews the secrets that are made for clients
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_rotation: Option<SecretRotation>,
}

/// When client secrets are renewed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretRotation {
    /// Whether they are
    #[serde(default)]
    pub enabled: bool,
    /// When, as five cron fields (minute, hour, day of month, month, day of week)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub schedule: Option<String>,
    /// The IANA time zone in which the schedule is meant, such as Europe/Berlin
    #[serde(default = "SecretRotation::default_time_zone")]
    #[schemars(length(min = 1, max = 64))]
    pub time_zone: String,
    /// How long the secret before it stays in force. At most two secrets are in force, so a schedule that is denser cuts this short.
    #[serde(default = "SecretRotation::default_overlap")]
    pub overlap: TimeSpan,
    /// Renewals are spread over this long after the scheduled time, each client always at its own moment. `0s`: all at once
    #[serde(default = "SecretRotation::default_jitter")]
    pub jitter: Spread,
}

impl SecretRotation {
    fn default_time_zone() -> String {
        "UTC".to_owned()
    }

    fn default_overlap() -> TimeSpan {
        TimeSpan::SECRET_OVERLAP
    }

    fn default_jitter() -> Spread {
        Spread::ROTATION
    }
}

/// Where redirect URIs may point.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RedirectUriRules {
    /// Host names; `*.example.org` stands for every name below example.org. Loopback addresses count too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<Vec<String>>,
}

/// What became of a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthPolicyStatus {
    /// Conditions
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// The generation that this status is about
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// How many clients it governs
    #[serde(default)]
    pub bound_clients: u32,
    /// How many of them ask for more than it allows
    #[serde(default)]
    pub violation_count: u32,
    /// Who asks for what that it does not allow; at most 50
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<ViolationStatus>,
    /// The form that stays in force while the latest is refused; only while it is
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "any_object")]
    pub last_accepted_spec: Option<serde_json::Value>,
}

/// A client that asks for more than a policy allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ViolationStatus {
    /// `<namespace>/<name>` of the AuthClient
    pub client: String,
    /// What it asks, and what is allowed
    pub message: String,
}

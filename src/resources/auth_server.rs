//! AuthServer: one issuer (owned by the platform team).

use super::common::{LabelSelector, ResourceRef, any_object};
use super::condition::Condition;
use super::deployment::{Autoscaling, Cache, Compute, Database, Disruption};
use super::exposure::{Exposure, Tls, TrustedProxies};
use super::rate_limits::RateLimitsSpec;
use super::time_span::TimeSpan;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One OpenID Connect issuer: its address, the policies that it enforces, the people who can log in.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "auth.nauthera.io",
    version = "v1alpha1",
    kind = "AuthServer",
    namespaced,
    status = "AuthServerStatus",
    shortname = "asrv",
    category = "nauthera",
    doc = "One OpenID Connect issuer: its address, the policies that it enforces, the people who can log in.",
    derive = "PartialEq",
    printcolumn(name = "Issuer", type_ = "string", json_path = ".spec.issuerUrl"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason"),
    printcolumn(name = "Pods", type_ = "integer", json_path = ".status.replicas.ready"),
    printcolumn(name = "Clients", type_ = "integer", json_path = ".status.clients"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].message",
        priority = 1
    )
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthServerSpec {
    /// The `iss` of its tokens, and the address below which its endpoints are: https (http on a loopback address), without query,
    /// fragment or a slash at the end. Cannot be changed: clients have it in their configuration.
    #[schemars(length(min = 8, max = 512))]
    #[x_kube(
        validation = Rule::new("self == oldSelf").message("issuerUrl cannot be changed; make another AuthServer"),
        validation = Rule::new("!self.contains('?') && !self.contains('#') && !self.endsWith('/')").message("issuerUrl has no query, no fragment and no slash at its end"),
        validation = Rule::new("!self.matches('^[a-z]+://[^/]*[A-Z]')").message("issuerUrl has its host in lower case"),
        validation = Rule::new("self.startsWith('https://') || self.matches('^http://(localhost|127\\\\.0\\\\.0\\\\.1|\\\\[::1\\\\])(:[0-9]+)?(/.*)?$')").message("issuerUrl is https, or http on a loopback address")
    )]
    pub issuer_url: String,
    /// Which AuthPolicies of this namespace govern its clients. Left out: the secure baseline alone (and every ClusterAuthPolicy).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_selector: Option<LabelSelector>,
    /// The certificate by which pods serve HTTPS themselves; plain HTTP behind an Ingress or Gateway if left out
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// Where its users live; in the AuthServer's own namespace
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_store_ref: Option<ResourceRef>,
    /// Further places, tried in this order after `userStoreRef`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub user_store_refs: Vec<ResourceRef>,
    /// Signing keys
    #[serde(default)]
    pub signing: Signing,
    /// From which namespaces AuthClients may name this server
    #[serde(default)]
    pub allowed_clients: AllowedClients,
    /// How often one address and one client may send requests; as often as they like if left out
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limits: Option<RateLimitsSpec>,
    /// What its pages show of the organisation
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branding: Option<BrandingSpec>,
    /// How many pods serve it. Without a database of its own or the operator's it is one, whatever this says.
    #[serde(default = "AuthServerSpec::default_replicas")]
    #[schemars(range(min = 1, max = 100))]
    pub replicas: i32,
    /// Lets the load decide on the number of pods, instead of `replicas`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoscaling: Option<Autoscaling>,
    /// What a node's drain must leave running
    #[serde(default)]
    pub disruption: Disruption,
    /// The container image of its pods; the operator's own if left out
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub image: Option<String>,
    /// CPU and memory of its pods
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Compute>,
    /// Its database; the operator's default if left out, and SQLite within its one pod if there is none either
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<Database>,
    /// Its cache, Redis or Valkey; none if left out
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<Cache>,
    /// What brings people to its pods: an Ingress, or an HTTPRoute of the Gateway API
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposure: Option<Exposure>,
    /// The proxies in front of its pods, an Ingress controller for one. Left out, everybody behind them shares their address, for failed logins and for
    /// rate limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_proxies: Option<TrustedProxies>,
}

impl AuthServerSpec {
    fn default_replicas() -> i32 {
        2
    }
}

/// JWS algorithms on offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub enum Algorithm {
    ES256,
    RS256,
    PS256,
    EdDSA,
}

/// Which keys sign, and how they take turns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Signing {
    /// Access tokens are signed with the first; ID tokens with RS256 if it is in the list, else with the first
    #[serde(default = "Signing::default_algorithms")]
    #[schemars(length(min = 1, max = 4))]
    pub algorithms: Vec<Algorithm>,
    /// A key signs for this long
    #[serde(default = "Signing::default_rotate_every")]
    pub rotate_every: TimeSpan,
    /// A key is published this long before it signs, and kept this long after it retires
    #[serde(default = "Signing::default_overlap")]
    pub overlap: TimeSpan,
}

impl Signing {
    fn default_algorithms() -> Vec<Algorithm> {
        vec![Algorithm::ES256, Algorithm::RS256]
    }

    fn default_rotate_every() -> TimeSpan {
        TimeSpan::KEY_ROTATION
    }

    fn default_overlap() -> TimeSpan {
        TimeSpan::KEY_OVERLAP
    }
}

impl Default for Signing {
    fn default() -> Self {
        Self {
            algorithms: Self::default_algorithms(),
            rotate_every: Self::default_rotate_every(),
            overlap: Self::default_overlap(),
        }
    }
}

/// From which namespaces AuthClients may name a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.selector) == (self.from == 'Selector')").message("selector goes with from: Selector, and only with it"))]
pub struct AllowedClients {
    /// All namespaces, the AuthServer's own (Same), or those whose labels the selector matches
    #[serde(default)]
    pub from: From,
    /// Selects namespaces by their labels; with `from: Selector`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
}

/// Which namespaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub enum From {
    #[default]
    All,
    Same,
    Selector,
}

/// What the pages show of the organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BrandingSpec {
    /// Name in titles and headers
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 80))]
    pub product_name: Option<String>,
    /// `https:` address of a logo
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^https://"), length(max = 512))]
    pub logo_url: Option<String>,
    /// Colour of buttons and links, as #rrggbb
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^#[0-9a-fA-F]{6}$"))]
    pub primary_color: Option<String>,
}

/// What became of an AuthServer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthServerStatus {
    /// Conditions
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// The generation that this status is about
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Digest of the configuration that it runs on
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// How many clients it serves
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients: Option<u32>,
    /// How many declared users it knows
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<u32>,
    /// Its pods
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<ReplicasStatus>,
    /// The form that stays in force while the latest is refused; only while it is
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "any_object")]
    pub last_accepted_spec: Option<serde_json::Value>,
}

/// How far a server's pods are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplicasStatus {
    /// How many there shall be
    #[serde(default)]
    pub desired: u32,
    /// How many are ready
    #[serde(default)]
    pub ready: u32,
    /// How many of those that serve run the current configuration
    #[serde(default)]
    pub programmed: u32,
}

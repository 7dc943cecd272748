//! How much one caller may ask of an AuthServer.

use super::time_span::TimeSpan;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How often one caller may send a request. What goes beyond is answered with 429 and `Retry-After`. Left out, there is no limit; failed
/// logins are slowed down in any case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateLimitsSpec {
    /// For each IPv4 address or IPv6 /64, over all paths but health, metrics and the pages' own files. Behind an Ingress it needs
    /// `trustedProxies`, or everybody shares the Ingress' address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_address: Option<RateSpec>,
    /// For each client that proves itself, at the token, introspection and revocation endpoints. Public clients are limited by address alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_client: Option<RateSpec>,
}

/// So many requests in a time, refilled evenly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("duration(self.per) <= duration('1h')").message("per is at most 1h"))]
pub struct RateSpec {
    /// How many
    #[schemars(range(min = 1, max = 1_000_000))]
    pub requests: u32,
    /// In how long, from 1s to 1h
    pub per: TimeSpan,
    /// How many at once, after a quiet time; as many as `requests` if left out
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub burst: Option<u32>,
}

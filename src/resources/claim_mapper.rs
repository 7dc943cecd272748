//! ClaimMapper: further claims in a server's tokens (owned by the platform team).

use super::common::{LocalRef, Texts, any_object, attributes};
use super::condition::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Further claims in tokens: from what is known of a person, or the same for everyone.
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "auth.nauthera.io",
    version = "v1alpha1",
    kind = "ClaimMapper",
    namespaced,
    status = "ClaimMapperStatus",
    shortname = "cmap",
    category = "nauthera",
    doc = "Further claims in tokens: from what is known of a person, or the same for everyone.",
    derive = "PartialEq",
    printcolumn(name = "Server", type_ = "string", json_path = ".spec.authServerRef.name"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].message",
        priority = 1
    )
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimMapperSpec {
    /// The AuthServer of this namespace whose tokens get the claims; every one of the namespace if left out
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_server_ref: Option<LocalRef>,
    /// The claims
    #[schemars(length(min = 1, max = 64))]
    pub claims: Vec<MappedClaim>,
    /// People as examples, with the claims that they must come to. One that does not hold refuses the mapper.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub examples: Vec<ClaimExample>,
}

/// One claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(
    validation = Rule::new("has(self.attribute) == (self.from == 'attribute')").message("attribute goes with from: attribute, and only with it"),
    validation = Rule::new("has(self.expression) == (self.from == 'cel')").message("expression goes with from: cel, and only with it")
)]
pub struct MappedClaim {
    /// Its name in tokens. Not one that the protocol has a meaning for.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// Where its value comes from
    pub from: ClaimOrigin,
    /// With `from: attribute`: username, email, displayName, givenName, familyName, or the name of a further one that a UserStore or a User
    /// gives people; there one value is text, several are a list
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub attribute: Option<String>,
    /// With `from: static`, and only with it: the value, of any type
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "any_value")]
    pub value: Option<Value>,
    /// With `from: cel`: an expression of `user` and `client`, such as `user.groups.filter(g, g.startsWith('app-'))`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub expression: Option<String>,
    /// Where it appears
    #[serde(rename = "in")]
    #[schemars(length(min = 1, max = 3))]
    pub in_: Vec<ClaimPlace>,
}

/// Where a claim's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum ClaimOrigin {
    Attribute,
    Groups,
    Roles,
    Static,
    Cel,
}

/// Where a claim appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum ClaimPlace {
    IdToken,
    AccessToken,
    Userinfo,
}

/// A person, and what the claims must come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimExample {
    /// The person
    #[serde(default)]
    pub user: ExampleUser,
    /// The client, for expressions
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ExampleClient>,
    /// Claims and their values; null for one that must not be there. Claims that are not listed may be anything.
    #[schemars(schema_with = "any_values")]
    pub claims: BTreeMap<String, Value>,
}

/// A client as an example.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExampleClient {
    /// Its `client_id`
    #[schemars(length(min = 1, max = 255))]
    pub id: String,
}

/// A person as an example.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExampleUser {
    /// Attribute `username`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Attribute `email`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the address was verified, for expressions
    #[serde(default)]
    pub email_verified: bool,
    /// Attribute `displayName`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Attribute `givenName`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Attribute `familyName`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Further attributes, such as `department: Sales`: a text or a list of texts
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "attributes")]
    pub attributes: BTreeMap<String, Texts>,
    /// Names of groups
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Names of roles
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
}

fn any_value(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"x-kubernetes-preserve-unknown-fields": true})
}

fn any_values(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "additionalProperties": {"x-kubernetes-preserve-unknown-fields": true, "nullable": true}})
}

/// What became of a ClaimMapper.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimMapperStatus {
    /// Conditions
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// The generation that this status is about
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Names of the AuthServers whose tokens get the claims
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<String>,
    /// The form that stays in force while the latest is refused; only while it is
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "any_object")]
    pub last_accepted_spec: Option<serde_json::Value>,
}

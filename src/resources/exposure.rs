//! How an AuthServer is reached: the certificate that it shows, and the Ingress or Gateway in front of it.

use super::common::LocalRef;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The certificate by which pods serve HTTPS themselves. Left out, they serve HTTP, and whatever is in front of them ends TLS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.certSecretRef) != has(self.issuerRef)").message("give either certSecretRef or issuerRef"))]
pub struct Tls {
    /// A `kubernetes.io/tls` Secret in the AuthServer's namespace
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<LocalRef>,
    /// The cert-manager issuer that signs a certificate for the host of `issuerUrl`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_ref: Option<IssuerRef>,
}

/// An issuer of cert-manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IssuerRef {
    /// Name of the issuer
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// `Issuer` (of the AuthServer's namespace), `ClusterIssuer`, or an external issuer's kind
    #[serde(default = "IssuerRef::default_kind")]
    #[schemars(length(min = 1, max = 63))]
    pub kind: String,
    /// API group of the issuer
    #[serde(default = "IssuerRef::default_group")]
    #[schemars(length(min = 1, max = 253))]
    pub group: String,
}

impl IssuerRef {
    fn default_kind() -> String {
        "Issuer".to_owned()
    }

    fn default_group() -> String {
        "cert-manager.io".to_owned()
    }
}

/// What brings people to the pods. The host is always that of `issuerUrl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.ingress) != has(self.gateway)").message("give either ingress or gateway"))]
pub struct Exposure {
    /// An Ingress
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingress: Option<IngressExposure>,
    /// An HTTPRoute of the Gateway API
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<GatewayExposure>,
}

/// What stands in front of the pods and says who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrustedProxies {
    /// Addresses or networks of the proxies, such as `10.0.0.0/8`: the pods of the Ingress controller, and the load balancer before them if it is
    /// one for HTTP. What others say of who asks does not count.
    #[schemars(
        length(min = 1, max = 32),
        inner(length(min = 2, max = 49), regex(pattern = r"^[0-9a-fA-F.:]+(/[0-9]{1,3})?$"))
    )]
    pub networks: Vec<String>,
    /// The header in which they write whom they saw; the other one counts for nothing
    #[serde(default)]
    pub header: ForwardedHeader,
}

/// A header that proxies write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub enum ForwardedHeader {
    #[default]
    #[serde(rename = "X-Forwarded-For")]
    XForwardedFor,
    Forwarded,
}

/// The Ingress to make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IngressExposure {
    /// Its `ingressClassName`; the cluster's default class if left out
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub class_name: Option<String>,
    /// Its annotations, for the Ingress controller
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// A `kubernetes.io/tls` Secret of the AuthServer's namespace with which the Ingress controller ends TLS
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_secret_ref: Option<LocalRef>,
}

/// The HTTPRoute to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GatewayExposure {
    /// The Gateways that the route attaches to
    #[schemars(length(min = 1, max = 32))]
    pub parent_refs: Vec<ParentRef>,
    /// Its annotations
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// A Gateway, or one listener of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ParentRef {
    /// Name of the Gateway
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Its namespace; the AuthServer's own if left out
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
    /// One listener by its name
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub section_name: Option<String>,
    /// One listener by its port
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<i32>,
}

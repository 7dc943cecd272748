//! The kinds of objects that an AuthServer becomes, as the API server names them.

use kube::api::ApiResource;
use kube::core::GroupVersionKind;

/// A kind that is made. Secrets are not among them: what is in one is nobody's to see, so they are kept apart (`secrets`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Made {
    ServiceAccount,
    ConfigMap,
    Service,
    NetworkPolicy,
    Issuer,
    Certificate,
    Deployment,
    PodDisruptionBudget,
    HorizontalPodAutoscaler,
    Ingress,
    HttpRoute,
}

/// An API that may be installed or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Extra {
    CertManager,
    GatewayApi,
}

impl Extra {
    /// Both.
    pub const ALL: [Self; 2] = [Self::CertManager, Self::GatewayApi];

    /// Group and version.
    pub const fn api_version(self) -> &'static str {
        match self {
            Self::CertManager => "cert-manager.io/v1",
            Self::GatewayApi => "gateway.networking.k8s.io/v1",
        }
    }
}

impl Made {
    /// In the order in which they are made.
    pub const ALL: [Self; 11] = [
        Self::ServiceAccount,
        Self::ConfigMap,
        Self::Service,
        Self::NetworkPolicy,
        Self::Issuer,
        Self::Certificate,
        Self::Deployment,
        Self::PodDisruptionBudget,
        Self::HorizontalPodAutoscaler,
        Self::Ingress,
        Self::HttpRoute,
    ];

    /// Group, version, kind, and the name in paths.
    const fn names(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::ServiceAccount => ("", "v1", "ServiceAccount", "serviceaccounts"),
            Self::ConfigMap => ("", "v1", "ConfigMap", "configmaps"),
            Self::Service => ("", "v1", "Service", "services"),
            Self::NetworkPolicy => ("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),
            Self::Issuer => ("cert-manager.io", "v1", "Issuer", "issuers"),
            Self::Certificate => ("cert-manager.io", "v1", "Certificate", "certificates"),
            Self::Deployment => ("apps", "v1", "Deployment", "deployments"),
            Self::PodDisruptionBudget => ("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"),
            Self::HorizontalPodAutoscaler => ("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
            Self::Ingress => ("networking.k8s.io", "v1", "Ingress", "ingresses"),
            Self::HttpRoute => ("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes"),
        }
    }

    /// The API that has to be installed for it, if it is none of Kubernetes' own.
    pub const fn needs(self) -> Option<Extra> {
        match self {
            Self::Issuer | Self::Certificate => Some(Extra::CertManager),
            Self::HttpRoute => Some(Extra::GatewayApi),
            _ => None,
        }
    }

    /// As manifests write it.
    pub const fn as_str(self) -> &'static str {
        self.names().2
    }

    /// Where the API server has it.
    pub fn api_resource(self) -> ApiResource {
        let (group, version, kind, plural) = self.names();
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural)
    }
}

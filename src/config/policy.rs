//! How policies combine: lists intersect, lifetimes take the shortest, requirements add up; order never matters.

use super::input::Labels;
use super::redirect_uri::{host, host_intersection, host_matches, host_pattern_fault};
use super::rotation::{self, RotationRule};
use super::selector;
use super::two_factor::TwoFactorRule;
use crate::oauth::scope::Scopes;
use crate::resources::AuthPolicySpec;
use crate::resources::auth_policy::AppliesTo;
use crate::resources::common::{AuthMethod, ClientGrantType, ClientType, PolicyGrantType};
use crate::resources::time_span::TimeSpan;
use std::collections::BTreeSet;
use std::time::Duration;

/// The minimum lengths of passwords that a policy may set: no shorter ones are safe, and 64 characters have to be possible (NIST SP 800-63B-4 §3.1.1.2).
pub const PASSWORD_LENGTHS: std::ops::RangeInclusive<u32> = 8..=64;

/// A policy with the name that messages use, such as `AuthPolicy identity/web`.
#[derive(Clone, Debug)]
pub struct NamedPolicy<'a> {
    /// Its name in messages
    pub name: String,
    /// What it says
    pub spec: &'a AuthPolicySpec,
}

/// A redirect URI that a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedRedirect {
    /// As it was written
    pub uri: String,
    /// Its host in lower case, if it has one
    pub host: Option<String>,
}

impl AskedRedirect {
    /// Reads a URI.
    pub fn new(uri: String) -> Self {
        let host = host(&uri);
        Self { uri, host }
    }
}

/// What a client asks of its policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Its type
    pub client_type: ClientType,
    /// Its grants
    pub grant_types: BTreeSet<ClientGrantType>,
    /// Its scopes
    pub scopes: BTreeSet<String>,
    /// The audiences that it names
    pub audiences: Vec<String>,
    /// Its authentication method, if it names one
    pub auth_method: Option<AuthMethod>,
    /// Its redirect URIs
    pub redirect_uris: Vec<AskedRedirect>,
    /// The groups that it lets in, if it says so
    pub allowed_groups: Option<BTreeSet<String>>,
}

/// Several policies as one. `None` means that none of them says anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Names of the policies, sorted
    pub sources: BTreeSet<String>,
    /// Shortest lifetime of access tokens
    pub access_token_ttl: Option<TimeSpan>,
    /// Shortest lifetime of refresh tokens
    pub refresh_token_ttl: Option<TimeSpan>,
    /// Shortest lifetime of ID tokens
    pub id_token_ttl: Option<TimeSpan>,
    /// Shortest age of a login
    pub max_session_age: Option<TimeSpan>,
    /// Whether one of them wants PKCE
    pub enforce_pkce: Option<bool>,
    /// Grants that all of them allow
    pub grant_types: Option<BTreeSet<PolicyGrantType>>,
    /// Scopes that all of them allow
    pub scopes: Option<BTreeSet<String>>,
    /// Audiences that all of them allow
    pub audiences: Option<BTreeSet<String>>,
    /// Client types that all of them allow
    pub client_types: Option<BTreeSet<ClientType>>,
    /// Methods that all of them allow to confidential clients
    pub secret_methods: Option<BTreeSet<AuthMethod>>,
    /// Methods that all of them allow to public clients
    pub public_methods: Option<BTreeSet<AuthMethod>>,
    /// Methods that one of them names as the usual one
    pub usual_methods: BTreeSet<AuthMethod>,
    /// Groups that all of them let in
    pub groups: Option<BTreeSet<String>>,
    /// Host patterns that all of them allow
    pub hosts: Option<BTreeSet<String>>,
    /// What they say of second factors
    pub two_factor: TwoFactorRule,
    /// When client secrets are renewed
    pub rotation: Option<RotationRule>,
}

fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn common<T: Ord + Clone>(a: Option<BTreeSet<T>>, b: Option<BTreeSet<T>>) -> Option<BTreeSet<T>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.intersection(&b).cloned().collect()),
        (a, b) => a.or(b),
    }
}

fn common_hosts(a: Option<BTreeSet<String>>, b: Option<BTreeSet<String>>) -> Option<BTreeSet<String>> {
    match (a, b) {
        (Some(a), Some(b)) => {
            let all: BTreeSet<String> = a.iter().flat_map(|x| b.iter().filter_map(|y| host_intersection(x, y))).collect();
            // A pattern inside another one adds nothing; without it the outcome does not depend on the order.
            let least = all
                .iter()
                .filter(|x| !all.iter().any(|y| y != *x && host_intersection(x, y).as_ref() == Some(*x)))
                .cloned()
                .collect();
            Some(least)
        }
        (a, b) => a.or(b),
    }
}

fn set<T: Ord + Clone>(list: Option<&Vec<T>>) -> Option<BTreeSet<T>> {
    list.map(|list| list.iter().cloned().collect())
}

/// The methods that a policy lets a type of client use.
fn methods(spec: &AuthPolicySpec, client_type: ClientType) -> Option<BTreeSet<AuthMethod>> {
    let authentication = spec.client_authentication.as_ref()?;
    let allowed = set(authentication.allowed_methods.as_ref());
    match (client_type, allowed, authentication.method) {
        (ClientType::Public, allowed, _) => allowed,
        (ClientType::Confidential, Some(mut allowed), method) => {
            allowed.extend(method);
            Some(allowed)
        }
        (ClientType::Confidential, None, method) => method.map(|method| BTreeSet::from([method])),
    }
}

impl Merged {
    /// One policy alone.
    pub fn of(policy: &NamedPolicy<'_>) -> Self {
        let spec = policy.spec;
        let token = spec.token.clone().unwrap_or_default();
        Self {
            sources: BTreeSet::from([policy.name.clone()]),
            access_token_ttl: token.access_token_ttl,
            refresh_token_ttl: token.refresh_token_ttl,
            id_token_ttl: token.id_token_ttl,
            max_session_age: spec.max_session_age,
            enforce_pkce: spec.enforce_pkce,
            grant_types: set(spec.allowed_grant_types.as_ref()),
            scopes: set(spec.allowed_scopes.as_ref()),
            audiences: set(spec.allowed_audiences.as_ref()),
            client_types: set(spec.allowed_client_types.as_ref()),
            secret_methods: methods(spec, ClientType::Confidential),
            public_methods: methods(spec, ClientType::Public),
            usual_methods: spec.client_authentication.as_ref().and_then(|a| a.method).into_iter().collect(),
            groups: set(spec.allowed_groups.as_ref()),
            hosts: common_hosts(
                set(spec.redirect_uris.as_ref().and_then(|rules| rules.hosts.as_ref())),
                set(spec.redirect_uris.as_ref().and_then(|rules| rules.hosts.as_ref())),
            ),
            two_factor: TwoFactorRule::of(spec.two_factor.as_ref()),
            rotation: RotationRule::of(spec),
        }
    }

    /// Both at once.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.sources.extend(other.sources);
        self.usual_methods.extend(other.usual_methods);
        Self {
            access_token_ttl: least(self.access_token_ttl, other.access_token_ttl),
            refresh_token_ttl: least(self.refresh_token_ttl, other.refresh_token_ttl),
            id_token_ttl: least(self.id_token_ttl, other.id_token_ttl),
            max_session_age: least(self.max_session_age, other.max_session_age),
            enforce_pkce: match (self.enforce_pkce, other.enforce_pkce) {
                (Some(a), Some(b)) => Some(a || b),
                (a, b) => a.or(b),
            },
            grant_types: common(self.grant_types, other.grant_types),
            scopes: common(self.scopes, other.scopes),
            audiences: common(self.audiences, other.audiences),
            client_types: common(self.client_types, other.client_types),
            secret_methods: common(self.secret_methods, other.secret_methods),
            public_methods: common(self.public_methods, other.public_methods),
            groups: common(self.groups, other.groups),
            hosts: common_hosts(self.hosts, other.hosts),
            two_factor: self.two_factor.and(other.two_factor),
            rotation: match (self.rotation, other.rotation) {
                (Some(a), Some(b)) => Some(a.and(b)),
                (a, b) => a.or(b),
            },
            sources: self.sources,
            usual_methods: self.usual_methods,
        }
    }

    /// All of them at once.
    pub fn all(policies: &[NamedPolicy<'_>]) -> Self {
        policies.iter().map(Self::of).fold(Self::default(), Self::and)
    }

    /// All of them at once, each already read.
    pub fn of_all<'m>(parts: impl IntoIterator<Item = &'m Self>) -> Self {
        parts.into_iter().cloned().fold(Self::default(), Self::and)
    }

    /// Lifetime of access tokens, baseline included.
    pub fn access_token_ttl(&self) -> Duration {
        self.access_token_ttl.unwrap_or(TimeSpan::BASELINE_ACCESS).duration()
    }

    /// Lifetime of refresh tokens, baseline included.
    pub fn refresh_token_ttl(&self) -> Duration {
        self.refresh_token_ttl.unwrap_or(TimeSpan::BASELINE_REFRESH).duration()
    }

    /// Lifetime of ID tokens, baseline included.
    pub fn id_token_ttl(&self) -> Duration {
        self.id_token_ttl.unwrap_or(TimeSpan::BASELINE_ID).duration()
    }

    /// Whether a client of this type must use PKCE; public ones always.
    pub fn require_pkce(&self, client_type: ClientType) -> bool {
        client_type == ClientType::Public || self.enforce_pkce.unwrap_or(true)
    }

    /// Whether a grant is allowed. The baseline allows each that a client of this release can ask for.
    pub fn allows_grant(&self, grant: ClientGrantType) -> bool {
        self.grant_types
            .as_ref()
            .is_none_or(|allowed| allowed.iter().any(|allowed| allowed.as_str() == grant.as_str()))
    }

    /// Whether a scope is allowed.
    pub fn allows_scope(&self, scope: &str) -> bool {
        self.scopes.as_ref().is_none_or(|allowed| allowed.contains(scope))
    }

    /// Whether an audience is allowed.
    pub fn allows_audience(&self, audience: &str) -> bool {
        self.audiences.as_ref().is_none_or(|allowed| allowed.contains(audience))
    }

    /// Whether a redirect URI is allowed.
    pub fn allows_redirect(&self, redirect: &AskedRedirect) -> bool {
        self.hosts.as_ref().is_none_or(|patterns| redirect_allowed(patterns, redirect))
    }

    /// Whether a client asks for no more than this allows: then it asks for no more than any part of it allows.
    pub fn allows(&self, ask: &Ask) -> bool {
        self.client_types.as_ref().is_none_or(|allowed| allowed.contains(&ask.client_type))
            && ask.grant_types.iter().all(|grant| self.allows_grant(*grant))
            && ask.scopes.iter().all(|scope| self.allows_scope(scope))
            && ask.audiences.iter().all(|audience| self.allows_audience(audience))
            && ask.redirect_uris.iter().all(|redirect| self.allows_redirect(redirect))
            && self.auth_method(ask.client_type, ask.auth_method).is_some()
            && match (&self.groups, &ask.allowed_groups) {
                (Some(allowed), Some(asked)) => asked.is_subset(allowed),
                _ => true,
            }
    }

    /// The method that a client uses: its own choice, else what its policies call usual, else the first that is allowed. `None`
    /// if its choice, or every one, is not allowed.
    pub fn auth_method(&self, client_type: ClientType, choice: Option<AuthMethod>) -> Option<AuthMethod> {
        if client_type == ClientType::Public {
            let allowed = self
                .public_methods
                .as_ref()
                .is_none_or(|methods| methods.contains(&AuthMethod::None));
            return allowed.then_some(AuthMethod::None);
        }
        let allowed = |method: &AuthMethod| {
            *method != AuthMethod::None && self.secret_methods.as_ref().is_none_or(|methods| methods.contains(method))
        };
        if let Some(choice) = choice {
            return allowed(&choice).then_some(choice);
        }
        self.usual_methods
            .iter()
            .chain(&[AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost])
            .find(|method| allowed(method))
            .copied()
    }
}

pub(super) fn redirect_allowed(patterns: &BTreeSet<String>, redirect: &AskedRedirect) -> bool {
    let host = redirect.host.as_ref();
    host.is_some_and(|host| patterns.iter().any(|pattern| host_matches(pattern, host)))
}

/// Whether a policy is for a client.
pub fn applies(applies_to: Option<&AppliesTo>, client_labels: &Labels, namespace_labels: &Labels, client_type: ClientType) -> bool {
    applies_to.is_none_or(|to| {
        to.namespace_selector
            .as_ref()
            .is_none_or(|s| selector::matches(s, namespace_labels))
            && to.client_selector.as_ref().is_none_or(|s| selector::matches(s, client_labels))
            && to.client_types.as_ref().is_none_or(|types| types.contains(&client_type))
    })
}

/// Everything that is wrong with a policy in itself.
pub fn faults(spec: &AuthPolicySpec) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(to) = &spec.applies_to {
        for (field, selector) in [
            ("namespaceSelector", &to.namespace_selector),
            ("clientSelector", &to.client_selector),
        ] {
            if let Some(fault) = selector.as_ref().and_then(selector::fault) {
                found.push(format!("appliesTo.{field}: {fault}"));
            }
        }
        if to.client_types.as_ref().is_some_and(Vec::is_empty) {
            found.push("appliesTo.clientTypes is empty: leave it out, or name a type".to_owned());
        }
    }
    for scope in spec.allowed_scopes.iter().flatten().filter(|scope| !Scopes::is_token(scope)) {
        found.push(format!(
            "allowedScopes: {scope:?} is not a scope (RFC 6749 §3.3: no spaces, quotes or backslashes)"
        ));
    }
    for pattern in spec.redirect_uris.iter().flat_map(|rules| rules.hosts.iter().flatten()) {
        if let Some(fault) = host_pattern_fault(pattern) {
            found.push(format!("redirectUris.hosts: {pattern:?} {fault}"));
        }
    }
    if let Some(length) = spec.password.as_ref().and_then(|password| password.min_length)
        && !PASSWORD_LENGTHS.contains(&length)
    {
        found.push(format!("password.minLength: {length} is not within 8 and 64"));
    }
    if let Some(authentication) = &spec.client_authentication {
        if authentication.method == Some(AuthMethod::None) {
            found.push("clientAuthentication.method is what confidential clients use, so it cannot be none".to_owned());
        }
        if let Some(rotation) = &authentication.secret_rotation {
            found.extend(rotation::faults(rotation));
        }
    }
    found
}

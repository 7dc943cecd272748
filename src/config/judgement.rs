//! Where policies and clients do not fit: policies that leave nothing over, and clients that ask for more than one of them allows.

use super::policy::{Ask, Merged, NamedPolicy, redirect_allowed};
use crate::resources::common::ClientType;
use std::collections::BTreeSet;

/// A field in which a client asks for more than a policy allows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The field of the AuthClient
    pub field: &'static str,
    /// What it asks for that is too much
    pub asked: String,
    /// What is allowed
    pub allowed: String,
    /// By which policy
    pub policy: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: asks for {}, {} allows {}",
            self.field, self.asked, self.policy, self.allowed
        )
    }
}

/// Policies that leave nothing over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// The policies' field
    pub field: &'static str,
    /// Two or more policies that have nothing in common there
    pub policies: Vec<String>,
}

/// Fields in which the policies have nothing in common though each alone allows something. A pair is named where there is one.
pub fn conflicts(policies: &[NamedPolicy<'_>]) -> Vec<Conflict> {
    let singles: Vec<(&str, Merged)> = policies.iter().map(|policy| (policy.name.as_str(), Merged::of(policy))).collect();
    conflicts_of(&singles.iter().map(|(name, single)| (*name, single)).collect::<Vec<_>>())
}

/// As [`conflicts`], of policies that were read already.
pub fn conflicts_of(singles: &[(&str, &Merged)]) -> Vec<Conflict> {
    type Reader = fn(&Merged) -> Option<usize>;
    let fields: [(&'static str, Reader); 9] = [
        ("allowedGrantTypes", |m| m.grant_types.as_ref().map(BTreeSet::len)),
        ("allowedScopes", |m| m.scopes.as_ref().map(BTreeSet::len)),
        ("allowedAudiences", |m| m.audiences.as_ref().map(BTreeSet::len)),
        ("allowedClientTypes", |m| m.client_types.as_ref().map(BTreeSet::len)),
        ("clientAuthentication", |m| m.secret_methods.as_ref().map(BTreeSet::len)),
        ("clientAuthentication.allowedMethods", |m| {
            m.public_methods.as_ref().map(BTreeSet::len)
        }),
        ("allowedGroups", |m| m.groups.as_ref().map(BTreeSet::len)),
        ("twoFactor.methods", |m| m.two_factor.methods.as_ref().map(BTreeSet::len)),
        ("redirectUris.hosts", |m| m.hosts.as_ref().map(BTreeSet::len)),
    ];
    let merged = Merged::of_all(singles.iter().map(|(_, single)| *single));
    let mut found = Vec::new();
    for (field, count) in fields {
        if count(&merged) != Some(0) {
            continue;
        }
        let mut stating: Vec<&(&str, &Merged)> = singles.iter().filter(|(_, single)| count(single).is_some()).collect();
        if stating.iter().any(|(_, single)| count(single) == Some(0)) {
            continue; // one policy alone allows nothing: no conflict, each client that asks violates it
        }
        stating.sort_by_key(|(name, _)| *name);
        let pair = stating.iter().enumerate().find_map(|(index, (a_name, a))| {
            stating.iter().skip(index + 1).find_map(|(b_name, b)| {
                (count(&Merged::of_all([*a, *b])) == Some(0)).then(|| vec![(*a_name).to_owned(), (*b_name).to_owned()])
            })
        });
        found.push(Conflict {
            field,
            policies: pair.unwrap_or_else(|| stating.iter().map(|(name, _)| (*name).to_owned()).collect()),
        });
    }
    // Both methods' fields are empty together if allowedMethods are disjoint: say it once.
    if let [.., a, b] = found.as_slice()
        && a.field == "clientAuthentication"
        && b.policies == a.policies
    {
        found.pop();
    }
    found
}

/// Every field in which the client asks for more than this one policy allows.
pub fn violations(ask: &Ask, policy: &NamedPolicy<'_>) -> Vec<Violation> {
    violations_of(ask, &policy.name, &Merged::of(policy))
}

/// As [`violations`], of a policy that was read already.
pub fn violations_of(ask: &Ask, policy: &str, merged: &Merged) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut add = |field: &'static str, asked: Vec<&str>, allowed: Vec<&str>| {
        if !asked.is_empty() {
            found.push(Violation {
                field,
                asked: asked.join(", "),
                allowed: if allowed.is_empty() {
                    "none".to_owned()
                } else {
                    allowed.join(", ")
                },
                policy: policy.to_owned(),
            });
        }
    };
    if let Some(allowed) = &merged.client_types
        && !allowed.contains(&ask.client_type)
    {
        add(
            "clientType",
            vec![ask.client_type.as_str()],
            allowed.iter().map(|t| t.as_str()).collect(),
        );
    }
    if let Some(allowed) = &merged.grant_types {
        let asked = ask.grant_types.iter().filter(|grant| !merged.allows_grant(**grant));
        add(
            "grantTypes",
            asked.map(|grant| grant.as_str()).collect(),
            allowed.iter().map(|grant| grant.as_str()).collect(),
        );
    }
    if let Some(allowed) = &merged.scopes {
        let asked = ask.scopes.iter().filter(|scope| !allowed.contains(*scope));
        add(
            "scopes",
            asked.map(String::as_str).collect(),
            allowed.iter().map(String::as_str).collect(),
        );
    }
    if let Some(allowed) = &merged.audiences {
        let asked = ask.audiences.iter().filter(|audience| !allowed.contains(*audience));
        add(
            "audiences",
            asked.map(String::as_str).collect(),
            allowed.iter().map(String::as_str).collect(),
        );
    }
    let methods = match ask.client_type {
        ClientType::Public => &merged.public_methods,
        ClientType::Confidential => &merged.secret_methods,
    };
    if let Some(allowed) = methods
        && merged.auth_method(ask.client_type, ask.auth_method).is_none()
    {
        let asked = match (ask.client_type, ask.auth_method) {
            (ClientType::Public, _) => "none",
            (ClientType::Confidential, Some(method)) => method.as_str(),
            (ClientType::Confidential, None) => "a client secret",
        };
        add(
            "tokenEndpointAuthMethod",
            vec![asked],
            allowed.iter().map(|method| method.as_str()).collect(),
        );
    }
    if let Some(patterns) = &merged.hosts {
        let asked = ask.redirect_uris.iter().filter(|redirect| !redirect_allowed(patterns, redirect));
        add(
            "redirectUris",
            asked.map(|redirect| redirect.uri.as_str()).collect(),
            patterns.iter().map(String::as_str).collect(),
        );
    }
    if let (Some(allowed), Some(asked)) = (&merged.groups, &ask.allowed_groups) {
        let asked = asked.difference(allowed);
        add(
            "allowedGroups",
            asked.map(String::as_str).collect(),
            allowed.iter().map(String::as_str).collect(),
        );
    }
    found
}

//! What one compilation worked out from single resources, so that the next one need not do it again.

use super::client::Facts;
use super::input::Object;
use super::refusal::Refusal;
use crate::oauth::claim_rules::ClaimRule;
use crate::resources::{AuthClientSpec, AuthPolicySpec, ClaimMapperSpec};
use std::collections::HashMap;
use std::sync::Arc;

type Known = (Arc<Object<AuthClientSpec>>, Arc<Facts>);
type Judged = (Arc<Object<AuthPolicySpec>>, Result<(), Refusal>);
/// What a mapper's spec comes to.
pub(super) type Rules = Result<Vec<Arc<ClaimRule>>, Refusal>;
type Parsed = (Arc<Object<ClaimMapperSpec>>, Rules);

/// Facts about clients' specs, what is wrong with policies', and what mappers' come to. It decides nothing, so that any two are equal; cheap to clone.
#[derive(Clone, Default)]
pub struct Memory {
    /// By the address of the resource, which is kept alive beside it
    facts: Arc<HashMap<usize, Known>>,
    /// The same of policies: that a schedule never comes takes long to find out
    policies: Arc<HashMap<usize, Judged>>,
    /// The same of mappers: expressions are parsed once
    mappers: Arc<HashMap<usize, Parsed>>,
}

fn address<S>(object: &Arc<Object<S>>) -> usize {
    Arc::as_ptr(object).addr()
}

impl Memory {
    /// Remembers.
    pub(super) fn new(known: impl Iterator<Item = Known>, judged: impl Iterator<Item = Judged>) -> Self {
        let facts = known.map(|(object, facts)| (address(&object), (object, facts))).collect();
        let policies = judged.map(|(object, outcome)| (address(&object), (object, outcome))).collect();
        Self {
            facts: Arc::new(facts),
            policies: Arc::new(policies),
            mappers: Arc::default(),
        }
    }

    /// Remembers mappers, too.
    pub(super) fn with_mappers(self, parsed: impl Iterator<Item = Parsed>) -> Self {
        let mappers = parsed.map(|(object, rules)| (address(&object), (object, rules))).collect();
        Self {
            mappers: Arc::new(mappers),
            ..self
        }
    }

    /// What a mapper's spec comes to, if that is known.
    pub(super) fn rules(&self, object: &Arc<Object<ClaimMapperSpec>>) -> Option<Rules> {
        self.mappers.get(&address(object)).map(|(_, rules)| rules.clone())
    }

    /// What is known of a spec.
    pub(super) fn facts(&self, object: &Arc<Object<AuthClientSpec>>) -> Option<Arc<Facts>> {
        self.facts.get(&address(object)).map(|(_, facts)| Arc::clone(facts))
    }

    /// Whether a policy's spec is acceptable, if that is known.
    pub(super) fn policy(&self, object: &Arc<Object<AuthPolicySpec>>) -> Option<Result<(), Refusal>> {
        self.policies.get(&address(object)).map(|(_, outcome)| outcome.clone())
    }
}

impl PartialEq for Memory {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").field("facts", &self.facts.len()).finish()
    }
}

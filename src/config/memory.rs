//! What one compilation worked out from single resources, so that the next one need not do it again.

use super::client::Facts;
use super::input::Object;
use crate::resources::AuthClientSpec;
use std::collections::HashMap;
use std::sync::Arc;

type Known = (Arc<Object<AuthClientSpec>>, Arc<Facts>);

/// Facts about clients' specs. It decides nothing, so that any two are equal; cheap to clone.
#[derive(Clone, Default)]
pub struct Memory {
    /// By the address of the resource, which is kept alive beside it
    facts: Arc<HashMap<usize, Known>>,
}

fn address(object: &Arc<Object<AuthClientSpec>>) -> usize {
    Arc::as_ptr(object).addr()
}

impl Memory {
    /// Remembers.
    pub(super) fn new(known: impl Iterator<Item = Known>) -> Self {
        let facts = known.map(|(object, facts)| (address(&object), (object, facts))).collect();
        Self { facts: Arc::new(facts) }
    }

    /// What is known of a spec.
    pub(super) fn facts(&self, object: &Arc<Object<AuthClientSpec>>) -> Option<Arc<Facts>> {
        self.facts.get(&address(object)).map(|(_, facts)| Arc::clone(facts))
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

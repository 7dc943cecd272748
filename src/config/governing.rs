//! The policies that govern a client. Many clients have the same ones, so what they come to is worked out once for each set of them.

use super::input::{Key, Kind, Labels, Resources};
use super::judgement::{self, Violation};
use super::policy::{Ask, Merged, NamedPolicy};
use super::refusal::{Aspect, Refusal};
use super::selector;
use super::verdict::Rotation;
use super::world::Standing;
use crate::resources::AuthPolicySpec;
use crate::resources::auth_client::EffectivePolicyStatus;
use crate::resources::auth_policy::PolicyMode;
use crate::resources::common::{ClientType, LabelSelector};
use crate::resources::time_span::TimeSpan;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

/// A policy in force that a server selects.
#[derive(Debug)]
pub struct Member {
    /// AuthPolicy or ClusterAuthPolicy
    pub kind: Kind,
    /// Namespace and name
    pub key: Key,
    /// Its name in messages
    name: String,
    spec: Arc<super::input::Object<AuthPolicySpec>>,
    /// It, and nothing else
    alone: Merged,
}

impl Member {
    fn new(kind: Kind, key: &Key, spec: &Arc<super::input::Object<AuthPolicySpec>>) -> Self {
        let named = NamedPolicy {
            name: format!("{kind} {key}"),
            spec: &spec.spec,
        };
        let alone = Merged::of(&named);
        Self {
            kind,
            key: key.clone(),
            name: named.name,
            spec: Arc::clone(spec),
            alone,
        }
    }

    /// The shortest password that it allows, if it is enforced and says so.
    pub fn password_min_length(&self) -> Option<u32> {
        let spec = &self.spec.spec;
        let password = spec.password.as_ref().filter(|_| spec.mode == PolicyMode::Enforce)?;
        password.min_length
    }

    /// Every field in which a client asks for more than this policy allows.
    fn violations(&self, ask: &Ask) -> Vec<Violation> {
        judgement::violations_of(ask, &self.name, &self.alone)
    }
}

/// Some policies, and what they come to together.
#[derive(Debug, Default)]
pub struct Governing {
    /// The policies
    pub members: Vec<Rc<Member>>,
    /// What they come to
    pub merged: Merged,
    /// `PolicyConflict`, if they leave nothing over
    pub conflict: Option<Refusal>,
    /// Schedule and time zone of rotation
    schedule: Option<(String, String)>,
    /// For the status of confidential and of public clients
    effective: [OnceCell<Arc<EffectivePolicyStatus>>; 2],
    /// How many clients were counted
    pub bound: Cell<usize>,
}

impl Governing {
    fn new(members: Vec<Rc<Member>>) -> Self {
        let singles: Vec<(&str, &Merged)> = members.iter().map(|member| (member.name.as_str(), &member.alone)).collect();
        let merged = Merged::of_all(members.iter().map(|member| &member.alone));
        let conflicts = judgement::conflicts_of(&singles);
        let conflict = (!conflicts.is_empty()).then(|| {
            let text = conflicts
                .iter()
                .map(|conflict| format!("{} have no {} in common", conflict.policies.join(" and "), conflict.field))
                .collect::<Vec<_>>();
            let message = format!("{}; the owner of the policies has to change one of them", text.join("; "));
            Refusal::new(Aspect::Policy, "PolicyConflict", message)
        });
        Self {
            schedule: merged.rotation.as_ref().and_then(|rule| rule.tightest().cloned()),
            merged,
            conflict,
            members,
            effective: [OnceCell::new(), OnceCell::new()],
            bound: Cell::new(0),
        }
    }

    /// Every field in which a client asks for more than one of the policies allows, policy by policy.
    pub fn violations(&self, ask: &Ask) -> Vec<(&Member, Violation)> {
        // Most clients ask for no more than all of them allow together; then no single one needs to be looked at.
        if self.merged.allows(ask) {
            return Vec::new();
        }
        let each = self.members.iter().map(AsRef::as_ref);
        each.flat_map(|member| member.violations(ask).into_iter().map(move |violation| (member, violation)))
            .collect()
    }

    /// What the policies come to for a type of clients, as statuses show it.
    pub fn effective(&self, client_type: ClientType) -> Arc<EffectivePolicyStatus> {
        let [confidential, public] = &self.effective;
        let known = match client_type {
            ClientType::Confidential => confidential,
            ClientType::Public => public,
        };
        let merged = &self.merged;
        let effective = known.get_or_init(|| {
            Arc::new(EffectivePolicyStatus {
                sources: merged.sources.iter().cloned().collect(),
                access_token_ttl: merged.access_token_ttl.unwrap_or(TimeSpan::BASELINE_ACCESS),
                refresh_token_ttl: merged.refresh_token_ttl.unwrap_or(TimeSpan::BASELINE_REFRESH),
                id_token_ttl: merged.id_token_ttl.unwrap_or(TimeSpan::BASELINE_ID),
                enforce_pkce: merged.require_pkce(client_type),
            })
        });
        Arc::clone(effective)
    }

    /// When a secret that was made for a client is renewed.
    pub fn rotation(&self, secret: Key) -> Option<Rotation> {
        let rule = self.merged.rotation.as_ref()?;
        let (schedule, time_zone) = self.schedule.clone()?;
        Some(Rotation {
            secret,
            schedule,
            time_zone,
            overlap: rule.overlap,
            jitter: rule.jitter,
        })
    }
}

/// Why a server accepts no client, if a policy that it selects cannot be read: it may forbid anything.
fn lost(resources: &Resources, server: &Key, wanted: Option<&LabelSelector>) -> Option<Refusal> {
    let selects = |kind: Kind, key: &Key, labels: &Labels| {
        kind == Kind::ClusterAuthPolicy
            || key.namespace == server.namespace && wanted.is_some_and(|wanted| selector::matches(wanted, labels))
    };
    let ((kind, key), _) = resources
        .lost_policies
        .iter()
        .find(|((kind, key), labels)| selects(*kind, key, labels))?;
    let message = format!("{kind} {key} cannot be read, so what it allows is not known: its owner has to mend it");
    Some(Refusal::new(Aspect::Policy, "PolicyNotAccepted", message))
}

/// The policies that a server selects, and every cluster-wide one.
#[derive(Debug)]
pub struct Roster {
    /// Why no client can be accepted, if none can
    pub refusal: Option<Refusal>,
    /// Those that are in force
    pub members: Vec<Rc<Member>>,
    /// What was worked out already, by the positions of the policies in `members`
    known: RefCell<HashMap<Vec<usize>, Rc<Governing>>>,
}

impl Roster {
    /// Selects policies for a server.
    pub fn new(
        resources: &Resources,
        server: &Key,
        wanted: Option<&LabelSelector>,
        policies: &BTreeMap<Key, Standing<AuthPolicySpec>>,
        cluster_policies: &BTreeMap<Key, Standing<AuthPolicySpec>>,
    ) -> Self {
        let mut found = Vec::new();
        let mut refusal = lost(resources, server, wanted);
        if let Some(wanted) = wanted {
            for (key, standing) in policies.iter().filter(|(key, _)| key.namespace == server.namespace) {
                let declared = resources.policies.get(key).map(|object| &object.labels);
                let labels = standing.in_force.as_ref().map(|object| &object.labels).or(declared);
                if labels.is_some_and(|labels| selector::matches(wanted, labels)) {
                    found.push((Kind::AuthPolicy, key, standing));
                }
            }
            if found.is_empty() && refusal.is_none() {
                let message = format!(
                    "no AuthPolicy in namespace {} matches the policySelector of AuthServer {server}: an AuthPolicy there needs the label {}",
                    server.namespace,
                    selector::describe(wanted)
                );
                refusal = Some(Refusal::new(Aspect::Policy, "NoPolicyMatched", message));
            }
        }
        let cluster_wide = cluster_policies.iter();
        found.extend(cluster_wide.map(|(key, standing)| (Kind::ClusterAuthPolicy, key, standing)));
        let mut members = Vec::new();
        for (kind, key, standing) in found {
            if let Some(object) = &standing.in_force {
                members.push(Rc::new(Member::new(kind, key, object)));
            } else if refusal.is_none() {
                let message = format!("{kind} {key} was refused, so what it allows is not known: its owner has to mend it");
                refusal = Some(Refusal::new(Aspect::Policy, "PolicyNotAccepted", message));
            }
        }
        Self {
            refusal,
            members,
            known: RefCell::default(),
        }
    }

    /// The enforced policies that are for a client, told by `applies`.
    pub fn governing(&self, applies: impl Fn(&AuthPolicySpec) -> bool) -> Rc<Governing> {
        self.set_of(|spec| spec.mode == PolicyMode::Enforce && applies(spec))
    }

    /// The policies that are for a client, audited ones too.
    pub fn audited(&self, applies: impl Fn(&AuthPolicySpec) -> bool) -> Rc<Governing> {
        self.set_of(applies)
    }

    /// Every set of policies that some client was found to have.
    pub fn sets(&self) -> Vec<Rc<Governing>> {
        self.known.borrow().values().cloned().collect()
    }

    fn set_of(&self, counts: impl Fn(&AuthPolicySpec) -> bool) -> Rc<Governing> {
        let counting = self.members.iter().enumerate().filter(|(_, member)| counts(&member.spec.spec));
        let positions: Vec<usize> = counting.map(|(position, _)| position).collect();
        if let Some(known) = self.known.borrow().get(&positions) {
            return Rc::clone(known);
        }
        let members = positions
            .iter()
            .filter_map(|position| self.members.get(*position).cloned())
            .collect();
        let governing = Rc::new(Governing::new(members));
        self.known.borrow_mut().insert(positions, Rc::clone(&governing));
        governing
    }
}

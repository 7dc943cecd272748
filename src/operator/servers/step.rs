//! What to do about one object: pure.

use super::desired::{APPLIED, Object, SERVER, Subject};
use super::drift::{Differences, differences};
use super::live::Live;
use crate::operator::settings::{COMPONENT_LABEL, INSTANCE_LABEL, MANAGED_BY, NAUTHERA};
use crate::operator::world::Owner;
use crate::resources::GROUP;
use serde_json::Value;

/// Whom an object belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belongs {
    /// To this AuthServer
    Here,
    /// To an earlier AuthServer of the same name: garbage collection is about to take it
    Former,
    /// To something else: hands off
    Another,
}

/// Whom an object belongs to: its owner decides; without one, all of the operator's labels.
pub fn belongs<'a>(owner: Option<&Owner>, label: impl Fn(&str) -> Option<&'a str>, subject: &Subject) -> Belongs {
    let Some(owner) = owner else {
        let all = label(MANAGED_BY) == Some(NAUTHERA)
            && label(COMPONENT_LABEL) == Some(SERVER)
            && label(INSTANCE_LABEL) == Some(subject.key.name.as_str());
        return if all { Belongs::Here } else { Belongs::Another };
    };
    let is_server = owner.kind == "AuthServer" && owner.api_version.starts_with(GROUP);
    if owner.uid == subject.uid {
        Belongs::Here
    } else if is_server && owner.name == subject.key.name {
        Belongs::Former
    } else {
        // A Service of the AuthServer `a` is called `a-config`, and so may another AuthServer be.
        Belongs::Another
    }
}

/// What this process knows of an object from its last write.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    /// Digest of the form that it wrote
    pub applied: String,
    /// What was different even then: the API server writes some values in its own way
    pub tolerated: Differences,
}

/// Why an object is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It was not there yet, or another form is wanted
    Wanted,
    /// Somebody deleted it
    Deleted,
    /// Somebody changed these fields
    Edited(Vec<String>),
}

impl Cause {
    /// Whether something is put back.
    pub fn is_drift(&self) -> bool {
        !matches!(self, Self::Wanted)
    }
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing: it is as it should be
    Rest,
    /// To write it
    Apply(Cause),
    /// Nothing yet: it is on its way out
    Leaving,
    /// Nothing: it is another's
    Conflict,
}

/// What to do about one object.
pub fn step(wanted: &Object, live: Option<&Live>, subject: &Subject, past: Option<&Past>) -> Step {
    let Some(live) = live else {
        return Step::Apply(if past.is_some() { Cause::Deleted } else { Cause::Wanted });
    };
    if live.is_leaving() {
        return Step::Leaving;
    }
    match belongs(live.owner.as_ref(), |name| live.label(name), subject) {
        Belongs::Former => return Step::Leaving,
        Belongs::Another => return Step::Conflict,
        Belongs::Here => {}
    }
    let applied = applied(wanted);
    let known = past.map_or(live.annotation(APPLIED) == Some(applied), |past| past.applied == applied);
    if !known {
        return Step::Apply(Cause::Wanted);
    }
    let mut found = differences(&wanted.value, &live.value);
    if let Some(past) = past {
        found.retain(|path, value| past.tolerated.get(path) != Some(value));
    }
    if found.is_empty() {
        Step::Rest
    } else {
        Step::Apply(Cause::Edited(found.into_keys().collect()))
    }
}

/// What to remember of a write that ended with this.
pub fn past(wanted: &Object, answer: &Live) -> Past {
    Past {
        applied: applied(wanted).to_owned(),
        tolerated: differences(&wanted.value, &answer.value),
    }
}

/// The digest in an object's wanted form.
fn applied(wanted: &Object) -> &str {
    let annotations = wanted.value.get("metadata").and_then(|metadata| metadata.get("annotations"));
    annotations
        .and_then(|annotations| annotations.get(APPLIED))
        .and_then(Value::as_str)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::input::Key;
    use crate::operator::servers::kinds::Made;
    use serde_json::json;

    fn subject(uid: &str) -> Subject {
        Subject {
            key: Key::new("identity", "main"),
            uid: uid.to_owned(),
        }
    }

    fn map(data: &str) -> Object {
        Object::new(&subject("u1"), Made::ConfigMap, "main", json!({"data": {"a": data}}))
    }

    fn live(value: Value) -> Live {
        Live::new(serde_json::from_value(value).unwrap())
    }

    fn look(wanted: &Object, value: Value) -> Step {
        step(wanted, Some(&live(value)), &subject("u1"), None)
    }

    #[test]
    fn what_is_as_it_was_written_is_left_alone() {
        assert_eq!(look(&map("1"), map("1").value), Step::Rest);
        let mut with_more = map("1").value;
        with_more["data"]["theirs"] = json!("x");
        with_more["metadata"]["annotations"]["theirs"] = json!("x");
        assert_eq!(look(&map("1"), with_more), Step::Rest);
    }

    #[test]
    fn puts_back_what_somebody_edited_and_says_what() {
        let mut edited = map("1").value;
        edited["data"]["a"] = json!("2");
        assert_eq!(look(&map("1"), edited), Step::Apply(Cause::Edited(vec!["/data/a".to_owned()])));
        let mut unlabelled = map("1").value;
        unlabelled["metadata"]["labels"] = json!({});
        assert!(matches!(look(&map("1"), unlabelled), Step::Apply(Cause::Edited(_))));
    }

    #[test]
    fn another_form_is_no_drift_nor_is_a_first_one() {
        assert_eq!(look(&map("2"), map("1").value), Step::Apply(Cause::Wanted));
        assert_eq!(step(&map("1"), None, &subject("u1"), None), Step::Apply(Cause::Wanted));
    }

    #[test]
    fn what_was_there_and_is_not_was_deleted() {
        let past = past(&map("1"), &live(map("1").value));
        assert_eq!(step(&map("1"), None, &subject("u1"), Some(&past)), Step::Apply(Cause::Deleted));
    }

    #[test]
    fn a_value_that_the_api_server_writes_in_its_own_way_is_no_drift_but_its_edit_is() {
        let wanted = Object::new(&subject("u1"), Made::Deployment, "main", json!({"spec": {"cpu": "0.5"}}));
        let mut answer = wanted.value.clone();
        answer["spec"]["cpu"] = json!("500m");
        let past = past(&wanted, &live(answer.clone()));
        assert_eq!(step(&wanted, Some(&live(answer.clone())), &subject("u1"), Some(&past)), Step::Rest);
        answer["spec"]["cpu"] = json!("2");
        let edited = Step::Apply(Cause::Edited(vec!["/spec/cpu".to_owned()]));
        assert_eq!(step(&wanted, Some(&live(answer)), &subject("u1"), Some(&past)), edited);
    }

    #[test]
    fn what_another_owns_is_not_taken_over_and_a_former_servers_is_waited_for() {
        let mut owned = map("1").value;
        owned["metadata"]["ownerReferences"] =
            json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "x", "uid": "u9", "controller": true}]);
        assert_eq!(look(&map("1"), owned), Step::Conflict);
        let mut bare = map("1").value;
        bare["metadata"]["ownerReferences"] = json!([]);
        bare["metadata"]["labels"] = json!({"app": "x"});
        assert_eq!(look(&map("1"), bare), Step::Conflict);
        let former = Object::new(&subject("u0"), Made::ConfigMap, "main", json!({"data": {"a": "1"}}));
        assert_eq!(look(&map("1"), former.value), Step::Leaving);
        let neighbour = Subject {
            key: Key::new("identity", "neighbour"),
            uid: "u2".to_owned(),
        };
        let theirs = Object::new(&neighbour, Made::ConfigMap, "main", json!({"data": {"a": "1"}}));
        assert_eq!(look(&map("1"), theirs.value), Step::Conflict, "it lives");
    }

    #[test]
    fn what_lost_its_owner_but_not_its_labels_is_taken_back() {
        let mut orphan = map("1").value;
        orphan["metadata"]["ownerReferences"] = json!([]);
        assert!(matches!(look(&map("1"), orphan), Step::Apply(Cause::Edited(_))));
    }
}

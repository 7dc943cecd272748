//! From the status that is there to the one that should be: what to send, and how much it matters.

use serde_json::{Map, Value};

/// How soon a status has to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Somebody waits for it: a condition or the observed generation is different
    Urgent,
    /// It says that something is not ready yet; it may say otherwise soon
    Pending,
    /// Words and numbers
    Cosmetic,
}

/// The merge patch (RFC 7396) that makes `to` of `from`; `None` if they are equal.
pub fn merge_patch(from: &Value, to: &Value) -> Option<Value> {
    if from == to {
        return None;
    }
    let (Value::Object(from), Value::Object(to)) = (from, to) else {
        return Some(to.clone());
    };
    let gone = from
        .keys()
        .filter(|name| !to.contains_key(*name))
        .map(|name| (name.clone(), Value::Null));
    let mut patch: Map<String, Value> = gone.collect();
    for (name, value) in to {
        match from.get(name) {
            // A null would say "remove it", so an object is merged only into an object.
            Some(known @ Value::Object(_)) => patch.extend(merge_patch(known, value).map(|inner| (name.clone(), inner))),
            Some(known) if known == value => {}
            _ => drop(patch.insert(name.clone(), value.clone())),
        }
    }
    Some(Value::Object(patch))
}

/// How much the difference matters.
pub fn urgency(from: &Value, to: &Value, pending: bool) -> Urgency {
    let changes = from.get("observedGeneration") != to.get("observedGeneration") || gist(from) != gist(to);
    match (changes, pending) {
        (false, _) => Urgency::Cosmetic,
        (true, true) => Urgency::Pending,
        (true, false) => Urgency::Urgent,
    }
}

/// Type, status and reason of each condition.
fn gist(status: &Value) -> Vec<[Option<&str>; 3]> {
    let conditions = status.get("conditions").and_then(Value::as_array);
    let mut gist: Vec<_> = conditions
        .into_iter()
        .flatten()
        .map(|condition| ["type", "status", "reason"].map(|field| condition.get(field).and_then(Value::as_str)))
        .collect();
    gist.sort_unstable();
    gist
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// RFC 7396 §2, as a server applies it.
    fn apply(target: Value, patch: &Value) -> Value {
        let Value::Object(patch) = patch else {
            return patch.clone();
        };
        let mut target = match target {
            Value::Object(target) => target,
            _ => Map::new(),
        };
        for (name, value) in patch {
            if value.is_null() {
                target.remove(name);
            } else {
                let before = target.remove(name).unwrap_or_default();
                target.insert(name.clone(), apply(before, value));
            }
        }
        Value::Object(target)
    }

    /// JSON without nulls inside objects: statuses have none, and a merge patch could not say them.
    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i8>().prop_map(Value::from),
            "[a-c]{0,2}".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-d]", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_patch_makes_one_of_the_other(from in json_value(), to in json_value()) {
            match merge_patch(&from, &to) {
                None => prop_assert_eq!(from, to),
                Some(patch) => prop_assert_eq!(apply(from, &patch), to),
            }
        }
    }

    #[test]
    fn a_condition_is_urgent_and_a_number_is_not() {
        let status = |state: &str, reason: &str, message: &str, clients: u32| json!({"clients": clients, "observedGeneration": 1, "conditions": [{"type": "Ready", "status": state, "reason": reason, "message": message}]});
        let before = status("True", "Serving", "1 client", 1);
        assert_eq!(
            urgency(&before, &status("True", "Serving", "2 clients", 2), false),
            Urgency::Cosmetic
        );
        assert_eq!(urgency(&before, &status("False", "InvalidSpec", "", 1), false), Urgency::Urgent);
        assert_eq!(urgency(&before, &status("False", "Programming", "", 1), true), Urgency::Pending);
        assert_eq!(urgency(&Value::Null, &before, false), Urgency::Urgent);
    }
}

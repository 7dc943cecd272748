//! Label selectors, as Kubernetes evaluates them.

use super::input::Labels;
use crate::resources::common::{LabelOperator, LabelSelector};

/// Whether the labels satisfy every part of the selector. An empty selector is satisfied by any labels.
pub fn matches(selector: &LabelSelector, labels: &Labels) -> bool {
    selector.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
        && selector.match_expressions.iter().all(|requirement| {
            let value = labels.get(&requirement.key);
            match requirement.operator {
                LabelOperator::In => value.is_some_and(|value| requirement.values.contains(value)),
                LabelOperator::NotIn => value.is_none_or(|value| !requirement.values.contains(value)),
                LabelOperator::Exists => value.is_some(),
                LabelOperator::DoesNotExist => value.is_none(),
            }
        })
}

/// What is wrong with a selector, if anything is.
pub fn fault(selector: &LabelSelector) -> Option<String> {
    selector
        .match_expressions
        .iter()
        .find_map(|requirement| match (requirement.operator, requirement.values.is_empty()) {
            (LabelOperator::In | LabelOperator::NotIn, true) => {
                Some(format!("matchExpressions for {}: In and NotIn need values", requirement.key))
            }
            (LabelOperator::Exists | LabelOperator::DoesNotExist, false) => Some(format!(
                "matchExpressions for {}: Exists and DoesNotExist take no values",
                requirement.key
            )),
            _ => None,
        })
}

/// The selector in words: what to set so that it matches.
pub fn describe(selector: &LabelSelector) -> String {
    let labels = selector.match_labels.iter().map(|(key, value)| format!("{key}: {value}"));
    let expressions = selector.match_expressions.iter().map(|requirement| {
        let values = requirement.values.join(", ");
        match requirement.operator {
            LabelOperator::In => format!("{} in ({values})", requirement.key),
            LabelOperator::NotIn => format!("{} not in ({values})", requirement.key),
            LabelOperator::Exists => format!("{} (any value)", requirement.key),
            LabelOperator::DoesNotExist => format!("no {}", requirement.key),
        }
    });
    labels.chain(expressions).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::common::LabelRequirement;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    fn expression(key: &str, operator: LabelOperator, values: &[&str]) -> LabelSelector {
        LabelSelector {
            match_expressions: vec![LabelRequirement {
                key: key.to_owned(),
                operator,
                values: values.iter().map(|v| (*v).to_owned()).collect(),
            }],
            ..LabelSelector::default()
        }
    }

    #[test]
    fn an_empty_selector_matches_everything() {
        assert!(matches(&LabelSelector::default(), &labels(&[])));
        assert!(matches(&LabelSelector::default(), &labels(&[("a", "b")])));
    }

    #[test]
    fn every_label_must_match() {
        let selector = LabelSelector {
            match_labels: labels(&[("env", "prod"), ("tier", "web")]),
            ..LabelSelector::default()
        };
        assert!(matches(&selector, &labels(&[("env", "prod"), ("tier", "web"), ("x", "y")])));
        assert!(!matches(&selector, &labels(&[("env", "prod")])));
        assert!(!matches(&selector, &labels(&[("env", "test"), ("tier", "web")])));
    }

    #[test]
    fn expressions_treat_a_missing_label_as_kubernetes_does() {
        use LabelOperator::{DoesNotExist, Exists, In, NotIn};
        for (operator, values, with_prod, with_test, without) in [
            (In, &["prod"][..], true, false, false),
            (NotIn, &["prod"][..], false, true, true),
            (Exists, &[][..], true, true, false),
            (DoesNotExist, &[][..], false, false, true),
        ] {
            let selector = expression("env", operator, values);
            assert_eq!(matches(&selector, &labels(&[("env", "prod")])), with_prod, "{operator:?}");
            assert_eq!(matches(&selector, &labels(&[("env", "test")])), with_test, "{operator:?}");
            assert_eq!(matches(&selector, &labels(&[])), without, "{operator:?}");
        }
    }

    #[test]
    fn values_go_with_in_and_not_in_only() {
        assert!(fault(&expression("a", LabelOperator::In, &[])).is_some());
        assert!(fault(&expression("a", LabelOperator::Exists, &["b"])).is_some());
        assert!(fault(&expression("a", LabelOperator::NotIn, &["b"])).is_none());
    }
}

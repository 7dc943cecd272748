//! What is known of a person beyond the standard claims: their department, their employee number, whatever a directory or a manifest says.

use super::claim_rules::PersonAttribute;
use serde_json::Value;
use std::collections::BTreeMap;

/// Values by name; no list is empty.
pub type Attributes = BTreeMap<String, Vec<String>>;

/// A person has at most so many attributes.
pub const MOST: usize = 32;
/// An attribute has at most so many values.
pub const MOST_VALUES: usize = 64;
/// A value is no longer than this, bytes.
pub const LONGEST_VALUE: usize = 1024;
/// Names and values of one person together, bytes.
pub const MOST_BYTES: usize = 16 * 1024;
/// A name is no longer than this, bytes.
const LONGEST_NAME: usize = 64;

/// What is wrong with the name of an attribute.
pub fn name_fault(name: &str) -> Option<&'static str> {
    let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic());
    let goes_on_well = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if name.len() > LONGEST_NAME || !starts_well || !goes_on_well {
        Some("is not the name of an attribute: a letter, then at most 63 letters, digits, _ and -")
    } else if PersonAttribute::named(name).is_some() {
        Some("has a field of its own")
    } else {
        None
    }
}

/// What is wrong with what is said of a person.
pub fn faults(attributes: &Attributes) -> Vec<String> {
    let mut faults = Vec::new();
    if attributes.len() > MOST {
        faults.push(format!("attributes: there are more than {MOST}"));
    }
    if bytes(attributes) > MOST_BYTES {
        faults.push(format!("attributes: together they are longer than {MOST_BYTES} bytes"));
    }
    for (name, values) in attributes {
        if let Some(fault) = name_fault(name) {
            faults.push(format!("attributes: {name:?} {fault}"));
        }
        if values.is_empty() || values.len() > MOST_VALUES {
            faults.push(format!("attributes: {name} has no value, or more than {MOST_VALUES}"));
        }
        if values.iter().any(|value| !is_text(value)) {
            faults.push(format!(
                "attributes: {name}: a value is 1 to {LONGEST_VALUE} bytes of text without control characters, and without spaces around it"
            ));
        }
    }
    faults
}

/// Whether a value is one that an attribute may have.
pub fn is_text(value: &str) -> bool {
    !value.is_empty() && value.len() <= LONGEST_VALUE && value.trim() == value && !value.chars().any(char::is_control)
}

/// How much room attributes take.
pub fn bytes(attributes: &Attributes) -> usize {
    let of_one = |(name, values): (&String, &Vec<String>)| name.len() + values.iter().map(String::len).sum::<usize>();
    attributes.iter().map(of_one).sum()
}

/// Values as a claim: one is text, several are a list. `None` if there is none.
pub fn claim(values: &[String]) -> Option<Value> {
    match values {
        [] => None,
        [only] => Some(Value::from(only.as_str())),
        several => Some(Value::from(several.to_vec())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn attributes(name: &str, values: &[&str]) -> Attributes {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        Attributes::from([(name.to_owned(), values)])
    }

    #[test]
    fn one_value_is_text_and_several_are_a_list() {
        let claim = |values: &[&str]| claim(attributes("x", values).first_key_value().unwrap().1);
        assert_eq!(claim(&["Sales"]), Some(json!("Sales")));
        assert_eq!(claim(&["a", "b"]), Some(json!(["a", "b"])));
        assert_eq!(claim(&[]), None);
    }

    #[test]
    fn names_and_values_have_bounds() {
        assert_eq!(faults(&attributes("department", &["Sales & Marketing"])), Vec::<String>::new());
        assert_eq!(faults(&attributes("cost-centre_2", &["1", "2"])), Vec::<String>::new());
        let long = "x".repeat(LONGEST_VALUE + 1);
        for (name, values, words) in [
            ("2nd", vec!["a"], "is not the name"),
            ("a.b", vec!["a"], "is not the name"),
            ("", vec!["a"], "is not the name"),
            (&"x".repeat(65), vec!["a"], "is not the name"),
            ("email", vec!["a"], "a field of its own"),
            ("a", vec![], "no value"),
            ("a", vec!["v"; MOST_VALUES + 1], "no value, or more"),
            ("a", vec![" v"], "without spaces around it"),
            ("a", vec!["v\n"], "a value is"),
            ("a", vec!["a\u{0}b"], "a value is"),
            ("a", vec![&long], "a value is"),
        ] {
            let faults = faults(&attributes(name, &values)).join("; ");
            assert!(faults.contains(words), "{name:?}: {faults}");
        }
        let many: Attributes = (0..=MOST).map(|number| (format!("a{number}"), vec!["v".to_owned()])).collect();
        assert!(faults(&many)[0].contains("more than 32"));
        let much = attributes("a", &["x".repeat(LONGEST_VALUE).as_str(); 17]);
        assert!(faults(&much)[0].contains("together"));
    }
}

//! What the YAML reader complains of, in words that say what to do. Never a value: it may be a secret's.

use super::manifest;
use serde_saphyr::{DefaultMessageFormatter, Error, MessageFormatter};

/// A name that is further from every known one is no slip of the finger.
const MOST_SLIPS: usize = 2;

/// The message for an error, without its place.
pub fn of(error: &Error) -> String {
    let text = match error {
        Error::QuotingRequired { .. } => {
            "text belongs here, and YAML reads what is written as a number or a truth value: put it in quotes".to_owned()
        }
        Error::Unexpected {
            expected: "sequence start",
            ..
        } => "a list belongs here, such as [one, two]".to_owned(),
        Error::Unexpected {
            expected: "mapping start", ..
        } => "fields belong here: each on a line of its own below this one, indented, as `name: value`".to_owned(),
        Error::Unexpected {
            expected: "string scalar", ..
        } => "one text belongs here, not a list or fields".to_owned(),
        Error::SerdeUnknownField { field, expected, .. } => {
            format!(
                "unknown field `{field}`{}; there are {}",
                meant(field, expected),
                expected.join(", ")
            )
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            format!(
                "unknown value `{variant}`{}; there are {}",
                meant(variant, expected),
                expected.join(", ")
            )
        }
        Error::InvalidScalar { ty: "boolean", .. } | Error::InvalidBooleanStrict { .. } => "true or false belongs here".to_owned(),
        Error::InvalidScalar { ty, .. } if ty.starts_with(['i', 'u']) => "a whole number belongs here".to_owned(),
        Error::SerdeMissingField { field, .. } => format!("the field `{field}` is missing"),
        other => {
            let message = DefaultMessageFormatter.format_message(other.without_snippet()).into_owned();
            let is_indentation = [
                "did not find expected key",
                "mapping values are not allowed",
                "did not find expected '-'",
            ];
            if is_indentation.iter().any(|part| message.contains(part)) {
                format!("{message}: compare the indentation of this line with the lines above it")
            } else {
                message
            }
        }
    };
    text.replace(char::is_control, " ")
}

/// `, did you mean …?`, if one of the known names is close.
pub fn meant(written: &str, known: &[&'static str]) -> String {
    let written = written.to_lowercase();
    known
        .iter()
        .map(|name| (strsim::osa_distance(&written, &name.to_lowercase()), name))
        .filter(|(slips, name)| *slips <= MOST_SLIPS && *slips < name.len() / 2)
        .min()
        .map(|(_, name)| format!(" (did you mean {name}?)"))
        .unwrap_or_default()
}

/// The line, counted from 1 within a document, whose indentation holds a tab: the one that the reader stopped at, or the next. The
/// reader itself names the value before it.
pub fn line_indented_with_a_tab(document: &str, stopped_at: u64) -> Option<u64> {
    (1_u64..)
        .zip(document.lines())
        .skip_while(|(number, _)| *number < stopped_at)
        .take(2)
        .find(|(_, line)| line.trim_start_matches(' ').starts_with('\t') && !manifest::is_blank(line))
        .map(|(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_slip_of_the_finger_is_guessed_at() {
        let known = ["redirectUris", "scopes", "secret"];
        assert_eq!(meant("redirctUris", &known), " (did you mean redirectUris?)");
        assert_eq!(meant("redirecturi", &known), " (did you mean redirectUris?)");
        assert_eq!(meant("clientSecret", &known), "");
        assert_eq!(meant("", &["a", "of"]), "");
    }

    #[test]
    fn a_tab_is_found_where_the_reader_stopped_and_nowhere_else() {
        assert_eq!(line_indented_with_a_tab("a: |\n\ttext\nb: c\n\td: e\n", 3), Some(4));
        assert_eq!(line_indented_with_a_tab("a: |\n\ttext\nb: c\n d: e\n", 3), None);
    }
}

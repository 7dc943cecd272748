//! The functions that expressions may call: what each comes to at most, and what it costs. Others are refused, so that nothing is called whose cost is
//! not known here.

use super::size::Size;
use cel::common::ast::operators as op;

/// The longest number as text, bytes: a fraction is written out, without an exponent.
const NUMBER: u64 = 350;
/// The longest name of a type, bytes.
pub const TYPE_NAME: u64 = 32;

/// What a call comes to.
pub struct Call {
    /// Its value
    pub size: Size,
    /// The steps that it takes itself, without its arguments
    pub steps: u64,
}

fn call(size: Size, steps: u64) -> Option<Call> {
    Some(Call {
        size,
        steps: steps.saturating_add(1),
    })
}

/// Operators and functions without a target. `None`: not known.
pub fn global(name: &str, args: &[Size]) -> Option<Call> {
    let all = || args.iter().map(Size::steps).fold(0, u64::saturating_add);
    match (name, args) {
        (op::CONDITIONAL, [_, yes, no]) => call(yes.or(no), 0),
        (op::LOGICAL_AND | op::LOGICAL_OR, _) | (op::LOGICAL_NOT | op::NEGATE | op::NOT_STRICTLY_FALSE, [_]) => call(Size::SCALAR, 0),
        (op::ADD, [a, b]) => call(a.and(b), all()),
        (op::SUBSTRACT | op::MULTIPLY | op::DIVIDE | op::MODULO, [_, _])
        // A comparison that fails takes both down for its message.
        | (op::EQUALS | op::NOT_EQUALS | op::LESS | op::LESS_EQUALS | op::GREATER | op::GREATER_EQUALS, [_, _]) => {
            call(Size::SCALAR, all())
        }
        (op::IN, [wanted, container]) => {
            let element = container.element().steps().min(wanted.steps());
            call(Size::SCALAR, container.items.saturating_mul(element))
        }
        (op::INDEX | op::OPT_INDEX | op::OPT_SELECT, [container, _]) => {
            let element = container.element();
            // An optional holds a copy. An index of another type takes the container down for its message.
            let steps = element.steps().max(container.items);
            call(element, steps)
        }
        ("size" | "int" | "uint" | "double" | "bool", [_]) => call(Size::SCALAR, all()),
        ("type", [_]) => call(Size::text(TYPE_NAME), 0),
        ("string", [text]) => call(text.or(&Size::text(NUMBER)), all()),
        ("dyn" | "optional.of" | "optional.ofNonZeroValue", [value]) => call(value.clone(), all()),
        ("optional.none", []) => call(Size::SCALAR, 0),
        _ => None,
    }
}

/// An element by its key or position, which is written down: a failure says no more than that.
pub fn exact_index(container: &Size) -> Call {
    let size = container.element();
    let steps = size.steps().saturating_add(1);
    Call { size, steps }
}

/// Functions of a target. `most_parts` is the number that a call of `split` names itself. `None`: not known.
pub fn method(name: &str, target: &Size, args: &[Size], most_parts: Option<u64>) -> Option<Call> {
    let all = || args.iter().map(Size::steps).fold(target.steps(), u64::saturating_add);
    // Character by character.
    let slowly = || target.bytes / 32 + all();
    match (name, args) {
        ("contains" | "startsWith" | "endsWith", [_]) | ("size", []) => call(Size::SCALAR, all()),
        ("indexOf" | "lastIndexOf", [wanted] | [wanted, _]) => {
            // It looks for the whole at each place.
            let steps = target.bytes.saturating_mul(wanted.bytes / 64 + 1) / 8;
            call(Size::SCALAR, steps.saturating_add(all()))
        }
        ("lowerAscii" | "upperAscii" | "trim" | "reverse", []) | ("charAt", [_]) | ("substring", [_] | [_, _]) => {
            call(Size::text(target.bytes), slowly())
        }
        ("replace", [_, new] | [_, new, _]) => {
            let inserted = target.bytes.saturating_add(1).saturating_mul(new.bytes);
            let size = Size::text(target.bytes.saturating_add(inserted));
            let steps = size.steps().saturating_add(slowly().saturating_mul(2));
            call(size, steps)
        }
        ("split", [_] | [_, _]) => {
            let parts = most_parts.unwrap_or(u64::MAX).min(target.bytes.saturating_add(1));
            let size = Size::bounded_list(parts, target.bytes, Size::text(target.bytes));
            let steps = size.steps().saturating_add(all());
            call(size, steps)
        }
        ("join", [] | [_]) => {
            let between = args.first().map_or(0, |between| between.bytes);
            let size = Size::text(target.bytes.saturating_add(target.items.saturating_mul(between)));
            let steps = size.steps().saturating_add(all());
            call(size, steps)
        }
        ("hasValue", []) => call(Size::SCALAR, 0),
        ("value", []) => call(target.clone(), target.steps()),
        ("or" | "orValue", [other]) => call(target.or(other), all()),
        _ => None,
    }
}

/// For the message about one that is not known.
pub const NAMES: &str = "size, string, int, uint, double, bool, type, dyn; contains, startsWith, endsWith, indexOf, lastIndexOf, charAt, substring, \
                         lowerAscii, upperAscii, trim, reverse, replace, split, join; optional.of, optional.none, hasValue, value, or, orValue; and the \
                         macros has, all, exists, exists_one, map, filter";

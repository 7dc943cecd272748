//! Expressions in the Common Expression Language (CEL) that make claims: parsed once for a configuration, evaluated for a token.
//!
//! Whoever may write a ClaimMapper writes the expression; what it reads of a person comes from outside. So what it may cost is worked out for the
//! person of whom the most is known before it is accepted ([`check`]): one that is accepted never takes long, however many groups somebody is in.

mod check;
mod functions;
mod json;
mod person;
mod size;
#[cfg(test)]
mod tests;

pub use person::Variables;

use cel::{Context, Env, ExecutionError, Program, extensions};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

/// An expression is no longer than this, bytes.
pub const LONGEST: usize = 4096;
/// What an expression comes to is no longer than this as JSON, bytes.
pub const LONGEST_VALUE: usize = 4096;
/// Brackets within brackets.
const DEEPEST_BRACKETS: usize = 24;
/// The parser calls itself for each bracket and operator. It gets a stack of its own, of which only what is used takes memory.
const PARSER_STACK: usize = 64 * 1024 * 1024;
/// Below this the evaluation gets a stack of its own, too.
const EVALUATION_STACK: usize = 512 * 1024;

/// The functions and macros of expressions. One for all: making it takes longer than most evaluations.
static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut environment = Env::stdlib();
    // Fails if a name is taken; a test calls what it adds.
    let _ = environment.add_extension(extensions::strings);
    Arc::new(environment)
});

/// A parsed expression that was found to be harmless. Equal to another one of the same text.
#[derive(Clone, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Expression {
    text: String,
    program: Arc<Program>,
}

impl Expression {
    /// Parses and checks.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn compile(text: &str) -> Result<Self, CompileFault> {
        before_parsing(text)?;
        // Whatever the parser makes is dropped on its own stack as well, unless it is known to be shallow.
        let compiled = catch_unwind(AssertUnwindSafe(|| stacker::grow(PARSER_STACK, || compile(text))));
        let program = compiled.unwrap_or_else(|_| Err(CompileFault::at_start("it cannot be parsed")))?;
        Ok(Self {
            text: text.to_owned(),
            program: Arc::new(program),
        })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it comes to for somebody; `None` if that is null, or an optional that is not there.
    ///
    /// # Errors
    /// [`Failure`]. Never panics, whatever the library does.
    pub fn evaluate(&self, variables: &Variables<'_>) -> Result<Option<Value>, Failure> {
        let evaluate = || {
            stacker::maybe_grow(EVALUATION_STACK, 4 * EVALUATION_STACK, || {
                let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
                context.set_variable_resolver(variables);
                self.program
                    .execute(&context)
                    .map_err(|error| Failure::of(&error))
                    .and_then(json::claim)
            })
        };
        catch_unwind(AssertUnwindSafe(evaluate)).unwrap_or_else(|_| Err(Failure::new("it panicked")))
    }
}

fn compile(text: &str) -> Result<Program, CompileFault> {
    let program = ENVIRONMENT.compile(text).map_err(|errors| CompileFault::of(&errors))?;
    check::check(&program, text)?;
    Ok(program)
}

/// What the parser is not asked for. It counts brackets in texts as well: nobody needs that many there.
fn before_parsing(text: &str) -> Result<(), CompileFault> {
    if text.len() > LONGEST {
        return Err(CompileFault::at_start(&format!("it is longer than {LONGEST} bytes")));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(CompileFault::at_start("it holds control characters"));
    }
    let mut depth = 0_usize;
    for (position, character) in text.chars().enumerate() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST_BRACKETS {
            let reason = format!("there are more than {DEEPEST_BRACKETS} brackets within each other");
            return Err(CompileFault::at(text, position, reason));
        }
    }
    Ok(())
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Expression {}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Expression").field(&self.text).finish()
    }
}

impl From<Expression> for String {
    fn from(expression: Expression) -> Self {
        expression.text
    }
}

impl TryFrom<String> for Expression {
    type Error = CompileFault;

    fn try_from(text: String) -> Result<Self, CompileFault> {
        Self::compile(&text)
    }
}

/// Why an expression is refused, and where. Lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct CompileFault {
    /// Line
    pub line: usize,
    /// Column, in characters
    pub column: usize,
    /// For people
    pub reason: String,
}

impl CompileFault {
    fn at_start(reason: &str) -> Self {
        Self {
            line: 1,
            column: 1,
            reason: reason.to_owned(),
        }
    }

    /// At a character, counted from 0.
    fn at(text: &str, position: usize, reason: String) -> Self {
        let before = || text.chars().take(position);
        Self {
            line: before().filter(|c| *c == '\n').count() + 1,
            column: before().collect::<Vec<_>>().into_iter().rev().take_while(|c| *c != '\n').count() + 1,
            reason,
        }
    }

    /// The first of the parser's complaints: the others follow from it.
    fn of(errors: &cel::ParseErrors) -> Self {
        let Some(first) = errors.errors.first() else {
            return Self::at_start("it cannot be parsed");
        };
        let count = |number: isize| usize::try_from(number).unwrap_or(1).max(1);
        Self {
            line: count(first.pos.0),
            column: count(first.pos.1),
            reason: first.msg.chars().take(200).collect(),
        }
    }
}

/// Why an expression has no value for somebody. [`Display`](std::fmt::Display) tells nothing of that person, and is for logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Failure {
    reason: Cow<'static, str>,
    detail: Option<String>,
}

impl Failure {
    fn new(reason: &'static str) -> Self {
        Self {
            reason: reason.into(),
            detail: None,
        }
    }

    /// A claim of the standard would be of another type.
    pub fn other_type(wanted: &str) -> Self {
        Self {
            reason: format!("this claim has to be {wanted} wherever it is read").into(),
            detail: None,
        }
    }

    fn of(error: &ExecutionError) -> Self {
        let reason = match error {
            ExecutionError::NoSuchKey(_) => {
                "something that it names is not known of this person: test with has(), or write .? instead of the dot"
            }
            ExecutionError::NoSuchOverload(_)
            | ExecutionError::UnexpectedType { .. }
            | ExecutionError::UnsupportedTargetType { .. }
            | ExecutionError::NotSupportedAsMethod { .. }
            | ExecutionError::ValuesNotComparable(..)
            | ExecutionError::UnsupportedBinaryOperator(..)
            | ExecutionError::UnsupportedIndex(..)
            | ExecutionError::UnsupportedKeyType(_) => "a value is of a type that it does not go with",
            ExecutionError::IndexOutOfBounds(_) => "a list is shorter than it takes for granted",
            ExecutionError::FunctionError { .. } => "a function failed",
            ExecutionError::Overflow(..) | ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
                "a number is too large, or divided by zero"
            }
            _ => "it failed",
        };
        Self {
            reason: reason.into(),
            detail: Some(error.to_string().chars().take(200).collect()),
        }
    }

    /// With what it happened on: for an example, whose person is made up.
    pub fn in_full(&self) -> String {
        match &self.detail {
            Some(detail) => format!("{} ({detail})", self.reason),
            None => self.reason.to_string(),
        }
    }
}

//! Why a resource is refused.

use crate::resources::condition::Condition;

/// Ends the message of a refused edit.
pub const EARLIER_FORM_LIVES: &str = ". The last accepted form stays in force.";

/// Which part of a client's provisioning failed; the parts are checked in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Aspect {
    Spec,
    References,
    Policy,
    Secret,
}

/// A refusal: one word for machines, a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What failed
    pub aspect: Aspect,
    /// One word
    pub reason: &'static str,
    /// What happened, and what to do
    pub message: String,
}

impl Refusal {
    /// The resource itself is wrong.
    pub fn spec(faults: &[String]) -> Self {
        Self::new(Aspect::Spec, "InvalidSpec", faults.join("; "))
    }

    /// A refusal.
    pub fn new(aspect: Aspect, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            aspect,
            reason,
            // Group names and label values are quoted as they were written; a terminal must not obey them.
            message: message.into().replace(char::is_control, "\u{fffd}"),
        }
    }

    /// The `Ready` condition, saying also whether an earlier form is still in force.
    pub fn ready(&self, earlier_form_lives: bool) -> Condition {
        let message = if earlier_form_lives {
            format!("{}{EARLIER_FORM_LIVES}", self.message)
        } else {
            self.message.clone()
        };
        Condition::no("Ready", self.reason, message)
    }
}

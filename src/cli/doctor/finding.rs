//! One thing that was looked at.

use crate::cli::style::Style;

/// What was thought of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be
    Well,
    /// A server runs with it; better not in production
    Warning,
    /// A server does not start, or does not work
    Fault,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was thought of it
    pub verdict: Verdict,
    /// What was looked at
    pub subject: &'static str,
    /// What was seen, and what to do if it is not well
    pub text: String,
}

impl Finding {
    /// It is as it should be.
    pub fn well(subject: &'static str, text: impl Into<String>) -> Self {
        Self::new(Verdict::Well, subject, text)
    }

    /// It could be better.
    pub fn warning(subject: &'static str, text: impl Into<String>) -> Self {
        Self::new(Verdict::Warning, subject, text)
    }

    /// It has to be mended.
    pub fn fault(subject: &'static str, text: impl Into<String>) -> Self {
        Self::new(Verdict::Fault, subject, text)
    }

    fn new(verdict: Verdict, subject: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { verdict, subject, text }
    }

    /// As a person reads it.
    pub fn line(&self, style: Style) -> String {
        let word = match self.verdict {
            Verdict::Well => style.good("ok  "),
            Verdict::Warning => style.fair("look"),
            Verdict::Fault => style.bad("mend"),
        };
        format!("{word}  {:13}  {}", self.subject, self.text)
    }
}

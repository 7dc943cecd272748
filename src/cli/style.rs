//! How text for people looks on a terminal.

use std::io::IsTerminal;

/// Terminal styles, or nothing when the output is not a terminal.
#[derive(Clone, Copy)]
pub struct Style {
    colors: bool,
}

impl Style {
    /// Colours on a terminal unless `NO_COLOR` is set (no-color.org).
    pub fn of_stdout() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            colors: std::io::stdout().is_terminal() && !refused,
        }
    }

    /// No colours.
    #[cfg(test)]
    pub fn plain() -> Self {
        Self { colors: false }
    }

    /// This text in that colour (SGR).
    fn paint(self, code: &str, text: &str) -> String {
        if self.colors {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// For what matters.
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// For what explains.
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// For what went well.
    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// For what could be better.
    pub fn fair(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// For what did not.
    pub fn bad(self, text: &str) -> String {
        self.paint("31", text)
    }
}

//! Logs: for people on a terminal, JSON (one object a line) otherwise. They go to standard error; standard output is for answers.
//!
//! Nothing secret is logged: the types that hold secrets redact themselves in `Debug`, request spans carry the route's pattern and not the
//! URL that was sent, and libraries that quote what passes through them are kept from it, whatever the filter says.

use std::io::IsTerminal;
use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Human on a terminal, JSON otherwise
    #[default]
    Auto,
    /// One readable line an event
    Human,
    /// One JSON object a line
    Json,
}

impl LogFormat {
    fn is_json(self, on_a_terminal: bool) -> bool {
        match self {
            Self::Auto => !on_a_terminal,
            Self::Human => false,
            Self::Json => true,
        }
    }
}

/// Why logging could not start.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    /// The filter does not parse
    #[error(
        "the log filter `{filter}` is not valid: {reason}. Use a level (error, warn, info, debug, trace) or, for example, `info,nauthera=debug`"
    )]
    Filter {
        /// What was given
        filter: String,
        /// What the parser says
        reason: String,
    },
    /// Something else in the process already logs
    #[error("logging was already set up")]
    Twice,
}

fn filter_of(text: &str) -> Result<EnvFilter, LogsError> {
    EnvFilter::builder().parse(text).map_err(|error| LogsError::Filter {
        filter: text.to_owned(),
        reason: error.to_string(),
    })
}

/// Whether a line of this library's module may be logged at all.
fn is_discreet(target: &str, level: Level) -> bool {
    let most = match target.split_once("::").map_or((target, ""), |(library, module)| (library, module)) {
        // Debug: the parameters of statements, digests and keys among them
        ("tokio_postgres", _) => Level::INFO,
        // Warn: an answer that it cannot read, as a whole; it may be a Secret
        ("kube_client", "client") => Level::ERROR,
        _ => return true,
    };
    level <= most
}

/// Starts logging for the whole process.
///
/// # Errors
/// [`LogsError`]: the filter does not parse, or logging runs already.
pub fn start(format: LogFormat, filter: &str) -> Result<(), LogsError> {
    let filter = filter_of(filter)?;
    let on_a_terminal = std::io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_span_events(FmtSpan::NONE);
    let discreet = filter_fn(|metadata| is_discreet(metadata.target(), *metadata.level()));
    let started = if format.is_json(on_a_terminal) {
        let json = builder.json().flatten_event(true).with_current_span(true).with_span_list(false);
        json.finish().with(discreet).try_init()
    } else {
        let human = builder.with_ansi(on_a_terminal).with_target(false).compact();
        human.finish().with(discreet).try_init()
    };
    started.map_err(|_| LogsError::Twice)?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// A panic is logged like everything else, so that it carries the request's trace id and does not break a JSON stream.
fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    let backtrace = std::backtrace::Backtrace::capture();
    let backtrace = (backtrace.status() == std::backtrace::BacktraceStatus::Captured).then(|| backtrace.to_string());
    tracing::error!(
        place,
        backtrace,
        "panicked: {}",
        panic.payload_as_str().unwrap_or("without a message")
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_human_on_a_terminal_and_json_in_a_pipe_unless_told() {
        let seen = [
            (LogFormat::Auto, true),
            (LogFormat::Auto, false),
            (LogFormat::Human, false),
            (LogFormat::Json, true),
        ]
        .map(|(format, terminal)| format.is_json(terminal));
        assert_eq!(seen, [false, true, false, true]);
    }

    #[test]
    fn libraries_that_quote_what_passes_through_them_are_kept_from_it() {
        assert!(!is_discreet("tokio_postgres::query", Level::DEBUG));
        assert!(!is_discreet("kube_client::client", Level::WARN));
        assert!(is_discreet("tokio_postgres::connection", Level::INFO));
        assert!(is_discreet("kube_client::client::builder", Level::DEBUG));
        assert!(is_discreet("nauthera::store::postgres", Level::TRACE));
    }

    #[test]
    fn a_wrong_filter_is_named() {
        let error = filter_of("nauthera=loud").unwrap_err().to_string();
        assert!(
            error.contains("`nauthera=loud`") && error.contains("info,nauthera=debug"),
            "{error}"
        );
    }
}

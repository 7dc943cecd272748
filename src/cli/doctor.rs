//! `nauthera doctor`: everything that `serve` would need with the same flags, looked at and left as it is.

mod cache;
mod certificates;
mod database;
mod directories;
mod finding;
mod settings;

use super::serve::ServeArgs;
use super::style::Style;
use super::{process, say};
use finding::{Finding, Verdict};
use std::process::ExitCode;

/// Settings of `nauthera doctor`: those of `nauthera serve`.
///
/// Takes the flags and the environment of `serve`. Prints a line for each thing that it looked at, and what to do where something is wrong. The
/// exit code is 1 if a server would not start or not work.
#[derive(clap::Args, Debug)]
pub struct DoctorArgs {
    #[command(flatten)]
    serve: ServeArgs,
}

/// Looks at everything.
///
/// # Errors
/// The process cannot do its work. What is wrong with the settings is no error but its result.
pub fn run(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    process::run(|pools| async move {
        let serve = &args.serve;
        let mut findings = settings::look(serve);
        findings.extend(certificates::look(serve));
        findings.extend(database::look(serve, &pools).await);
        findings.extend(cache::look(serve, &pools).await);
        findings.extend(directories::look(serve).await);
        let style = Style::of_stdout();
        for finding in &findings {
            say(&finding.line(style));
        }
        say(&summary(&findings));
        let sick = findings.iter().any(|finding| finding.verdict == Verdict::Fault);
        Ok(if sick { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    })
}

fn summary(findings: &[Finding]) -> String {
    let number = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    match (number(Verdict::Fault), number(Verdict::Warning)) {
        (0, 0) => "all is well".to_owned(),
        (0, warnings) => format!("a server would start; worth a look: {warnings}"),
        (faults, warnings) => format!("to be mended: {faults}; worth a look: {warnings}"),
    }
}

//! The command line: one file a subcommand. Wires the rooms together.

mod cache;
mod catch_up;
pub mod check;
pub mod crds;
mod database;
pub mod dev;
pub mod doctor;
mod kek;
pub mod keys;
mod listen;
mod manifests;
pub mod migrate;
pub mod operator;
pub mod process;
pub mod serve;
pub mod server;
mod style;
mod tls;
mod url_file;
pub mod user;

use crate::telemetry::logs::{self, LogFormat};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// An identity platform for Kubernetes: OpenID Connect and OAuth 2, configured with `kubectl apply`.
#[derive(Parser, Debug)]
#[command(name = "nauthera", version, max_term_width = 100, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    logs: LogArgs,
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Subcommand, Debug)]
enum Command {
    /// Try it: the whole platform in one process, with samples, a demo client and nothing else to install
    Dev(dev::DevArgs),
    /// Run the server
    Serve(serve::ServeArgs),
    /// Run the operator: resources in a cluster become configuration in running servers
    Operator(operator::OperatorArgs),
    /// Look at everything that a server needs before it is started, and say what to do
    Doctor(doctor::DoctorArgs),
    /// Bring the database's schema up to date, and no more
    Migrate(migrate::MigrateArgs),
    /// Look after the keys that rest in the database
    Keys(keys::KeysArgs),
    /// Look after people whom no manifest declares, and give new passwords
    User(user::UserArgs),
    /// Check manifests without a cluster: prints the verdicts that a cluster would give
    Check(check::CheckArgs),
    /// Print the CustomResourceDefinitions, for `kubectl apply -f -`
    Crds(crds::CrdsArgs),
}

/// Settings of the logs, for every subcommand.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Logs")]
struct LogArgs {
    /// A level (error, warn, info, debug, trace) or a filter such as `info,nauthera=debug`; RUST_LOG works too
    #[arg(long = "log", env = "NAUTHERA_LOG", value_name = "FILTER", global = true)]
    filter: Option<String>,
    /// How log lines look: `auto` is human on a terminal, JSON otherwise
    #[arg(
        long = "log-format",
        env = "NAUTHERA_LOG_FORMAT",
        value_enum,
        default_value = "auto",
        global = true
    )]
    format: LogFormat,
}

impl LogArgs {
    fn start(&self, default_filter: &str) -> anyhow::Result<()> {
        let from_environment = std::env::var("RUST_LOG").ok().filter(|filter| !filter.is_empty());
        let filter = self.filter.clone().or(from_environment);
        logs::start(self.format, filter.as_deref().unwrap_or(default_filter))?;
        Ok(())
    }
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let default_filter = match &cli.command {
        Command::Dev(_) => dev::DEFAULT_LOG,
        Command::Serve(_) => serve::DEFAULT_LOG,
        Command::Operator(_) => operator::DEFAULT_LOG,
        Command::Doctor(_) | Command::Migrate(_) | Command::Keys(_) | Command::User(_) | Command::Check(_) | Command::Crds(_) => "warn",
    };
    let outcome = cli.logs.start(default_filter).and_then(|()| match cli.command {
        Command::Dev(args) => dev::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Operator(args) => operator::run(args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Migrate(args) => migrate::run(&args),
        Command::Keys(args) => keys::run(&args),
        Command::User(args) => user::run(args),
        Command::Check(args) => check::run(&args),
        Command::Crds(args) => crds::run(&args),
    });
    outcome.unwrap_or_else(|error| {
        complain(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}

/// Writes a line for people to standard output. A closed pipe is no reason to fail.
fn say(line: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Writes what went wrong to standard error.
fn complain(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "nauthera: {line}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}

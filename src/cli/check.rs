//! `nauthera check -f DIR`: the verdicts that a cluster would give, without one.

use crate::config::input::Options;
use crate::config::verdict::Verdict;
use crate::resources::condition::ConditionStatus;
use crate::source::problem::Severity;
use crate::source::{Loader, SourceUpdate};
use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `nauthera check`.
#[derive(clap::Args, Debug)]
pub struct CheckArgs {
    /// Folder of manifests, or one file; may be given again
    #[arg(short = 'f', long = "filename", value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// How the verdicts are printed
    #[arg(short = 'o', long = "output", value_enum, default_value_t = Output::Text)]
    output: Output,
}

/// How verdicts are printed.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Checks manifests: 0 if all is well, 1 if a resource is refused or a file is broken, 2 if a path is not there.
///
/// # Errors
/// If standard output cannot be written to.
pub fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    for path in &args.paths {
        if let Err(error) = std::fs::metadata(path) {
            let _ = writeln!(std::io::stderr(), "nauthera: {}: {error}", path.display());
            return Ok(ExitCode::from(2));
        }
    }
    let update = Loader::new(&args.paths, None, Options::default()).load();
    let colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let text = match args.output {
        Output::Text => text(&update, &Style { colours }),
        Output::Json => format!("{:#}\n", json(&update)),
    };
    if let Err(error) = std::io::stdout().lock().write_all(text.as_bytes())
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        return Err(error.into());
    }
    Ok(if is_fine(&update) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn is_fine(update: &SourceUpdate) -> bool {
    update.refused().next().is_none() && errors(update) == 0
}

fn errors(update: &SourceUpdate) -> usize {
    update.problems.iter().filter(|problem| problem.severity == Severity::Error).count()
}

struct Style {
    colours: bool,
}

impl Style {
    fn paint(&self, code: &str, text: &str) -> String {
        if self.colours {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Conditions besides `Ready` that do not hold though the resource was accepted.
fn notes(verdict: &Verdict) -> impl Iterator<Item = String> {
    let shown = verdict.accepted();
    verdict
        .status
        .conditions()
        .iter()
        .filter(move |condition| shown && condition.type_ != "Ready" && condition.status == ConditionStatus::False)
        .map(|condition| format!("{}: {}", condition.reason, condition.message))
}

/// Names may be long; beyond this they push their row's last column out rather than everyone's.
const WIDEST: usize = 48;

fn text(update: &SourceUpdate, style: &Style) -> String {
    let mut out = String::new();
    let verdicts = &update.compiled.verdicts;
    let widest = |of: fn(&Verdict) -> usize| verdicts.iter().map(|verdict| of(verdict)).max().unwrap_or(0).min(WIDEST);
    let kinds = widest(|verdict| verdict.kind.as_str().len());
    let names = widest(|verdict| verdict.key.to_string().chars().count());
    for verdict in verdicts {
        let (mark, colour) = if verdict.accepted() { ("ok     ", "32") } else { ("refused", "31") };
        let ready = verdict.condition("Ready");
        let message = ready.map_or("", |ready| ready.message.as_str());
        let name = verdict.key.to_string();
        let _ = write!(
            out,
            "{}  {:kinds$}  {name:names$}  ",
            style.paint(colour, mark),
            verdict.kind.as_str()
        );
        if verdict.accepted() {
            let _ = writeln!(out, "{message}");
        } else {
            let reason = ready.map_or("", |ready| ready.reason.as_str());
            let _ = writeln!(out, "{}", style.paint("1", reason));
            for line in message.split("; ") {
                let _ = writeln!(out, "         {line}");
            }
            if let Some(place) = update.place(verdict) {
                let _ = writeln!(out, "         {}", style.paint("2", &format!("at {place}")));
            }
        }
        for note in notes(verdict) {
            let _ = writeln!(out, "         {} {note}", style.paint("33", "note"));
        }
    }
    for problem in &update.problems {
        let (mark, colour) = match problem.severity {
            Severity::Error => ("broken ", "31"),
            Severity::Warning => ("note   ", "33"),
        };
        let _ = writeln!(
            out,
            "{}  {}\n         {}",
            style.paint(colour, mark),
            problem.place,
            problem.message
        );
    }
    if !out.is_empty() {
        out.push('\n');
    }
    let refused = update.refused().count();
    let accepted = verdicts.len() - refused;
    let mut parts = vec![format!("{accepted} accepted"), format!("{refused} refused")];
    let broken = errors(update);
    if broken > 0 {
        parts.push(format!("{broken} broken in files"));
    }
    let files = if update.files == 1 { "file" } else { "files" };
    let _ = writeln!(out, "{} {files}: {}", update.files, parts.join(", "));
    if verdicts.is_empty() && broken == 0 {
        let _ = writeln!(out, "No resource of Nauthera was found: files end in .yaml or .yml");
    }
    out
}

fn json(update: &SourceUpdate) -> serde_json::Value {
    let verdicts: Vec<serde_json::Value> = update
        .compiled
        .verdicts
        .iter()
        .map(|verdict| {
            let place = update.place(verdict);
            let ready = verdict.condition("Ready");
            serde_json::json!({
                "kind": verdict.kind.as_str(),
                "namespace": Some(&verdict.key.namespace).filter(|namespace| !namespace.is_empty()),
                "name": verdict.key.name,
                "accepted": verdict.accepted(),
                "reason": ready.map(|ready| &ready.reason),
                "message": ready.map(|ready| &ready.message),
                "file": place.map(|place| place.file.to_string_lossy()),
                "line": place.and_then(|place| place.line),
                "status": verdict.status,
            })
        })
        .collect();
    let problems: Vec<serde_json::Value> = update
        .problems
        .iter()
        .map(|problem| {
            serde_json::json!({
                "severity": match problem.severity { Severity::Error => "error", Severity::Warning => "warning" },
                "file": problem.place.file.to_string_lossy(),
                "line": problem.place.line,
                "column": problem.place.column,
                "message": problem.message,
            })
        })
        .collect();
    serde_json::json!({ "ok": is_fine(update), "files": update.files, "verdicts": verdicts, "problems": problems })
}

//! What `nauthera dev` prints while it runs: the greeting once, then a line for each change of the manifests.

use super::banner::short;
use crate::cli::manifests::Round;
use crate::cli::say;
use crate::cli::style::Style;
use std::path::PathBuf;

#[derive(Default)]
struct Said {
    in_force: bool,
    complaints: Vec<String>,
    failure: Option<String>,
}

/// The printer. It says what is new and not what it said before.
pub struct Progress {
    style: Style,
    manifests: PathBuf,
    said: Said,
}

impl Progress {
    /// A printer for this folder.
    pub fn new(style: Style, manifests: PathBuf) -> Self {
        Self {
            style,
            manifests,
            said: Said::default(),
        }
    }

    /// Prints what a look at the folder brought.
    pub fn tell(&mut self, round: &Round) {
        for line in self.lines(round) {
            say(&line);
        }
    }

    /// Places are told as they are typed here.
    fn in_short(&self, complaint: &str) -> String {
        let folder = self.manifests.display().to_string();
        complaint.replace(&folder, &short(&self.manifests))
    }

    fn lines(&mut self, round: &Round) -> Vec<String> {
        let said = std::mem::take(&mut self.said);
        let (good, bad) = (self.style.good("✓"), self.style.bad("✗"));
        let mut lines: Vec<String> = round
            .complaints
            .iter()
            .filter(|complaint| !said.complaints.contains(complaint))
            .map(|complaint| format!("{bad} {}", self.in_short(complaint)))
            .collect();
        if said.in_force && !lines.is_empty() {
            lines.push(self.style.dim("  What was in force before stays."));
        }
        let files = if round.changed.is_empty() {
            "the manifests".to_owned()
        } else {
            round.changed.iter().map(|file| short(file)).collect::<Vec<_>>().join(", ")
        };
        let mended = !said.complaints.is_empty() && round.complaints.is_empty();
        match &round.outcome {
            // The first one is told by the banner.
            Ok(applied) if applied.changed && said.in_force => lines.push(format!(
                "{good} {files} changed → revision {}, {} {}, {} ms",
                applied.snapshot.revision.0.get(..8).unwrap_or_default(),
                applied.snapshot.clients.len(),
                if applied.snapshot.clients.len() == 1 { "client" } else { "clients" },
                round.took.as_millis()
            )),
            Ok(_) if mended && said.in_force => lines.push(format!("{good} {files} is in order again")),
            Ok(_) => {}
            Err(reason) if said.failure.as_ref() != Some(reason) => {
                lines.push(format!("{bad} {reason}"));
                if !said.in_force {
                    lines.push(self.style.dim(&format!(
                        "  Nothing runs yet. Mend the files in {} and save; this goes on by itself. Stop with Ctrl+C.",
                        short(&self.manifests)
                    )));
                }
            }
            Err(_) => {}
        }
        self.said = Said {
            in_force: said.in_force || round.outcome.is_ok(),
            complaints: round.complaints.clone(),
            failure: round.outcome.as_ref().err().cloned(),
        };
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::manifests::Applied;
    use crate::config::snapshot::{Branding, Revision, SigningAlgorithm, SigningPolicy, Snapshot};
    use std::collections::HashMap;
    use std::sync::Arc;
    use std::time::Duration;

    fn round(changed: bool, complaints: &[&str]) -> Round {
        let snapshot = Snapshot {
            revision: Revision("0123456789abcdef".to_owned()),
            server: "identity/main".to_owned(),
            issuer: "http://127.0.0.1:1".to_owned(),
            signing: SigningPolicy {
                algorithms: vec![SigningAlgorithm::ES256],
                rotate_every: Duration::from_secs(60),
                overlap: Duration::from_secs(60),
            },
            clients: HashMap::new(),
            user_stores: Vec::new(),
            users: Vec::new(),
            roles: Vec::new(),
            identity_providers: Vec::new(),
            claim_rules: Vec::new(),
            departed: std::collections::BTreeSet::new(),
            branding: Branding::default(),
            rate_limits: crate::config::rate::RateLimits::default(),
            passwords: crate::config::snapshot::PasswordRules::default(),
        };
        Round {
            changed: vec!["/m/a.yaml".into()],
            complaints: complaints.iter().map(|complaint| (*complaint).to_owned()).collect(),
            outcome: Ok(Applied {
                snapshot: Arc::new(snapshot),
                changed,
            }),
            generated: Arc::default(),
            took: Duration::from_millis(12),
        }
    }

    #[test]
    fn says_each_thing_once() {
        let mut progress = Progress::new(Style::plain(), "/m".into());
        let told: Vec<_> = [
            round(true, &[]),
            round(true, &[]),
            round(false, &["/m/a.yaml:3: no"]),
            round(false, &["/m/a.yaml:3: no"]),
            round(false, &[]),
        ]
        .iter()
        .flat_map(|round| progress.lines(round))
        .collect();
        assert_eq!(
            told,
            [
                "✓ /m/a.yaml changed → revision 01234567, 0 clients, 12 ms",
                "✗ /m/a.yaml:3: no",
                "  What was in force before stays.",
                "✓ /m/a.yaml is in order again"
            ]
        );
    }

    #[test]
    fn a_start_without_any_configuration_says_that_it_waits() {
        let mut progress = Progress::new(Style::plain(), "/m".into());
        let broken = Round {
            outcome: Err("no AuthServer".to_owned()),
            ..round(false, &["/m/a.yaml:1: no"])
        };
        let told = progress.lines(&broken);
        assert_eq!(told[..2], ["✗ /m/a.yaml:1: no".to_owned(), "✗ no AuthServer".to_owned()]);
        assert!(told[2].contains("Mend the files in /m"), "{told:?}");
        assert!(progress.lines(&round(true, &[])).is_empty(), "the banner tells the rest");
    }
}

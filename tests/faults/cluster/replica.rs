//! One `nauthera serve`.

use super::manifests;
use crate::process::Process;
use std::net::SocketAddr;
use std::path::Path;

/// After SIGTERM a replica serves on for this long, as the operator's pods do: many times what the balancer needs to hear of it.
pub const DRAIN_SECONDS: u64 = 5;

pub struct Replica {
    process: Process,
    _data: tempfile::TempDir,
}

impl Replica {
    /// Starts it; [`Replica::ready`] waits for it.
    pub fn start(folder: &Path, database: &str, cache: Option<&str>) -> Self {
        let data = tempfile::tempdir().unwrap();
        let (manifests, kek) = (manifests::folder(folder), manifests::kek(folder));
        let drain = DRAIN_SECONDS.to_string();
        let mut settings = vec![
            ("NAUTHERA_LISTEN", "127.0.0.1:0"),
            ("NAUTHERA_MANIFESTS", manifests.to_str().unwrap()),
            ("NAUTHERA_KEK", kek.to_str().unwrap()),
            ("NAUTHERA_DATA", data.path().to_str().unwrap()),
            ("NAUTHERA_AUTH_SERVER", "identity/main"),
            ("NAUTHERA_DATABASE_URL", database),
            ("NAUTHERA_WORKERS", "2"),
            ("NAUTHERA_DRAIN_SECONDS", &drain),
        ];
        settings.extend(cache.map(|url| ("NAUTHERA_CACHE_URL", url)));
        Self {
            process: Process::start(&["serve"], &settings),
            _data: data,
        }
    }

    /// Waits until it serves; where it does.
    pub fn ready(&mut self) -> SocketAddr {
        let line = self.process.line("its address", |line| line.contains(r#""address":"#));
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        self.process.line("that it is ready", |line| line.contains(r#""message":"ready""#));
        line["address"].as_str().unwrap().parse().unwrap()
    }

    /// SIGKILL.
    pub fn kill(self) {
        self.process.signal("KILL");
        check(&self.process.ended().1);
    }

    /// SIGTERM; wait for the end with [`Replica::ended`].
    pub fn ask_to_end(&self) {
        self.process.signal("TERM");
    }

    /// Waits for the end that it was asked for.
    pub fn ended(self) {
        let (status, said) = self.process.ended();
        assert_eq!(status.code(), Some(0), "{said}");
        check(&said);
    }
}

/// Nothing in a replica panics, whatever is taken from it.
fn check(said: &str) {
    let panics: Vec<&str> = said.lines().filter(|line| line.contains("panicked")).collect();
    assert!(panics.is_empty(), "{}", panics.join("\n"));
}

//! The real binary as a child process: started, read line by line, signalled, and gone when the test ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Long enough for a debug build on a busy machine; a test that gets here has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The binary, in an environment without settings of ours.
fn nauthera() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nauthera"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("NAUTHERA_")) {
        command.env_remove(name);
    }
    command.env_remove("RUST_LOG");
    command
}

/// Runs `nauthera` with these arguments to its end.
#[allow(dead_code, reason = "it is for tests/it")]
pub fn run(arguments: &[&str]) -> Output {
    nauthera().args(arguments).output().unwrap()
}

/// The same, with something at its standard input.
#[allow(dead_code, reason = "it is for tests/it")]
pub fn run_given(arguments: &[&str], input: &str) -> Output {
    let mut command = nauthera();
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Whoever does not read it has ended: that is no fault of the test.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// A running `nauthera`.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Process {
    /// Starts `nauthera` with these arguments; the environment holds no setting of ours but `settings`.
    pub fn start<S: AsRef<std::ffi::OsStr>>(arguments: &[S], settings: &[(&str, &str)]) -> Self {
        let mut child = nauthera()
            .envs(settings.iter().copied())
            .args(arguments)
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let streams: [Box<dyn Read + Send>; 2] = [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for stream in streams {
            let sender = sender.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        Self {
            child,
            lines,
            seen: Vec::new(),
        }
    }

    /// `nauthera dev` on free ports with these folders.
    pub fn dev(manifests: &Path, data: &Path) -> Self {
        let (manifests, data) = (manifests.to_str().unwrap(), data.to_str().unwrap());
        let free = "127.0.0.1:0";
        Self::start(
            &[
                "dev",
                "--listen",
                free,
                "--demo-listen",
                free,
                "--manifests",
                manifests,
                "--data",
                data,
            ],
            &[],
        )
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// The first line, printed from now on, that fits. Fails the test when the process ends or takes too long, with all it said.
    pub fn line(&mut self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if fits(&line) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("no {what} within {PATIENCE:?}; it said:\n{}", self.seen.join("\n")),
                Err(RecvTimeoutError::Disconnected) => panic!("it ended without {what}; it said:\n{}", self.seen.join("\n")),
            }
        }
    }

    /// The first line that fits of all that it says, also if it was printed before.
    pub fn said(&mut self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        match self.seen.iter().find(|line| fits(line)) {
            Some(line) => line.clone(),
            None => self.line(what, fits),
        }
    }

    /// The value of a row of the banner of `dev`.
    pub fn row(&mut self, name: &str) -> String {
        let line = self.line(name, |line| line.trim_start().starts_with(name));
        let rest = line.trim_start().strip_prefix(name).unwrap().trim_start();
        rest.split("  ").next().unwrap().to_owned()
    }

    /// Sends a signal, by its name without SIG.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{name} {}", self.id())])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Waits for the end: how it ended, and everything it said.
    pub fn ended(mut self) -> (ExitStatus, String) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.seen.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end; it said:\n{}", self.seen.join("\n")),
            }
        }
        let status = self.child.wait().unwrap();
        (status, self.seen.join("\n"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A copy of the bundled samples that a test may edit.
pub fn copy_of_samples() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("k8s/samples")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    copy
}

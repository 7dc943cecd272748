//! A program under test: its output is kept, its lines can be waited for, and nothing of it outlives the test.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a program may take to say that it is ready. Generous: two cores run several browsers at once.
const PATIENCE: Duration = Duration::from_secs(90);

/// Kills itself and all its descendants when dropped; prints its output when the test panics.
pub struct Process {
    name: &'static str,
    child: Child,
    output: Arc<Output>,
}

#[derive(Default)]
struct Output {
    /// The lines so far, and how many streams are still open.
    state: Mutex<(Vec<String>, usize)>,
    changed: Condvar,
}

impl Process {
    /// Starts `command` in a process group of its own with both outputs captured.
    pub fn start(name: &'static str, command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {command:?} does not start ({error}). Run `make setup` first."));
        let output = Arc::new(Output::default());
        output.lock().1 = 2;
        output.follow(child.stdout.take().unwrap());
        output.follow(child.stderr.take().unwrap());
        Self { name, child, output }
    }

    /// Waits for a line of output of which `read` makes something. Panics when the program ends first, or says nothing of the kind in time.
    pub fn wait_for_line<T>(&self, what: &str, read: impl Fn(&str) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.output.lock();
        loop {
            if let Some(found) = state.0.iter().find_map(|line| read(line)) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(state.1 > 0, "{} ended without saying {what}", self.name);
            assert!(!left.is_zero(), "{} did not say {what} within {PATIENCE:?}", self.name);
            state = self
                .output
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// The address behind `listening ` in the output.
    pub fn listening(&self) -> String {
        self.wait_for_line("where it listens", |line| line.strip_prefix("listening ").map(str::to_owned))
    }
}

impl Output {
    /// A test that panics while it waits must still be able to print what was said.
    fn lock(&self) -> MutexGuard<'_, (Vec<String>, usize)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn follow(self: &Arc<Self>, stream: impl Read + Send + 'static) {
        let output = Arc::clone(self);
        std::thread::spawn(move || {
            for line in BufReader::new(stream).lines() {
                let Ok(line) = line else { break };
                output.lock().0.push(line);
                output.changed.notify_all();
            }
            output.lock().1 -= 1;
            output.changed.notify_all();
        });
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The browser leaves its driver's process group, so the whole tree is looked up before its root is gone.
        let mut doomed = vec![self.child.id()];
        descendants(self.child.id(), &mut doomed);
        let _ = Command::new("kill")
            .arg("-KILL")
            .args(doomed.iter().map(u32::to_string))
            .stderr(Stdio::null())
            .status();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let lines = self.output.lock().0.join("\n");
            println!("--- output of {} ---\n{lines}\n--- end of {} ---", self.name, self.name);
        }
    }
}

/// Adds every process below `root` to `found`, by `/proc/PID/stat`: `PID (NAME) STATE PARENT …`.
fn descendants(root: u32, found: &mut Vec<u32>) {
    let Ok(entries) = std::fs::read_dir("/proc") else { return };
    let parents: Vec<(u32, u32)> = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid: u32| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
            Some((pid, parent))
        })
        .collect();
    let mut next = vec![root];
    while let Some(parent) = next.pop() {
        for (pid, _) in parents.iter().filter(|(_, of)| *of == parent) {
            found.push(*pid);
            next.push(*pid);
        }
    }
}

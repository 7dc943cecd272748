//! Programs of tests/kubelab, by name.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a program said.
#[derive(Debug)]
pub struct Said {
    pub ok: bool,
    pub out: String,
    pub err: String,
}

impl Said {
    /// Its output, when it succeeded.
    #[track_caller]
    pub fn success(self) -> String {
        assert!(self.ok, "failed: {}\n{}", self.err, self.out);
        self.out
    }

    /// Its complaint, when it failed.
    #[track_caller]
    pub fn failure(self) -> String {
        assert!(!self.ok, "succeeded: {}\n{}", self.out, self.err);
        self.err
    }
}

/// A path below the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A path below the user's cache, where the programs of tests/kubelab are.
pub fn cache(path: &str) -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").expect("HOME")).join(".cache"),
        PathBuf::from,
    );
    cache.join(path)
}

/// Where tests/kubelab/controlplane/build.sh puts its programs.
pub fn program(name: &str) -> PathBuf {
    let path = cache("kubelab/bin").join(name);
    assert!(path.exists(), "{} is missing: run scripts/setup", path.display());
    path
}

/// Runs it with this on its standard input.
pub fn run(program: &Path, args: impl IntoIterator<Item = impl AsRef<OsStr>>, environment: &[(&str, &Path)], stdin: &str) -> Said {
    let mut child = Command::new(program)
        .args(args)
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let mut input = child.stdin.take().unwrap();
    let text = stdin.to_owned();
    let writer = std::thread::spawn(move || {
        // A program that does not read its input to the end is no fault of the test.
        let _ = input.write_all(text.as_bytes());
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Said {
        ok: output.status.success(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// helm, without a cluster.
pub fn helm(args: &[&str]) -> Said {
    run(&program("helm"), args, &[], "")
}

/// What an overlay of k8s/overlays renders.
pub fn kustomize(overlay: &str) -> String {
    let folder = repository("k8s/overlays").join(overlay);
    run(&program("kubectl"), [OsStr::new("kustomize"), folder.as_os_str()], &[], "").success()
}

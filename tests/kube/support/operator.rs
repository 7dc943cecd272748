//! The built operator as a process beside the cluster, with the rights of a ServiceAccount in it.

use super::control_plane::ControlPlane;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Ends when it is dropped, and with this process however that ends; its log is printed when the test panics.
pub struct OperatorProcess {
    child: Child,
    /// Kills the operator when its standard input ends
    undertaker: Child,
    log: PathBuf,
    _folder: tempfile::TempDir,
}

impl OperatorProcess {
    /// Starts `nauthera` with these arguments, as the account. `NAMESPACE/NAME`.
    pub fn start(cluster: &ControlPlane, namespace: &str, account: &str, arguments: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = folder.path().join("kubeconfig");
        std::fs::write(&kubeconfig, cluster.kubeconfig_of(namespace, account)).unwrap();
        let log = folder.path().join("log");
        let child = Command::new(env!("CARGO_BIN_EXE_nauthera"))
            .args(arguments)
            .arg("--kubeconfig")
            .arg(&kubeconfig)
            .env("POD_NAME", "operator-0")
            .env("POD_NAMESPACE", namespace)
            .stdin(Stdio::null())
            .stdout(File::create(&log).unwrap())
            .stderr(File::options().append(true).open(&log).unwrap())
            .spawn()
            .unwrap();
        let undertaker = Command::new("sh")
            .args(["-c", "trap '' INT TERM; read -r _; kill -9 \"$0\"", &child.id().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            child,
            undertaker,
            log,
            _folder: folder,
        }
    }

    /// Sends it a signal, such as `STOP`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Kills it, and waits until it is gone.
    pub fn kill(self) {
        drop(self);
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(Path::new(&self.log)).unwrap()
    }
}

impl Drop for OperatorProcess {
    fn drop(&mut self) {
        // First the undertaker: the process id may be another's in a moment.
        for child in [&mut self.undertaker, &mut self.child] {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            println!("--- log of the operator ---\n{}", self.log());
        }
    }
}

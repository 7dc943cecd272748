//! A cluster as its administrator reaches it: kubectl and helm with a kubeconfig.

use super::tools::{Said, program, repository, run};
use std::path::{Path, PathBuf};

/// A way in, with all rights.
pub struct Access {
    kubeconfig: PathBuf,
}

impl Access {
    /// By this kubeconfig.
    pub fn new(kubeconfig: PathBuf) -> Self {
        Self { kubeconfig }
    }

    /// The kubeconfig, for programs that take one.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    fn command(&self, name: &str, args: &[&str], stdin: &str) -> Said {
        run(&program(name), args, &[("KUBECONFIG", &self.kubeconfig)], stdin)
    }

    /// kubectl as the administrator.
    pub fn kubectl(&self, args: &[&str]) -> Said {
        self.command("kubectl", args, "")
    }

    /// helm with this cluster.
    pub fn helm(&self, args: &[&str]) -> Said {
        self.command("helm", args, "")
    }

    /// A line for a shell in the repository, as documents print it.
    pub fn shell(&self, line: &str) -> Said {
        let programs = program("kubectl");
        let path = format!("{}:{}", programs.parent().unwrap().display(), std::env::var("PATH").unwrap());
        let line = format!("cd '{}' && {line}", repository("").display());
        let environment = [("KUBECONFIG", self.kubeconfig.as_path()), ("PATH", Path::new(&path))];
        run(Path::new("sh"), ["-c", &line], &environment, "")
    }

    /// `kubectl ARGS -f -`.
    pub fn with_input(&self, args: &[&str], yaml: &str) -> Said {
        let args: Vec<&str> = args.iter().copied().chain(["-f", "-"]).collect();
        self.command("kubectl", &args, yaml)
    }

    /// `kubectl apply` of this, for good.
    pub fn apply(&self, yaml: &str) -> Said {
        self.with_input(&["apply", "--server-side"], yaml)
    }

    /// What the API server says of it, without keeping it. Unknown fields are errors.
    pub fn try_out(&self, yaml: &str) -> Said {
        self.with_input(
            &[
                "apply",
                "--server-side",
                "--force-conflicts",
                "--dry-run=server",
                "--validate=strict",
            ],
            yaml,
        )
    }

    /// A kubeconfig with which one has the rights of a ServiceAccount.
    pub fn kubeconfig_of(&self, namespace: &str, account: &str) -> String {
        let token = self.kubectl(&["-n", namespace, "create", "token", account]).success();
        let config = std::fs::read_to_string(&self.kubeconfig).unwrap();
        let users = config.find("users: [").unwrap();
        let contexts = config.find("contexts: [").unwrap();
        format!(
            "{}users: [{{name: u, user: {{token: {}}}}}]\n{}",
            &config[..users],
            token.trim(),
            &config[contexts..]
        )
    }

    /// Makes namespaces that are not there yet.
    pub fn namespaces(&self, names: &[&str]) {
        for name in names {
            self.apply(&format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"))
                .success();
        }
    }
}

//! A real API server with etcd and the controllers, one for all tests of a run.

use super::tools::{Said, program, repository, run};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

/// A running control plane.
pub struct ControlPlane {
    folder: PathBuf,
    kubeconfig: PathBuf,
    /// Takes the control plane down when its standard input ends, which is when this process does, however it ends.
    _undertaker: Child,
}

static SHARED: LazyLock<ControlPlane> = LazyLock::new(ControlPlane::start);

impl ControlPlane {
    /// The one that all tests of this process share, with our definitions and those of the tools that our objects refer to. Tests use namespaces of their own.
    pub fn shared() -> &'static Self {
        &SHARED
    }

    /// One of its own for a test that installs definitions itself. It ends when this is dropped.
    pub fn empty() -> Self {
        // A short path: etcd listens on unix sockets in it.
        let dir = tempfile::Builder::new().prefix("nauthera-").tempdir_in("/tmp").unwrap().keep();
        let undertaker = Command::new("sh")
            .args(["-c", "trap '' INT TERM; read -r _; exec \"$0\" \"$1\""])
            .args([repository("tests/kubelab/down.sh"), dir.clone()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Who asked for what, and what the answer was; never what was in it.
        let policy = dir.join("audit-policy.yaml");
        std::fs::write(
            &policy,
            "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Metadata}]\n",
        )
        .unwrap();
        let arguments = format!(
            "--audit-policy-file={} --audit-log-path={}/audit.log",
            policy.display(),
            dir.display()
        );
        run(
            &repository("tests/kubelab/up.sh"),
            [&dir],
            &[("APISERVER_ARGS", Path::new(&arguments))],
            "",
        )
        .success();
        Self {
            kubeconfig: dir.join("admin.kubeconfig"),
            folder: dir,
            _undertaker: undertaker,
        }
    }

    fn start() -> Self {
        let this = Self::empty();
        for definitions in [repository("k8s/crds"), cert_manager_definitions()] {
            let definitions = definitions.to_str().unwrap();
            let how = if definitions.ends_with("k8s/crds") { "-k" } else { "-f" };
            this.kubectl(&["apply", "--server-side", how, definitions]).success();
        }
        this.apply(&std::fs::read_to_string(repository("tests/kube/fixtures/monitoring-definitions.yaml")).unwrap())
            .success();
        this.kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"])
            .success();
        this
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

    /// Every request of this user so far: verb, resource with its subresource, and the answer's code.
    pub fn requests_of(&self, user: &str) -> Vec<(String, String, u64)> {
        let log = std::fs::read_to_string(self.folder.join("audit.log")).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        log.lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter(|event| event["user"]["username"] == user)
            .map(|event| {
                let object = &event["objectRef"];
                let mut resource = format!("{}.{}", text(&object["resource"]), text(&object["apiGroup"]));
                if let Some(subresource) = object["subresource"].as_str() {
                    resource = format!("{resource}/{subresource}");
                }
                (
                    text(&event["verb"]),
                    resource,
                    event["responseStatus"]["code"].as_u64().unwrap_or_default(),
                )
            })
            .collect()
    }

    /// Makes namespaces that are not there yet.
    pub fn namespaces(&self, names: &[&str]) {
        for name in names {
            self.apply(&format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"))
                .success();
        }
    }
}

/// cert-manager's own definitions, from the module that tests/kubelab is built with.
fn cert_manager_definitions() -> PathBuf {
    let output = Command::new("go")
        .args(["list", "-m", "-f", "{{.Dir}}", "github.com/cert-manager/cert-manager"])
        .current_dir(repository("tests/kubelab/controlplane"))
        .output()
        .expect("go");
    let module = String::from_utf8(output.stdout).unwrap();
    let folder = Path::new(module.trim()).join("deploy/crds");
    assert!(folder.is_dir(), "no definitions in {}", folder.display());
    folder
}

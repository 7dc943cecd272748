//! A real API server with etcd and the controllers, one for all tests of a run.

use super::access::Access;
use super::tools::{program, repository, run};
use std::fs::File;
use std::net::TcpListener;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

/// A running control plane.
pub struct ControlPlane {
    folder: PathBuf,
    access: Access,
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
        run(
            &repository("tests/kubelab/up.sh"),
            [&dir],
            &[("APISERVER_ARGS", Path::new(&audit_log(&dir)))],
            "",
        )
        .success();
        Self {
            access: Access::new(dir.join("admin.kubeconfig")),
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

    /// Installs cert-manager: its definitions and its real issuing controllers.
    pub fn add_cert_manager(&self) {
        let definitions = cert_manager_definitions();
        self.kubectl(&["apply", "--server-side", "-f", definitions.to_str().unwrap()])
            .success();
        self.kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"])
            .success();
        self.namespaces(&["cert-manager"]);
        let kubeconfig = format!("--kubeconfig={}", self.kubeconfig().display());
        let program = program("cert-manager");
        self.spawn("cert-manager", [program.to_str().unwrap(), &kubeconfig]);
    }

    /// Installs the definition of the Gateway API's HTTPRoute.
    pub fn add_http_routes(&self) {
        let definition = module("sigs.k8s.io/gateway-api").join("config/crd/standard/gateway.networking.k8s.io_httproutes.yaml");
        self.kubectl(&["apply", "--server-side", "-f", definition.to_str().unwrap()])
            .success();
    }

    /// Starts a program in a session of its own, as up.sh does: down.sh ends it by its id.
    fn spawn<'a>(&self, name: &str, command: impl IntoIterator<Item = &'a str>) {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.join(format!("log/{name}.log")))
            .unwrap();
        let started = Command::new("setsid")
            .args(["--fork", "sh", "-c", &format!("echo \"$$ {name}\" >>pids; exec \"$0\" \"$@\"")])
            .args(command)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .status()
            .unwrap();
        assert!(started.success());
    }

    /// The audit log so far, in the order in which requests were answered.
    pub fn audit(&self) -> Vec<serde_json::Value> {
        let log = std::fs::read_to_string(self.folder.join("audit.log")).unwrap();
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Every request of this user so far: verb, resource with its subresource, and the answer's code.
    pub fn requests_of(&self, user: &str) -> Vec<(String, String, u64)> {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        self.audit()
            .iter()
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

    /// Kills the API server and starts it again as it was: every watch breaks.
    pub fn restart_api_server(&self) {
        let pids = std::fs::read_to_string(self.folder.join("pids")).unwrap();
        let pid = pids
            .lines()
            .filter_map(|line| line.strip_suffix(" kube-apiserver"))
            .next_back()
            .unwrap()
            .to_owned();
        let command = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap();
        run(Path::new("kill"), ["-s", "KILL", &pid], &[], "").success();
        let flag = |name: &str| command.split('\0').find_map(|argument| argument.strip_prefix(name)).unwrap();
        let address = format!("{}:{}", flag("--bind-address="), flag("--secure-port="));
        // A process that is killed keeps its port until the last of its threads is gone, and its successor gives up if the port is taken.
        while TcpListener::bind(&address).is_err() {
            std::thread::yield_now();
        }
        self.spawn("kube-apiserver", command.split('\0').filter(|argument| !argument.is_empty()));
        let begun = std::time::Instant::now();
        while !self.kubectl(&["get", "--raw", "/readyz"]).ok {
            assert!(begun.elapsed().as_secs() < 120, "the API server does not come back");
        }
    }
}

impl Deref for ControlPlane {
    type Target = Access;

    fn deref(&self) -> &Access {
        &self.access
    }
}

/// Arguments that make the API server write down who asked for what, and what the answer was; never what was in it.
pub fn audit_log(dir: &Path) -> String {
    let policy = dir.join("audit-policy.yaml");
    let rules = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Metadata}]\n";
    std::fs::write(&policy, rules).unwrap();
    format!(
        "--audit-policy-file={} --audit-log-path={}/audit.log",
        policy.display(),
        dir.display()
    )
}

/// cert-manager's own definitions, from the module that tests/kubelab is built with.
fn cert_manager_definitions() -> PathBuf {
    module("github.com/cert-manager/cert-manager").join("deploy/crds")
}

/// The folder of a module that tests/kubelab is built with.
fn module(name: &str) -> PathBuf {
    let output = Command::new("go")
        .args(["list", "-m", "-f", "{{.Dir}}", name])
        .current_dir(repository("tests/kubelab/controlplane"))
        .output()
        .expect("go");
    let folder = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim());
    assert!(folder.is_dir(), "{name} is not there: run scripts/setup");
    folder
}

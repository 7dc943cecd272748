//! A cluster with a real node: Pods are real processes with addresses that this machine reaches. `tests/kubelab/README.md` says how.

use super::access::Access;
use super::control_plane::audit_log;
use super::image::archives;
use super::tools::{Said, cache, repository, run};
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Write};
use std::net::IpAddr;
use std::ops::Deref;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// A running cluster. All of it ends when this is dropped or this process ends, however it does.
pub struct NodeCluster {
    access: Access,
    /// The first process of its namespaces.
    init: String,
    /// This machine's address, as Pods reach it.
    pub host: String,
    /// The addresses of its Pods, for who lets them in.
    pub pods: String,
    /// Its standard input is what keeps the cluster alive.
    life: Child,
}

impl NodeCluster {
    /// A fresh, empty one, with cert-manager if wanted. `None` where the machine does not allow it, which the output then says.
    pub fn start(cert_manager: bool) -> Option<Self> {
        match Self::try_to_start(cert_manager) {
            Ok(cluster) => Some(cluster),
            Err(reason) => {
                say_once(&reason);
                None
            }
        }
    }

    fn try_to_start(cert_manager: bool) -> Result<Self, String> {
        if !cache("kubelab/ctr/usr/bin/containerd").exists() {
            return Err("there is no containerd; scripts/setup unpacks it, as root, from a Debian mirror".to_owned());
        }
        let images: Vec<&OsStr> = archives().paths.iter().map(|path| path.as_os_str()).collect();
        // A short path: etcd listens on unix sockets in it.
        let dir = tempfile::Builder::new().prefix("nauthera-").tempdir_in("/tmp").unwrap().keep();
        let mut life = Command::new(repository("tests/kubelab/node/cluster.sh"))
            .arg(&dir)
            .env("IMAGES", images.join(OsStr::new(" ")))
            .env("CERTMANAGER", if cert_manager { "1" } else { "0" })
            .env("APISERVER_ARGS", audit_log(&dir))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = Vec::new();
        for line in BufReader::new(life.stdout.take().unwrap()).lines().map_while(Result::ok) {
            if let Some(reason) = line.strip_prefix("impossible: ") {
                life.wait().unwrap();
                return Err(reason.to_owned());
            }
            if line == "ready" {
                let value = |name: &str| {
                    let found = said.iter().find_map(|line: &String| line.strip_prefix(name)?.strip_prefix('='));
                    found
                        .unwrap_or_else(|| panic!("cluster.sh does not say {name}: {said:?}"))
                        .to_owned()
                };
                return Ok(Self {
                    access: Access::new(value("KUBECONFIG").into()),
                    init: value("INIT"),
                    host: value("HOST"),
                    pods: value("PODS"),
                    life,
                });
            }
            said.push(line);
        }
        panic!("the cluster did not get ready ({}); see above", life.wait().unwrap());
    }

    /// Runs something on the node: in its network, among its processes, with its mounts.
    pub fn on_the_node<S: AsRef<OsStr>>(&self, command: impl IntoIterator<Item = S>) -> Said {
        let mut arguments: Vec<OsString> = ["--target", &self.init, "--net", "--mount", "--pid"].map(OsString::from).into();
        arguments.extend(command.into_iter().map(|word| word.as_ref().to_owned()));
        run(Path::new("nsenter"), arguments, &[], "")
    }

    /// Sends a signal to the program in a Pod, by its name without SIG.
    #[track_caller]
    pub fn signal(&self, namespace: &str, pod: &str, name: &str) {
        let container = self.kubectl(&[
            "-n",
            namespace,
            "get",
            "pod",
            pod,
            "-o",
            "jsonpath={.status.containerStatuses[0].containerID}",
        ]);
        let container = container.success();
        let id = container.strip_prefix("containerd://").unwrap();
        // Its cgroup bears its name.
        let script = format!("kill -{name} $(grep -l {id} /proc/[0-9]*/cgroup | cut -d/ -f3)");
        self.on_the_node(["sh", "-c", &script]).success();
    }

    /// Runs something in the network of the Pod that has this address.
    pub fn in_the_network_of(&self, address: IpAddr, command: &[&str]) -> Said {
        let script = r#"for net in /run/netns/*; do nsenter --net="$net" ip -o addr | grep -qF " $0/" && exec nsenter --net="$net" "$@"; done; echo "no Pod has $0" >&2; exit 1"#;
        let address = address.to_string();
        let words = ["sh", "-c", script, &address].into_iter().chain(command.iter().copied());
        self.on_the_node(words)
    }

    /// Ends it, and looks at what is left: nothing.
    pub fn end(self) {
        let (init, host, folder) = (self.init.clone(), self.host.clone(), self.kubeconfig().parent().unwrap().to_owned());
        assert!(Path::new("/proc").join(&init).exists() && folder.exists());
        drop(self);
        assert!(
            !Path::new("/proc").join(&init).exists(),
            "the first process of the namespaces is still there"
        );
        assert!(!folder.exists(), "{} is still there", folder.display());
        let routes = run(Path::new("ip"), ["route"], &[], "").success();
        assert!(!routes.contains(&host), "{routes}");
    }
}

impl Deref for NodeCluster {
    type Target = Access;

    fn deref(&self) -> &Access {
        &self.access
    }
}

impl Drop for NodeCluster {
    fn drop(&mut self) {
        drop(self.life.stdin.take());
        let _ = self.life.wait();
    }
}

/// The gate repeats lines that begin so. Straight to the stream: the harness keeps what a passing test prints to itself.
fn say_once(reason: &str) {
    static SAID: OnceLock<()> = OnceLock::new();
    SAID.get_or_init(|| {
        let line = format!("\nNOT CHECKED: the platform as real Pods, because there can be no Kubernetes node here: {reason}\n");
        let _ = std::io::stderr().write_all(line.as_bytes());
    });
}

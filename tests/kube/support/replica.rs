//! A replica as a process beside the cluster, which EndpointSlices written by hand tell of.

use super::access::Access;
use super::tools::run;
use crate::process::Process;
use base64::Engine;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::OnceLock;

/// An address of this machine that its loopback interface carries: EndpointSlices may not hold 127.0.0.0/8. It goes by itself: several runs
/// may use it at once, so none may take it away.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 244, 78, 1);

/// An address that EndpointSlices may hold and that no packet to which leaves this machine. `None` where that cannot be had, which the
/// output then says.
pub fn address() -> Option<Ipv4Addr> {
    static HAD: OnceLock<bool> = OnceLock::new();
    let had = *HAD.get_or_init(|| {
        let address = format!("{ADDRESS}/32");
        let said = run(Path::new("ip"), ["address", "replace", &address, "dev", "lo", "valid_lft", "7200", "preferred_lft", "7200"], &[], "");
        if !said.ok {
            println!("SKIPPED: replicas as processes need an address of their own, and `ip address replace {address} dev lo` was refused (root?): {}", said.err);
        }
        said.ok
    });
    had.then_some(ADDRESS)
}

/// A running replica of the AuthServer `main`.
pub struct Replica {
    pub process: Process,
    /// Where it serves HTTP
    pub http: SocketAddr,
    /// Where it takes its configuration
    pub config: SocketAddr,
    namespace: String,
    pod: String,
    _folder: tempfile::TempDir,
}

impl Replica {
    /// Starts a process that has what the pod would have mounted, without a configuration. No EndpointSlice tells of it yet.
    pub fn start(cluster: &Access, address: Ipv4Addr, namespace: &str, pod: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(&path).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let (tls, kek, data) = (path("tls"), path("kek"), path("data"));
        mount(cluster, namespace, "secret/main-config-server", &tls);
        mount(cluster, namespace, "secret/main-kek", &kek);
        let mut process = Process::start(
            &["serve"],
            &[
                ("NAUTHERA_LISTEN", "127.0.0.1:0"),
                ("NAUTHERA_DATA", &data),
                ("NAUTHERA_AUTH_SERVER", &format!("{namespace}/main")),
                ("NAUTHERA_CONFIG_LISTEN", &format!("{address}:0")),
                ("NAUTHERA_CONFIG_TLS", &tls),
                ("NAUTHERA_CONFIG_CLIENT_NAME", &format!("operator.main-config.{namespace}.svc")),
                ("NAUTHERA_KEK", &kek),
                ("NAUTHERA_WORKERS", "1"),
            ],
        );
        let mut field = |name: &str| -> SocketAddr {
            let line = process.line(name, |line| line.contains(&format!(r#""{name}":"#)));
            let line: Value = serde_json::from_str(&line).unwrap();
            line[name].as_str().unwrap().parse().unwrap()
        };
        Self {
            http: field("address"),
            config: field("config_address"),
            process,
            namespace: namespace.to_owned(),
            pod: pod.to_owned(),
            _folder: folder,
        }
    }

    /// An EndpointSlice tells of it, as of a pod whose readiness probe says so.
    pub fn announce(&self, cluster: &Access, ready: bool) {
        let slice = json!({
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": format!("main-config-{}", self.pod),
                "namespace": self.namespace,
                // As Kubernetes takes them over from the Service
                "labels": {
                    "kubernetes.io/service-name": "main-config",
                    "app.kubernetes.io/instance": "main",
                    "app.kubernetes.io/managed-by": "nauthera",
                },
            },
            "addressType": "IPv4",
            "ports": [{"name": "config", "port": self.config.port()}],
            "endpoints": [{
                "addresses": [self.config.ip()],
                "conditions": {"ready": true, "serving": ready, "terminating": false},
                "targetRef": {"kind": "Pod", "name": self.pod, "namespace": self.namespace, "uid": format!("{}-{}", self.pod, self.process.id())},
            }],
        });
        cluster.apply(&slice.to_string()).success();
    }

    /// An EndpointSlice tells of it as of a pod that starts, and of one that serves once it is ready.
    pub fn join(&mut self, cluster: &Access) {
        self.announce(cluster, false);
        self.until_ready();
        self.announce(cluster, true);
    }

    /// The status and the body of an answer.
    pub fn get(&self, path: &str) -> (u16, String) {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.http))
    }

    /// Waits until it is ready, as a readiness probe would.
    pub fn until_ready(&mut self) {
        self.process.line("that it is ready", |line| line.contains(r#""message":"ready""#));
        assert_eq!(self.get("/readyz").0, 200);
    }

    /// The lifetime of a token by client credentials, in seconds; else what was answered.
    pub fn token(&self, id: &str, secret: &str) -> Result<u64, String> {
        let credentials = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"));
        let body = "grant_type=client_credentials";
        let (status, answer) = self.send(&format!(
            "POST /token HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Basic {credentials}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.http,
            body.len()
        ));
        if status != 200 {
            return Err(format!("{status} {answer}"));
        }
        let answer: Value = serde_json::from_str(&answer).unwrap();
        Ok(answer["expires_in"].as_u64().unwrap())
    }

    fn send(&self, request: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.http).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }
}

/// Writes each value of a Secret into a file, as kubelet mounts it.
fn mount(cluster: &Access, namespace: &str, secret: &str, folder: &str) {
    cluster.until(namespace, secret, "create");
    for (name, value) in cluster.get(namespace, secret)["data"].as_object().unwrap() {
        let value = base64::engine::general_purpose::STANDARD.decode(value.as_str().unwrap()).unwrap();
        std::fs::write(Path::new(folder).join(name), value).unwrap();
    }
}

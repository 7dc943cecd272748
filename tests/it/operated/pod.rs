//! What a pod has mounted, and the process in it.

use crate::support::platform::{service, snapshot};
use crate::support::postgres;
use crate::support::process::Process;
use crate::support::replica::{OPERATOR, REPLICA};
pub use crate::support::replica::{SERVER, send, taken};
use nauthera::config::revision;
use nauthera::config::snapshot::{Position, Snapshot};
use nauthera::grpc::client::{ClientTls, Link};
use nauthera::grpc::identity::Pem;
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// The folders that outlive a process, and the authority of both sides' certificates.
pub struct Pod {
    authority: CertifiedIssuer<'static, KeyPair>,
    tls: tempfile::TempDir,
    pub kek: tempfile::TempDir,
    pub data: tempfile::TempDir,
    /// Further settings
    pub settings: Vec<(&'static str, String)>,
}

impl Pod {
    /// On SQLite below its data folder.
    pub fn new() -> Self {
        let folder = || tempfile::tempdir().unwrap();
        let pod = Self {
            authority: postgres::authority(),
            tls: folder(),
            kek: folder(),
            data: folder(),
            settings: Vec::new(),
        };
        let pem = pod.certificate(REPLICA);
        for (name, bytes) in [("tls.crt", pem.certificate), ("tls.key", pem.key), ("ca.crt", pem.authorities)] {
            std::fs::write(pod.tls.path().join(name), bytes).unwrap();
        }
        pod.put_key("2026-01", 1);
        pod
    }

    /// On a PostgreSQL database whose URL is in a file, as a mounted Secret has it.
    pub fn on_postgres(url: &str) -> Self {
        let pod = Self::new();
        let file = pod.data.path().join("url");
        std::fs::write(&file, format!("{url}\n")).unwrap();
        pod.with("NAUTHERA_DATABASE_URL_FILE", file.to_str().unwrap())
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.settings.push((name, value.to_owned()));
        self
    }

    /// A key-encryption key of these bytes.
    pub fn put_key(&self, id: &str, byte: u8) {
        std::fs::write(self.kek.path().join(id), [byte; 32]).unwrap();
    }

    fn certificate(&self, name: &str) -> Pem {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        Pem {
            certificate: params.signed_by(&key, &self.authority).unwrap().pem().into_bytes(),
            key: key.serialize_pem().into_bytes(),
            authorities: self.authority.pem().into_bytes(),
        }
    }

    /// Starts the process, without waiting for anything.
    pub fn launch(&self) -> Process {
        let mut all = vec![
            ("NAUTHERA_LISTEN", "127.0.0.1:0"),
            ("NAUTHERA_DATA", self.data.path().to_str().unwrap()),
            ("NAUTHERA_AUTH_SERVER", SERVER),
            ("NAUTHERA_CONFIG_LISTEN", "127.0.0.1:0"),
            ("NAUTHERA_CONFIG_TLS", self.tls.path().to_str().unwrap()),
            ("NAUTHERA_CONFIG_CLIENT_NAME", OPERATOR),
            ("NAUTHERA_KEK", self.kek.path().to_str().unwrap()),
            ("NAUTHERA_WORKERS", "1"),
            ("NAUTHERA_LOG", "info,nauthera=debug"),
        ];
        all.extend(self.settings.iter().map(|(name, value)| (*name, value.as_str())));
        Process::start(&["serve"], &all)
    }

    /// Starts the process and waits until it listens on both ports.
    pub fn start(&self) -> Replica {
        let mut process = self.launch();
        let mut field = |name: &str| {
            let line = process.line(name, |line| line.contains(&format!(r#""{name}":"#)));
            let line: serde_json::Value = serde_json::from_str(&line).unwrap();
            line[name].as_str().unwrap().to_owned()
        };
        let address = field("address");
        let config = field("config_address").parse().unwrap();
        Replica { process, address, config }
    }

    /// The operator's connection to a replica.
    pub async fn link(&self, replica: &Replica) -> Link {
        let tls = ClientTls::new(&self.certificate(OPERATOR)).unwrap();
        Link::connect(replica.config, REPLICA, &tls).await.unwrap()
    }
}

/// A process that listens.
pub struct Replica {
    pub process: Process,
    pub address: String,
    pub config: SocketAddr,
}

impl Replica {
    /// Waits until it says that it is ready.
    pub fn ready(&mut self) {
        self.process.said("that it is ready", |line| line.contains(r#""message":"ready""#));
    }

    /// The status and the body of an answer.
    pub fn get(&self, path: &str) -> (u16, String) {
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        ))
    }

    /// The lifetime of a token that the service `id` of [`configuration`] gets.
    pub fn token_lifetime(&self, id: &str) -> u64 {
        let body = format!("grant_type=client_credentials&client_id={id}&client_secret={}", secret(id));
        let (status, answer) = self.send(&format!(
            "POST /token HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        ));
        assert_eq!(status, 200, "{answer}");
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        answer["expires_in"].as_u64().unwrap()
    }

    fn send(&self, request: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }

    /// As a node that loses its power.
    pub fn kill(self) {
        self.process.signal("KILL");
        self.process.ended();
    }
}

/// The secret of a service of [`configuration`].
pub fn secret(id: &str) -> String {
    format!("secret-of-{id}")
}

/// A configuration with these services, whose tokens live for `seconds`.
pub fn configuration(ids: &[&str], seconds: u64) -> Snapshot {
    let mut snapshot = snapshot("", Vec::new());
    for id in ids {
        let mut client = service(id, &secret(id));
        client.limits.access_token_ttl = Duration::from_secs(seconds);
        snapshot.clients.insert(client.id.clone(), Arc::new(client));
    }
    snapshot.revision = revision::of(&snapshot);
    snapshot
}

/// In the first leader's term.
pub fn nth(sequence: u64) -> Position {
    Position { fence: 1, sequence }
}

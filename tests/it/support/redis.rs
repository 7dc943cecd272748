//! Real Redis servers for tests: each on loopback in a folder of its own, gone when it is dropped and when the test binary ends.

use super::postgres::authority;
use rcgen::{CertificateParams, CertifiedIssuer, DnType, KeyPair};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Runs beside the tests: it does what a line of its stdin orders, and ends the server when that pipe closes, which the kernel does however the
/// test binary ends. Its stdout is the server's log and its own answers.
const WATCHDOG: &str = r#"
trap '' INT TERM HUP
server() { kill "-$1" "$(cat pid)"; }
while read -r order; do
    case $order in
        start)
            rm -f pid
            { sh -c 'echo $$ >pid; exec "$SERVER" redis.conf $MODE'; echo gone; } </dev/null 2>&1 &
            ;;
        KILL) server KILL; wait; echo done ;;
        STOP | CONT) server "$order"; echo done ;;
    esac
done 2>/dev/null
server KILL 2>/dev/null
wait
"#;

/// Longer than a server that is well ever takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a server is started with; by default it takes anyone, without TLS.
#[derive(Clone, Default)]
pub struct Options {
    /// Of the user `default`, who may do everything
    pub password: Option<&'static str>,
    /// One more user: name, password, and rights as `ACL SETUSER` takes them
    pub user: Option<(&'static str, &'static str, &'static str)>,
    /// TLS only, with a certificate for `localhost`
    pub tls: bool,
    /// With TLS: only for clients with a certificate of [`Redis::client`]
    pub client_certificates: bool,
    /// A sentinel, which watches others, instead of a server that keeps something
    pub sentinel: bool,
    /// Lines for `redis.conf`
    pub settings: &'static [&'static str],
}

/// The server.
pub struct Redis {
    port: u16,
    options: Options,
    authority: CertifiedIssuer<'static, KeyPair>,
    /// Ends before the folder goes, which the server writes to
    watchdog: Mutex<Watchdog>,
    folder: tempfile::TempDir,
}

struct Watchdog {
    process: Child,
    /// Held open for as long as the server is needed
    orders: Option<ChildStdin>,
    said: Receiver<String>,
}

/// One that takes anyone.
pub fn start() -> Redis {
    start_with(Options::default())
}

/// One of these options. It answers when this returns.
pub fn start_with(options: Options) -> Redis {
    let mut said = String::new();
    // Another process may take the port that was free a moment ago: then once more.
    for _ in 0..5 {
        let server = prepare(options.clone());
        match server.begin() {
            Ok(()) => return server,
            Err(reason) => said = reason,
        }
    }
    panic!("Redis did not start. Run scripts/setup, which installs it. It said:\n{said}");
}

fn prepare(options: Options) -> Redis {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (authority, folder) = (authority(), tempfile::Builder::new().prefix("nauthera-redis.").tempdir().unwrap());
    let mut lines =
        "bind 127.0.0.1\nunixsocket socket\nsave \"\"\nappendonly no\nmaxmemory 64mb\nmaxmemory-policy allkeys-lru\n".to_owned();
    if options.tls {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap();
        for (name, text) in [
            ("ca.crt", authority.as_ref().pem()),
            ("tls.crt", certificate.signed_by(&key, &authority).unwrap().pem()),
            ("tls.key", key.serialize_pem()),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let clients = if options.client_certificates { "yes" } else { "optional" };
        lines.push_str("port 0\ntls-ca-cert-file ca.crt\ntls-cert-file tls.crt\ntls-key-file tls.key\n");
        writeln!(lines, "tls-port {port}\ntls-auth-clients {clients}").unwrap();
    } else {
        writeln!(lines, "port {port}").unwrap();
    }
    if let Some(password) = options.password {
        writeln!(lines, "requirepass \"{password}\"").unwrap();
    }
    if let Some((name, password, rights)) = options.user {
        writeln!(lines, "user {name} on >{password} {rights}").unwrap();
    }
    for line in options.settings {
        writeln!(lines, "{line}").unwrap();
    }
    std::fs::write(folder.path().join("redis.conf"), lines).unwrap();
    let mut process = Command::new("sh")
        .args(["-c", WATCHDOG])
        .env("SERVER", binary())
        .env("MODE", if options.sentinel { "--sentinel" } else { "" })
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (sender, said) = channel();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let orders = process.stdin.take();
    let watchdog = Mutex::new(Watchdog { process, orders, said });
    Redis {
        port,
        options,
        authority,
        watchdog,
        folder,
    }
}

fn binary() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let found = ["redis-server", "valkey-server"]
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    let mut found = found.filter(|program| program.exists());
    found
        .next()
        .expect("this machine has no Redis server (no redis-server or valkey-server on PATH). Run scripts/setup, which installs it")
}

impl Redis {
    /// Where it listens, on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its URL, for the user with all rights.
    pub fn url(&self) -> String {
        match self.options.password {
            Some(password) => self.url_of(&format!(":{password}@")),
            None => self.url_of(""),
        }
    }

    /// Its URL, for the user of its options.
    pub fn url_of_user(&self) -> String {
        let (name, password, _) = self.options.user.expect("it was started with a user");
        self.url_of(&format!("{name}:{password}@"))
    }

    /// Its URL for whoever is named as in a URL, for example `user:password@`.
    pub fn url_of(&self, who: &str) -> String {
        match self.options.tls {
            true => format!("rediss://{who}localhost:{}/0", self.port),
            false => format!("redis://{who}127.0.0.1:{}/0", self.port),
        }
    }

    /// PEM of the authority that issued its certificate.
    pub fn authority(&self) -> String {
        self.authority.as_ref().pem()
    }

    /// PEM of a client certificate, and of its key.
    pub fn client(&self) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, "client");
        (parameters.signed_by(&key, &self.authority).unwrap().pem(), key.serialize_pem())
    }

    /// What the server answers to one command of the user with all rights, by its local socket; a list in lines.
    pub fn ask(&self, command: &[&str]) -> Result<String, String> {
        let mut stream = UnixStream::connect(self.folder.path().join("socket")).map_err(|error| error.to_string())?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut answers = BufReader::new(stream.try_clone().unwrap());
        if let Some(password) = self.options.password {
            send(&mut stream, &["AUTH", password]);
            answer(&mut answers)?;
        }
        send(&mut stream, command);
        answer(&mut answers)
    }

    /// Ends it at once (SIGKILL): what it held is lost.
    pub fn kill(&self) {
        self.order("KILL");
    }

    /// Starts it anew on the same port, after [`Redis::kill`]. It answers when this returns.
    pub fn start_again(&self) {
        self.begin()
            .unwrap_or_else(|said| panic!("Redis did not start again. It said:\n{said}"));
    }

    /// Stops it where it is (SIGSTOP): connections stay open, nothing is answered.
    pub fn freeze(&self) {
        self.order("STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.order("CONT");
    }

    fn begin(&self) -> Result<(), String> {
        let mut watchdog = self.watchdog();
        watchdog.order("start");
        let mut log = String::new();
        loop {
            let line = watchdog.said.recv_timeout(PATIENCE).map_err(|error| format!("{log}{error}"))?;
            if line == "gone" {
                return Err(log);
            }
            if line.contains("Ready to accept connections") || line.contains("Sentinel ID is") {
                break;
            }
            writeln!(log, "{line}").unwrap();
        }
        drop(watchdog);
        self.ask(&["PING"]).map(drop)
    }

    fn order(&self, order: &str) {
        let mut watchdog = self.watchdog();
        watchdog.order(order);
        while watchdog.said.recv_timeout(PATIENCE).expect("the watchdog does it in time") != "done" {}
    }

    fn watchdog(&self) -> MutexGuard<'_, Watchdog> {
        self.watchdog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watchdog {
    fn order(&mut self, order: &str) {
        writeln!(self.orders.as_ref().unwrap(), "{order}").unwrap();
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.process.wait();
    }
}

fn send(stream: &mut UnixStream, command: &[&str]) {
    let mut text = format!("*{}\r\n", command.len());
    for word in command {
        write!(text, "${}\r\n{word}\r\n", word.len()).unwrap();
    }
    stream.write_all(text.as_bytes()).unwrap();
}

/// One answer (RESP 2).
fn answer(from: &mut BufReader<UnixStream>) -> Result<String, String> {
    let mut line = String::new();
    from.read_line(&mut line).map_err(|error| error.to_string())?;
    let (kind, rest) = line.trim_end().split_at_checked(1).ok_or("it closed the connection")?;
    let length = || rest.parse::<usize>().ok();
    match (kind, length()) {
        ("-", _) => Err(rest.to_owned()),
        ("$", Some(length)) => {
            let mut text = vec![0; length + 2];
            from.read_exact(&mut text).map_err(|error| error.to_string())?;
            Ok(String::from_utf8_lossy(&text[..length]).into_owned())
        }
        ("*", Some(length)) => {
            let answers: Result<Vec<String>, String> = (0..length).map(|_| answer(from)).collect();
            Ok(answers?.join("\n"))
        }
        _ => Ok(rest.to_owned()),
    }
}

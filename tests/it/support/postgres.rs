//! A real PostgreSQL server for this test binary: started once, on loopback, in a folder of its own, gone when the binary is.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use tokio_postgres::NoTls;

/// Runs beside the tests: it makes the server, says `ready`, does what a line of its stdin orders, and ends the server when that pipe closes, which
/// the kernel does however the test binary ends.
const WATCHDOG: &str = r#"
trap '' INT TERM HUP
folder=$(mktemp -d "${TMPDIR:-/tmp}/nauthera-postgres.XXXXXX") || exit 1
cd "$folder" || exit 1
trap 'rm -rf "$folder"' EXIT
{
    "$BIN/initdb" --no-sync --auth=trust --username=postgres --encoding=UTF8 --locale=C -D data &&
    printf '%s' "$CERTIFICATE" >data/server.crt && printf '%s' "$AUTHORITY" >data/root.crt && (umask 077 && printf '%s' "$KEY" >data/server.key) &&
    printf '%s\n' 'host all needs_password 127.0.0.1/32 scram-sha-256' 'hostssl all by_certificate 127.0.0.1/32 cert' 'host all by_certificate 127.0.0.1/32 reject' "$ADMIT" | cat - data/pg_hba.conf >hba && cp hba data/pg_hba.conf &&
    "$BIN/pg_ctl" -D data -l log -w -t 60 -o "-c listen_addresses=$ADDRESSES -c port=$PORT -c unix_socket_directories=$folder \
        -c ssl=on -c ssl_ca_file=root.crt -c log_line_prefix=%d: -c fsync=off -c full_page_writes=off -c synchronous_commit=$COMMIT -c max_connections=400 -c shared_buffers=64MB" start
} >setup 2>&1 </dev/null || { cat setup log 2>/dev/null; exit 1; }
echo ready
master() { head -n 1 data/postmaster.pid; }
# The first process, so that it makes no more of them, then those that it made.
freeze() {
    kill -STOP "$(master)" && kill -STOP $(sed -n "s/^\([0-9]*\) (.*) [A-Z] $(master) .*/\1/p" /proc/[0-9]*/stat 2>/dev/null)
    true
}
thaw() { kill -CONT $(sed -n "s/^\([0-9]*\) (.*) [A-Z] $(master) .*/\1/p" /proc/[0-9]*/stat 2>/dev/null) "$(master)"; }
while read -r order how; do
    case $order in
        restart) "$BIN/pg_ctl" -D data -l log -w -t 60 -m "$how" restart ;;
        freeze | thaw) "$order" ;;
    esac >>setup 2>&1 </dev/null && echo done || tail -n 1 setup
done
thaw >/dev/null 2>&1
"$BIN/pg_ctl" -D data -m immediate stop >/dev/null 2>&1
"#;

/// The server.
pub struct Postgres {
    port: u16,
    /// Issued its certificate, and those of whoever logs in as `by_certificate`
    authority: CertifiedIssuer<'static, KeyPair>,
    /// Holds the watchdog's stdin open for as long as the server is needed.
    orders: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    _watchdog: Child,
}

/// The server of this test binary.
pub fn server() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(|| start_with("127.0.0.1", &["localhost"], "", "off"))
}

/// One for a test that stops it: it keeps what it acknowledged, and is gone when this is dropped.
#[allow(dead_code, reason = "it is for tests/faults")]
pub fn start_own() -> Postgres {
    start_with("127.0.0.1", &["localhost"], "", "on")
}

/// One that also listens on another address of this machine, with TLS for that name, and lets a network in (`198.18.0.0/22`), by password only.
#[allow(dead_code, reason = "it is for tests/kube")]
pub fn start_for(address: &str, network: &str) -> Postgres {
    let admit = format!("hostssl all all {network} scram-sha-256");
    start_with(&format!("127.0.0.1,{address}"), &["localhost", address], &admit, "off")
}

fn start_with(addresses: &str, names: &[&str], admit: &str, commit: &str) -> Postgres {
    let mut said = String::new();
    // Another process may take the port that was free a moment ago: then once more.
    for _ in 0..5 {
        match start(addresses, names, admit, commit) {
            Ok(server) => return server,
            Err(reason) => said = reason,
        }
    }
    panic!("PostgreSQL did not start. Run scripts/setup, which installs it. It said:\n{said}");
}

fn start(addresses: &str, names: &[&str], admit: &str, commit: &str) -> Result<Postgres, String> {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (issuer, key) = (authority(), KeyPair::generate().unwrap());
    let certificate = CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
    let certificate = certificate.signed_by(&key, &issuer).unwrap().pem();
    let mut watchdog = as_an_ordinary_user()
        .args(["sh", "-c", WATCHDOG])
        .env("BIN", binaries())
        .env("PORT", port.to_string())
        .env("ADDRESSES", addresses)
        .env("ADMIT", admit)
        .env("COMMIT", commit)
        .env("CERTIFICATE", &certificate)
        .env("AUTHORITY", issuer.as_ref().pem())
        .env("KEY", key.serialize_pem())
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut said = BufReader::new(watchdog.stdout.take().unwrap());
    let mut first = String::new();
    said.read_line(&mut first).unwrap();
    if first.trim() == "ready" {
        return Ok(Postgres {
            port,
            authority: issuer,
            orders: Mutex::new((watchdog.stdin.take().unwrap(), said)),
            _watchdog: watchdog,
        });
    }
    said.read_to_string(&mut first).unwrap();
    watchdog.wait().unwrap();
    Err(first)
}

/// A certificate authority of this run.
pub fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

fn binaries() -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()))
        .filter(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists())
        .collect();
    found.sort_by_key(|folder| {
        let version = folder
            .parent()
            .and_then(Path::file_name)
            .and_then(|name| name.to_str()?.parse::<u32>().ok());
        std::cmp::Reverse(version)
    });
    found.into_iter().next().expect(
        "this machine has no PostgreSQL server (no initdb below /usr/lib/postgresql or on PATH). Run scripts/setup, which installs it",
    )
}

/// PostgreSQL refuses to run as root.
fn as_an_ordinary_user() -> Command {
    let output = |command: &str, arguments: &[&str]| {
        Command::new(command)
            .args(arguments)
            .output()
            .ok()
            .filter(|out| out.status.success())
    };
    let is_root = output("id", &["-u"]).is_some_and(|out| out.stdout.trim_ascii() == b"0");
    if !is_root {
        return Command::new("env");
    }
    let user = if output("id", &["-u", "postgres"]).is_some() {
        "postgres"
    } else {
        "nobody"
    };
    let group = output("id", &["-gn", user]).map_or_else(
        || "nogroup".to_owned(),
        |out| String::from_utf8(out.stdout).unwrap().trim().to_owned(),
    );
    let mut command = Command::new("setpriv");
    command.args([format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()]);
    command
}

impl Postgres {
    /// Where it listens, on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// PEM of the authority that issued its certificate, which is for `localhost` (and the address that it was started for) only.
    pub fn authority(&self) -> String {
        self.authority.as_ref().pem()
    }

    /// PEM of a client certificate for a role, and of its key.
    pub fn client(&self, role: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, role);
        (parameters.signed_by(&key, &self.authority).unwrap().pem(), key.serialize_pem())
    }

    /// Ends it and starts it again, and returns when it takes connections: `fast` as an administrator would, `immediate` as after a crash.
    #[allow(dead_code, reason = "it is for tests/faults")]
    pub fn restart(&self, how: &str) {
        self.order(&format!("restart {how}"));
    }

    /// Stops all its processes where they are (SIGSTOP).
    #[allow(dead_code, reason = "it is for tests/faults")]
    pub fn freeze(&self) {
        self.order("freeze");
    }

    /// Lets them go on.
    #[allow(dead_code, reason = "it is for tests/faults")]
    pub fn thaw(&self) {
        self.order("thaw");
    }

    fn order(&self, order: &str) {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(orders.0, "{order}").unwrap();
        let mut said = String::new();
        orders.1.read_line(&mut said).unwrap();
        assert_eq!(said.trim(), "done", "PostgreSQL, {order}");
    }

    /// The URL of a fresh, empty database of this server.
    pub async fn fresh_database(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.administer(&format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        self.url(&name)
    }

    /// The URL of a database whose schema is up to date, for a role that has no more rights than docs/storage.md says.
    #[allow(dead_code, reason = "it is for tests/it and tests/faults")]
    pub async fn fresh_database_of_rows(&self) -> String {
        let url = self.fresh_database().await;
        nauthera::store::migrate(&nauthera::store::StoreSettings::new(&url)).await.unwrap();
        let rights = "DO $$ BEGIN CREATE ROLE server LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
            REVOKE CREATE ON SCHEMA public FROM PUBLIC;
            GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO server;
            REVOKE INSERT, UPDATE, DELETE ON schema_migrations FROM server";
        execute(&url, rights).await;
        url.replacen("postgres://postgres@", "postgres://server@", 1)
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs statements as the superuser in the database `postgres`.
    pub async fn administer(&self, sql: &str) {
        execute(&self.url("postgres"), sql).await;
    }
}

/// Runs statements in the database of a URL.
pub async fn execute(url: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    let driver = tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
    drop(client);
    driver.await.unwrap().unwrap();
}

/// What the server wrote to its log for one database, its plans for example.
pub async fn log_of(database: &str) -> String {
    let (client, connection) = tokio_postgres::connect(&server().url("postgres"), NoTls).await.unwrap();
    tokio::spawn(connection);
    let folder = client.query_one("SHOW data_directory", &[]).await.unwrap().get::<_, String>(0);
    let log: String = client
        .query_one("SELECT pg_read_file($1)", &[&format!("{folder}/../log")])
        .await
        .unwrap()
        .get(0);
    let prefix = format!("{database}:");
    let mut ours = String::new();
    let mut taken = false;
    for line in log.lines() {
        // A line that continues a message begins with a tab.
        taken = if line.starts_with('\t') { taken } else { line.starts_with(&prefix) };
        if taken {
            ours.push_str(line);
            ours.push('\n');
        }
    }
    ours
}

//! A real OpenLDAP server: in a folder of its own, on loopback, gone when it is dropped or the test binary ends. Any number side by side.

use super::postgres::authority;
use base64::Engine;
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// Below this is everything.
pub const SUFFIX: &str = "dc=example,dc=org";
/// Who may read, and this is the password.
pub const READER: &str = "cn=reader,dc=example,dc=org";
/// The password of the reader.
pub const READER_PASSWORD: &str = "reader's secret";
/// Who may write; the password is `admin`.
pub const ADMIN: &str = "cn=admin,dc=example,dc=org";
/// The password of every person.
pub const PASSWORD: &str = "correct horse";

const CONFIGURATION: &str = r#"
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload ppolicy
TLSCACertificateFile ca.crt
TLSCertificateFile server.crt
TLSCertificateKeyFile server.key
sizelimit size.soft=500 size.hard=500 size.pr=1000 size.prtotal=unlimited
database mdb
suffix "dc=example,dc=org"
rootdn "cn=admin,dc=example,dc=org"
rootpw admin
directory data
maxsize 1073741824
dbnosync
index objectClass,uid,member,memberUid,entryUUID eq
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=reader,dc=example,dc=org" read by * none
overlay memberof
memberof-refint TRUE
overlay ppolicy
"#;

/// Runs beside the tests, and ends the server when its stdin closes, which the kernel does however the test binary ends.
const WATCHDOG: &str = r#"
trap '' INT TERM HUP
folder=$(mktemp -d "${TMPDIR:-/tmp}/nauthera-slapd.XXXXXX") || exit 1
cd "$folder" || exit 1
trap 'rm -rf "$folder"' EXIT
mkdir data && printf '%s' "$CONFIGURATION" >slapd.conf && printf '%s' "$AUTHORITY" >ca.crt && printf '%s' "$CERTIFICATE" >server.crt &&
(umask 077 && printf '%s' "$KEY" >server.key) || exit 1
read -r bytes && head -c "$bytes" >people.ldif && slapadd -q -f slapd.conf -l people.ldif >setup 2>&1 </dev/null || { cat setup; exit 1; }
# In the foreground: it does not leave the watchdog's hands.
start() {
    slapd -d 0 -f slapd.conf -h "ldap://127.0.0.1:$PORT ldaps://127.0.0.1:$TLS_PORT" >>setup 2>&1 </dev/null &
    server=$!
    until ldapwhoami -x -H "ldap://127.0.0.1:$PORT" >/dev/null 2>&1 </dev/null; do
        kill -0 "$server" 2>/dev/null || return 1
        sleep 0.05
    done
}
start || { cat setup; exit 1; }
echo ready
while read -r order; do
    case $order in
        freeze) kill -STOP "$server" ;;
        thaw) kill -CONT "$server" ;;
        kill) kill -KILL "$server"; wait "$server" 2>/dev/null; true ;;
        start) start ;;
    esac && echo done || tail -n 1 setup
done
kill -KILL "$server" 2>/dev/null
wait "$server" 2>/dev/null
"#;

/// The server.
pub struct Slapd {
    port: u16,
    tls_port: u16,
    authority: CertifiedIssuer<'static, KeyPair>,
    orders: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    watchdog: Child,
}

impl Drop for Slapd {
    fn drop(&mut self) {
        // Its stdin closes when the orders are dropped, which is after this: so it is not waited for here.
        let _ = self.watchdog.try_wait();
    }
}

/// One with these people and groups.
pub fn start(tree: &Tree) -> Slapd {
    start_as("localhost", tree)
}

/// One whose certificate is for this name.
pub fn start_as(name: &str, tree: &Tree) -> Slapd {
    let mut said = String::new();
    // Another process may take a port that was free a moment ago: then once more.
    for _ in 0..5 {
        match try_start(name, &tree.0) {
            Ok(server) => return server,
            Err(reason) => said = reason,
        }
    }
    panic!("OpenLDAP did not start. Run scripts/setup, which installs it. It said:\n{said}");
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn try_start(name: &str, ldif: &str) -> Result<Slapd, String> {
    let (port, tls_port) = (free_port(), free_port());
    let (issuer, key) = (authority(), KeyPair::generate().unwrap());
    let certificate = CertificateParams::new(vec![name.to_owned()])
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut watchdog = Command::new("sh")
        .args(["-c", WATCHDOG])
        .env("PATH", format!("{path}:/usr/sbin:/sbin"))
        .env("PORT", port.to_string())
        .env("TLS_PORT", tls_port.to_string())
        .env("CONFIGURATION", CONFIGURATION)
        .env("CERTIFICATE", certificate.pem())
        .env("AUTHORITY", issuer.as_ref().pem())
        .env("KEY", key.serialize_pem())
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut orders = watchdog.stdin.take().unwrap();
    let _ = write!(orders, "{}\n{ldif}", ldif.len());
    let _ = orders.flush();
    let mut said = BufReader::new(watchdog.stdout.take().unwrap());
    let mut first = String::new();
    said.read_line(&mut first).unwrap();
    if first.trim() == "ready" {
        return Ok(Slapd {
            port,
            tls_port,
            authority: issuer,
            orders: Mutex::new((orders, said)),
            watchdog,
        });
    }
    drop(orders);
    said.read_to_string(&mut first).unwrap();
    watchdog.wait().unwrap();
    Err(first)
}

impl Slapd {
    /// `ldap://`, without TLS unless it is asked for by StartTLS.
    pub fn url(&self) -> String {
        format!("ldap://localhost:{}", self.port)
    }

    /// `ldaps://`.
    pub fn tls_url(&self) -> String {
        format!("ldaps://localhost:{}", self.tls_port)
    }

    /// PEM of the authority that issued its certificate.
    pub fn authority(&self) -> String {
        self.authority.as_ref().pem()
    }

    /// Stops it where it is (SIGSTOP): connections are taken, nothing is answered.
    pub fn freeze(&self) {
        self.order("freeze");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.order("thaw");
    }

    /// Ends it at once (SIGKILL).
    pub fn kill(&self) {
        self.order("kill");
    }

    /// Starts it again after [`kill`](Self::kill), on the same ports; returns when it answers.
    pub fn start_again(&self) {
        self.order("start");
    }

    fn order(&self, order: &str) {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(orders.0, "{order}").unwrap();
        let mut said = String::new();
        orders.1.read_line(&mut said).unwrap();
        assert_eq!(said.trim(), "done", "OpenLDAP, {order}");
    }

    /// A connection of somebody who may write.
    pub async fn admin(&self) -> ldap3::Ldap {
        let (driver, mut ldap) = ldap3::LdapConnAsync::new(&format!("ldap://127.0.0.1:{}", self.port)).await.unwrap();
        tokio::spawn(driver.drive());
        ldap.simple_bind(ADMIN, "admin").await.unwrap().success().unwrap();
        ldap
    }
}

/// People and groups, as LDIF (RFC 2849).
pub struct Tree(String);

impl Default for Tree {
    /// The folders, and the reader.
    fn default() -> Self {
        let mut tree = Self(String::new());
        tree.entry(SUFFIX, &[("objectClass", "domain"), ("dc", "example")]);
        tree.entry(
            READER,
            &[
                ("objectClass", "organizationalRole"),
                ("objectClass", "simpleSecurityObject"),
                ("cn", "reader"),
                ("userPassword", READER_PASSWORD),
            ],
        );
        for folder in ["people", "groups"] {
            tree.entry(
                &format!("ou={folder},{SUFFIX}"),
                &[("objectClass", "organizationalUnit"), ("ou", folder)],
            );
        }
        tree
    }
}

impl Tree {
    /// Adds an entry.
    pub fn entry(&mut self, dn: &str, attributes: &[(&str, &str)]) {
        let encode = |value: &str| base64::engine::general_purpose::STANDARD.encode(value);
        writeln!(self.0, "dn:: {}", encode(dn)).unwrap();
        for (name, value) in attributes {
            writeln!(self.0, "{name}:: {}", encode(value)).unwrap();
        }
        self.0.push('\n');
    }

    /// Adds a person, and returns their distinguished name: by `cn` if that is given, else by `uid`.
    pub fn person(&mut self, uid: &str, cn: Option<&str>, more: &[(&str, &str)]) -> String {
        let dn = match cn {
            Some(cn) => format!("cn={},ou=people,{SUFFIX}", ldap3::dn_escape(cn)),
            None => format!("uid={},ou=people,{SUFFIX}", ldap3::dn_escape(uid)),
        };
        let mail = format!("{uid}@example.org");
        let mut attributes = vec![
            ("objectClass", "inetOrgPerson"),
            ("uid", uid),
            ("cn", cn.unwrap_or(uid)),
            ("sn", "Example"),
            ("userPassword", PASSWORD),
        ];
        if mail.is_ascii() {
            attributes.push(("mail", &mail));
        }
        attributes.extend_from_slice(more);
        self.entry(&dn, &attributes);
        dn
    }

    /// Adds a group with these members' distinguished names, and returns its own.
    pub fn group(&mut self, name: &str, members: &[&str]) -> String {
        let dn = group_dn(name);
        let mut attributes = vec![("objectClass", "groupOfNames"), ("cn", name)];
        attributes.extend(members.iter().map(|member| ("member", *member)));
        self.entry(&dn, &attributes);
        dn
    }
}

/// What a group is called.
pub fn group_dn(name: &str) -> String {
    format!("cn={},ou=groups,{SUFFIX}", ldap3::dn_escape(name))
}

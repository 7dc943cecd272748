//! A real Active Directory for this test binary: Samba's domain controller, its LDAP service alone, on a loopback address of its own (its ports are
//! fixed), in a folder of its own, gone when the binary is. Any number side by side. Made once, in some ten seconds.

use super::postgres::authority;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings};
use rcgen::{CertificateParams, KeyPair};
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

/// Below this is everything.
pub const SUFFIX: &str = "DC=ad,DC=example,DC=org";
/// Who may read; the password is [`PASSWORD`].
pub const READER: &str = "CN=reader,OU=people,DC=ad,DC=example,DC=org";
/// The password of every person.
pub const PASSWORD: &str = "correct horse";
/// So many people are in `OU=crowd`: more than a domain controller tells of at once.
pub const CROWD: usize = 1200;

const ADMIN_PASSWORD: &str = "Of the tests, 1!";

const CONFIGURATION: &str = "[global]
workgroup = AD
realm = AD.EXAMPLE.ORG
netbios name = DC1
server role = active directory domain controller
server services = ldap
bind interfaces only = yes
interfaces = @ADDRESS@/8
private dir = @FOLDER@/dc/private
state directory = @FOLDER@/dc/state
cache directory = @FOLDER@/dc/cache
lock directory = @FOLDER@/dc/lock
pid directory = @FOLDER@/dc/pid
ncalrpc dir = @FOLDER@/dc/ncalrpc
log file = @FOLDER@/log
posix:eadb = @FOLDER@/eadb.tdb
tls certfile = @FOLDER@/server.crt
tls keyfile = @FOLDER@/server.key
tls cafile = @FOLDER@/ca.crt
";

/// Who is in it.
const POPULATE: &str = include_str!("samba/populate.py");

/// Runs beside the tests, and ends the server when its stdin closes, which the kernel does however the test binary ends.
const WATCHDOG: &str = r#"
trap '' INT TERM HUP
folder=$(mktemp -d "${TMPDIR:-/tmp}/nauthera-samba.XXXXXX") || exit 1
cd "$folder" || exit 1
trap 'rm -rf "$folder"' EXIT
{
    printf '%s' "$CONFIGURATION" | sed "s#@FOLDER@#$folder#; s#@ADDRESS@#$ADDRESS#" >smb.conf &&
    printf '%s' "$POPULATE" >populate.py && printf '%s' "$AUTHORITY" >ca.crt && printf '%s' "$CERTIFICATE" >server.crt &&
    (umask 077 && printf '%s' "$KEY" >server.key) && HOME=$folder samba-tool domain provision --configfile=/dev/null --targetdir="$folder/dc" -d0 \
        --realm=ad.example.org --domain=AD --server-role=dc --dns-backend=NONE --host-name=dc1 --host-ip="$ADDRESS" --adminpass="$ADMIN" \
        --option="interfaces=$ADDRESS/8" --option="bind interfaces only=yes" \
        --option="posix:eadb=$folder/eadb.tdb" --option="vfs objects=dfs_samba4 acl_xattr xattr_tdb" &&
    mkdir -p dc/cache dc/lock dc/pid dc/ncalrpc && /usr/bin/python3 populate.py smb.conf dc/private/sam.ldb "$PASSWORD"
} >setup 2>&1 </dev/null || { tail -n 20 setup; exit 1; }
samba -F --no-process-group -M single -s smb.conf >>setup 2>&1 </dev/null &
server=$!
until ldapsearch -x -H "ldap://$ADDRESS" -b '' -s base >/dev/null 2>&1 </dev/null; do
    kill -0 "$server" 2>/dev/null || { tail -n 20 setup log; exit 1; }
    sleep 0.05
done
echo ready
read -r nothing
kill -KILL "$server" 2>/dev/null
wait "$server" 2>/dev/null
"#;

/// The server.
pub struct Samba {
    address: Ipv4Addr,
    authority: String,
    /// Holds the watchdog's stdin open for as long as the server is needed.
    _orders: ChildStdin,
    _watchdog: Child,
}

/// The server of this test binary. `None` where none may run, which the output then says: its ports are privileged ones.
pub fn server() -> Option<&'static Samba> {
    static SERVER: OnceLock<Option<Samba>> = OnceLock::new();
    SERVER.get_or_init(start).as_ref()
}

fn start() -> Option<Samba> {
    let mut said = String::new();
    // Another process may take an address that was free a moment ago: then once more.
    for _ in 0..5 {
        let address = match free_address() {
            Ok(address) => address,
            Err(error) => {
                println!("SKIPPED: Active Directory listens on port 636, which this user may not ({error}). Run the tests as root.");
                return None;
            }
        };
        match try_start(address) {
            Ok(server) => return Some(server),
            Err(reason) => said = reason,
        }
    }
    panic!("Samba did not start. Run scripts/setup as root, which installs it. It said:\n{said}");
}

/// A loopback address on whose port 636 nobody listens.
fn free_address() -> std::io::Result<Ipv4Addr> {
    loop {
        let [.., a, b, c] = uuid::Uuid::now_v7().into_bytes();
        let address = Ipv4Addr::new(127, a.clamp(1, 254), b, c.clamp(1, 254));
        match TcpListener::bind((address, 636)) {
            Ok(_) => return Ok(address),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            Err(error) => return Err(error),
        }
    }
}

fn try_start(address: Ipv4Addr) -> Result<Samba, String> {
    let (issuer, key) = (authority(), KeyPair::generate().unwrap());
    let certificate = CertificateParams::new(vec![address.to_string()]).unwrap();
    let certificate = certificate.signed_by(&key, &issuer).unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut watchdog = Command::new("sh")
        .args(["-c", WATCHDOG])
        .env("PATH", format!("{path}:/usr/sbin:/sbin"))
        .env("ADDRESS", address.to_string())
        .env("CONFIGURATION", CONFIGURATION)
        .env("POPULATE", POPULATE)
        .env("PASSWORD", PASSWORD)
        .env("ADMIN", ADMIN_PASSWORD)
        .env("CERTIFICATE", certificate.pem())
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
        return Ok(Samba {
            address,
            authority: issuer.as_ref().pem(),
            _orders: watchdog.stdin.take().unwrap(),
            _watchdog: watchdog,
        });
    }
    said.read_to_string(&mut first).unwrap();
    watchdog.wait().unwrap();
    Err(first)
}

impl Samba {
    /// `ldaps://`.
    pub fn url(&self) -> String {
        format!("ldaps://{}", self.address)
    }

    /// `ldap://`, on which nobody is let in before StartTLS.
    pub fn plain_url(&self) -> String {
        format!("ldap://{}", self.address)
    }

    /// PEM of the authority that issued its certificate.
    pub fn authority(&self) -> String {
        self.authority.clone()
    }

    /// A connection of somebody who may write.
    pub async fn admin(&self) -> Ldap {
        // Whose certificate it is does not matter to a test that prepares something.
        let settings = LdapConnSettings::new().set_no_tls_verify(true);
        let (driver, mut ldap) = LdapConnAsync::with_settings(settings, &self.url()).await.unwrap();
        tokio::spawn(driver.drive());
        let admin = ldap.simple_bind("administrator@ad.example.org", ADMIN_PASSWORD).await.unwrap();
        admin.success().unwrap();
        ldap
    }
}

/// What a person is called.
pub fn person_dn(name: &str) -> String {
    format!("CN={},OU=people,{SUFFIX}", ldap3::dn_escape(name))
}

/// A password as Active Directory takes it (MS-ADTS §3.1.1.3.1.5).
pub fn unicode_password(password: &str) -> Vec<u8> {
    format!("\"{password}\"").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

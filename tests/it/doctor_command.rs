//! `nauthera doctor`, as a person runs it before a server is started.

use crate::support::postgres;
use crate::support::process::run;
use crate::support::redis::{self, Options};
use crate::support::slapd::{self, READER, READER_PASSWORD, SUFFIX, Slapd, Tree};
use serde_json::{Value, json};
use std::path::Path;

fn doctor(data: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let place = ["doctor", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()];
    let output = run(&[&place, arguments].concat());
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code(), said)
}

/// The verdict on one thing.
fn verdict<'a>(said: &'a str, subject: &str) -> &'a str {
    let line = said
        .lines()
        .find(|line| line.get(6..).is_some_and(|rest| rest.starts_with(subject)));
    line.unwrap_or_else(|| panic!("nothing of {subject}: {said}"))
        .split(' ')
        .next()
        .unwrap()
}

fn samples() -> String {
    format!("{}/k8s/samples", env!("CARGO_MANIFEST_DIR"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_a_server_needs_is_looked_at_and_left_as_it_is() {
    let (data, kek) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(kek.path().join("2026-01"), [7; 32]).unwrap();
    let (server, url) = (postgres::server(), postgres::server().fresh_database_of_rows().await);
    let authority = data.path().join("authority.pem");
    std::fs::write(&authority, server.authority()).unwrap();
    let url = url.replace("127.0.0.1", "localhost");
    let (samples, kek) = (samples(), kek.path().to_str().unwrap().to_owned());
    let flags = [
        ["--manifests", &samples],
        ["--kek", &kek],
        ["--auth-server", "identity/main"],
        ["--database-url", &url],
        ["--database-ca", authority.to_str().unwrap()],
    ];
    let (code, said) = doctor(data.path(), flags.as_flattened());
    assert_eq!(code, Some(0), "{said}");
    for subject in ["listen", "data", "manifests", "sealing", "https", "database", "schema", "clock"] {
        assert_eq!(verdict(&said, subject), "ok", "{subject}: {said}");
    }
    assert!(said.ends_with("all is well\n"), "{said}");
    let left: Vec<_> = std::fs::read_dir(data.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["authority.pem"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_keep_a_server_from_its_work_is_told_with_a_way_out() {
    let data = tempfile::tempdir().unwrap();
    let samples = samples();
    let with = |url: &str| {
        let flags = [
            ["--manifests", &samples],
            ["--auth-server", "identity/main"],
            ["--database-url", url],
        ];
        doctor(data.path(), flags.as_flattened())
    };

    let (code, said) = with("postgres://u:hunter2@127.0.0.1:1/nothing?connect_timeout=2");
    assert_eq!(code, Some(1));
    assert!(
        verdict(&said, "database") == "mend" && said.contains("cannot be reached") && !said.contains("hunter2"),
        "{said}"
    );

    let url = postgres::server().fresh_database_of_rows().await;
    let superuser = url.replacen("server@", "postgres@", 1);
    let spoil = async |sql: &str| postgres::execute(&superuser, sql).await;
    spoil("REVOKE DELETE ON sessions FROM server; REVOKE SELECT ON users FROM server").await;
    let (code, said) = with(&url);
    assert_eq!((code, verdict(&said, "rights")), (Some(1), "mend"));
    assert!(said.contains("sessions, users"), "{said}");

    spoil("DROP TABLE schema_migrations").await;
    let (code, said) = with(&url);
    assert_eq!((code, verdict(&said, "schema")), (Some(1), "mend"));
    assert!(said.contains("nauthera migrate"), "{said}");

    spoil("CREATE TABLE schema_migrations (version integer, checksum text); INSERT INTO schema_migrations VALUES (9000, 'x')").await;
    spoil("GRANT SELECT ON schema_migrations TO server").await;
    let (code, said) = with(&url);
    assert_eq!((code, verdict(&said, "database")), (Some(1), "mend"));
    assert!(said.contains("9000"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cache_is_looked_at_and_keeps_no_server_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let database = postgres::server().fresh_database_of_rows().await;
    let server = redis::start_with(Options {
        password: Some("of-the-tests"),
        user: Some(("server", "hunter2", "~nauthera:* +get +set +incrby +pexpire +ping +info +time")),
        tls: true,
        ..Options::default()
    });
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let ours = file("ca.crt", server.authority());
    let others = file("other.crt", postgres::server().authority());
    let samples = samples();
    let with = |database: &str, url: &str, more: &[&str]| {
        let flags = [
            ["--manifests", &samples],
            ["--auth-server", "identity/main"],
            ["--database-url", database],
            ["--cache-url", url],
        ];
        doctor(folder.path(), &[flags.as_flattened(), more].concat())
    };
    let looked_at = |url: &str, authority: &str| {
        let (code, said) = with(&database, url, &["--cache-ca", authority]);
        assert_eq!(code, Some(0), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
        said
    };

    let url = server.url_of_user();
    let said = looked_at(&url, &ours);
    for subject in ["cache  ", "cache memory", "cache clock"] {
        assert_eq!(verdict(&said, subject), "ok", "{subject}: {said}");
    }
    assert!(said.contains("over TLS") && said.contains("64 MiB"), "{said}");
    assert_eq!(
        server.ask(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]),
        Ok("OK".to_owned())
    );
    assert_eq!(verdict(&looked_at(&url, &ours), "cache memory"), "look");

    // No more than a server needs: what it is like is not told.
    let rights = |rights: &[&str]| server.ask(&[&["ACL", "SETUSER", "server"], rights].concat()).unwrap();
    rights(&["-info", "-time"]);
    let said = looked_at(&url, &ours);
    assert!(verdict(&said, "cache") == "ok" && !said.contains("cache memory"), "{said}");
    rights(&["-incrby"]);
    let said = looked_at(&url, &ours);
    assert!(verdict(&said, "cache rights") == "look" && said.contains("INCRBY"), "{said}");

    let said = looked_at(&server.url_of("server:hunter23@"), &ours);
    assert!(
        verdict(&said, "cache") == "look" && said.contains("user and the password"),
        "{said}"
    );
    let said = looked_at(&server.url_of(""), &ours);
    assert!(
        verdict(&said, "cache") == "look" && said.contains("user and the password"),
        "{said}"
    );
    let said = looked_at(&url, &others);
    assert!(verdict(&said, "cache") == "look" && said.contains("--cache-ca"), "{said}");
    server.freeze();
    let said = looked_at(&url, &ours);
    assert!(verdict(&said, "cache") == "look" && said.contains("did not answer"), "{said}");
    server.kill();
    let said = looked_at(&url, &ours);
    assert!(verdict(&said, "cache") == "look" && said.contains("whether it is there"), "{said}");

    // What `serve` refuses.
    for (database, url) in [
        (database.as_str(), "redis://u:hunter2@h/nine"),
        ("sqlite::memory:", "redis://127.0.0.1"),
    ] {
        let (code, said) = with(database, url, &[]);
        assert_eq!((code, verdict(&said, "cache")), (Some(1), "mend"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

/// A folder of manifests: an AuthServer whose people are in a directory with these settings, on top of good ones.
fn manifests(server: &Slapd, change: &dyn Fn(&mut Value)) -> tempfile::TempDir {
    let mut all = json!({"password": READER_PASSWORD, "ldap": {
        "servers": [server.tls_url()],
        "caRef": {"name": "ldap-ca"},
        "bindDN": READER,
        "bindPasswordSecretRef": {"name": "ldap-bind"},
        "userSearch": {"baseDN": format!("ou=people,{SUFFIX}"), "filter": "(objectClass=inetOrgPerson)", "usernameAttribute": "uid"},
        "groupSearch": {"baseDN": format!("ou=groups,{SUFFIX}"), "filter": "(objectClass=groupOfNames)", "nameAttribute": "cn"},
    }});
    change(&mut all);
    let secret = |name: &str, key: &str, value: &Value| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "identity"}, "stringData": {key: value}});
    let own = |kind: &str, spec: Value| json!({"apiVersion": "auth.nauthera.io/v1alpha1", "kind": kind, "metadata": {"name": "main", "namespace": "identity"}, "spec": spec});
    let folder = tempfile::tempdir().unwrap();
    for (name, manifest) in [
        ("bind", secret("ldap-bind", "password", &all["password"])),
        ("ca", secret("ldap-ca", "ca.crt", &json!(server.authority()))),
        ("store", own("UserStore", json!({"type": "ldap", "ldap": all["ldap"]}))),
        (
            "server",
            own(
                "AuthServer",
                json!({"issuerUrl": "https://login.example.org", "userStoreRef": {"name": "main"}}),
            ),
        ),
    ] {
        std::fs::write(folder.path().join(format!("{name}.yaml")), manifest.to_string()).unwrap();
    }
    folder
}

#[test]
fn a_directory_is_looked_at_as_a_login_would_use_it() {
    let mut tree = Tree::default();
    let alice = tree.person("alice", None, &[]);
    tree.group("staff", &[&alice]);
    let server = slapd::start(&tree);
    let other = slapd::start_as("ldap.example.org", &tree);
    let data = tempfile::tempdir().unwrap();
    let look = |change: &dyn Fn(&mut Value)| {
        let manifests = manifests(&server, change);
        let (code, said) = doctor(data.path(), &["--manifests", manifests.path().to_str().unwrap()]);
        assert!(!said.contains(READER_PASSWORD) && !said.contains("hunter2"), "{said}");
        (code, said)
    };

    let (code, said) = look(&|_| {});
    assert_eq!((code, verdict(&said, "directory")), (Some(0), "ok"), "{said}");
    assert!(said.contains("identity/main") && said.contains("people and groups"), "{said}");

    type Change<'a> = &'a dyn Fn(&mut Value);
    let elsewhere = |url: String| move |all: &mut Value| all["ldap"]["servers"] = json!([url]);
    let faults: [(Change<'_>, &str); 9] = [
        (&|all| all["password"] = json!("hunter2"), "bindPasswordSecretRef"),
        (
            &elsewhere(server.tls_url().replace("localhost", "127.0.0.1")),
            "certificate is for another name",
        ),
        (&elsewhere(other.tls_url()), "authority that is not trusted"),
        (&elsewhere("ldaps://localhost:1".to_owned()), "no connection"),
        (&elsewhere(format!("ldaps://{}.example.org", "x".repeat(64))), "leads to no address"),
        (
            &|all| all["ldap"]["userSearch"]["baseDN"] = json!("ou=nowhere,dc=example,dc=org"),
            "userSearch.baseDN",
        ),
        (
            &|all| all["ldap"]["userSearch"]["filter"] = json!("(objectClass=device)"),
            "userSearch.filter",
        ),
        (
            &|all| all["ldap"]["userSearch"]["usernameAttribute"] = json!("employeeNumber"),
            "usernameAttribute",
        ),
        (
            &|all| all["ldap"]["groupSearch"]["baseDN"] = json!("ou=nowhere,dc=example,dc=org"),
            "groupSearch.baseDN",
        ),
    ];
    for (change, words) in faults {
        let (code, said) = look(change);
        assert_eq!(code, Some(1), "{words}: {said}");
        assert!(said.contains(words), "{words}: {said}");
    }

    // Worth a look, and no reason not to start.
    let second: Change<'_> = &|all| all["ldap"]["servers"] = json!(["ldaps://localhost:1", server.tls_url()]);
    let no_groups: Change<'_> = &|all| all["ldap"]["groupSearch"]["filter"] = json!("(objectClass=posixGroup)");
    let plain: Change<'_> = &|all| {
        all["ldap"]["servers"] = json!([server.url()]);
        all["ldap"]["allowPlaintext"] = json!(true);
    };
    for (change, words) in [(second, "another server is used"), (no_groups, "no groups"), (plain, "without TLS")] {
        let (code, said) = look(change);
        assert_eq!(code, Some(0), "{words}: {said}");
        assert!(said.contains(words) && verdict(&said, "directory") == "look", "{words}: {said}");
    }
}

//! `nauthera check` and `nauthera crds`, as a person runs them.

use crate::support::process::run;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn check(folder: &Path) -> (i32, String) {
    let output = run(&["check", "-f", folder.to_str().unwrap()]);
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), text)
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

const SERVER: &str = "apiVersion: auth.nauthera.io/v1alpha1
kind: AuthServer
metadata: {name: main, namespace: identity}
spec:
  issuerUrl: https://login.example.org
";

const CLIENT: &str = "apiVersion: auth.nauthera.io/v1alpha1
kind: AuthClient
metadata: {name: shop, namespace: team-a}
spec:
  authServerRef: {name: main, namespace: identity}
  redirectUris: [https://shop.example.org/callback]
  scopes: [openid]
";

#[test]
fn the_samples_are_clean() {
    let (code, text) = check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("k8s/samples"));
    assert_eq!(code, 0, "{text}");
    assert!(!text.contains("note") && !text.contains("refused  "), "{text}");
    assert!(text.contains("served as demo.shop"), "{text}");
}

#[test]
fn a_mapper_whose_example_fails_is_refused_with_the_difference() {
    let mapper = "apiVersion: auth.nauthera.io/v1alpha1
kind: ClaimMapper
metadata: {name: apps, namespace: identity}
spec:
  claims:
    - name: apps
      from: cel
      expression: user.groups.filter(g, g.startsWith('app-'))
      in: [access_token]
  examples:
    - user: {groups: [app-shop, staff], attributes: {department: Sales}}
      claims: {apps: EXPECTED}
";
    let with = |expected: &str| {
        let mapper = mapper.replace("EXPECTED", expected);
        let folder = folder(&[("server.yaml", SERVER), ("mapper.yaml", &mapper)]);
        check(folder.path())
    };
    let (code, text) = with("[app-shop]");
    assert_eq!(code, 0, "{text}");
    let (code, text) = with("[shop]");
    assert_eq!(code, 1, "{text}");
    let told = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("expects apps to be [\"shop\"], but it is [\"app-shop\"]"), "{text}");
}

#[test]
fn the_published_manifests_are_accepted_and_the_directory_needs_its_secret() {
    let published = format!(
        "{}---\n{}---\n{}---\n{}",
        "apiVersion: auth.nauthera.io/v1alpha1
kind: AuthServer
metadata: {name: main, namespace: identity}
spec:
  issuerUrl: https://login.example.org
  policySelector: {matchLabels: {nauthera.io/environment: production}}
  tls: {certSecretRef: {name: login-tls}}
  userStoreRef: {name: staff, namespace: identity}
",
        "apiVersion: auth.nauthera.io/v1alpha1
kind: AuthClient
metadata: {name: shop, namespace: team-a}
spec:
  displayName: Shop
  authServerRef: {name: main, namespace: identity}
  redirectUris: [https://shop.example.org/callback]
  scopes: [openid, profile, email, \"orders:read\"]
status:
  conditions: [{type: Ready, status: \"True\", reason: ClientProvisioned, message: fine}]
  clientSecretRef: {name: shop-client-secret}
",
        "apiVersion: auth.nauthera.io/v1alpha1
kind: AuthPolicy
metadata: {name: web, namespace: identity, labels: {nauthera.io/environment: production}}
spec:
  token: {accessTokenTTL: 15m, refreshTokenTTL: 24h, idTokenTTL: 5m}
  allowedGrantTypes: [authorization_code, refresh_token]
  enforcePKCE: true
  allowedScopes: [openid, profile, email, \"orders:read\"]
  clientAuthentication:
    method: client_secret_basic
    secretRotation: {enabled: true, schedule: \"0 0 * * *\"}
",
        "apiVersion: auth.nauthera.io/v1alpha1
kind: UserStore
metadata: {name: staff, namespace: identity}
spec:
  type: ldap
  ldap:
    server: ldaps://ldap.example.org:636
    bindDN: cn=reader,dc=example,dc=org
    bindPasswordSecretRef: {name: ldap-bind, key: password}
    userSearch: {baseDN: \"ou=people,dc=example,dc=org\", filter: (objectClass=inetOrgPerson), usernameAttribute: uid}
    groupSearch: {baseDN: \"ou=groups,dc=example,dc=org\", filter: (objectClass=groupOfNames), nameAttribute: cn}
"
    );
    let secret = "apiVersion: v1
kind: Secret
metadata: {name: ldap-bind, namespace: identity}
stringData: {password: hunter2}
";
    for (secret, code, store, server) in [("", 1, "SecretNotFound", "UserStoreNotReady"), (secret, 0, "StoreReady", "Serving")] {
        let folder = folder(&[("all.yaml", &published), ("secret.yaml", secret)]);
        let output = run(&["check", "-f", folder.path().to_str().unwrap(), "-o", "json"]);
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(code), "{value:#}");
        assert_eq!(value["problems"].as_array().unwrap().len(), 0, "{value:#}");
        let reason = |kind: &str| {
            let verdicts = value["verdicts"].as_array().unwrap();
            let verdict = verdicts.iter().find(|verdict| verdict["kind"] == kind).unwrap();
            verdict["reason"].as_str().unwrap().to_owned()
        };
        assert_eq!(reason("AuthClient"), "ClientProvisioned");
        assert_eq!(reason("AuthPolicy"), "InForce");
        assert_eq!(reason("UserStore"), store);
        assert_eq!(reason("AuthServer"), server);
        assert!(!value.to_string().contains("hunter2"));
    }
}

#[test]
fn a_refused_client_is_named_with_its_place_and_the_exit_code_is_1() {
    let greedy = CLIENT.replace("scopes: [openid]", "scopes: [\"a b\"]");
    let folder = folder(&[("server.yaml", SERVER), ("apps/client.yml", &format!("# a comment\n---\n{greedy}"))]);
    let (code, text) = check(folder.path());
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("refused") && text.contains("InvalidSpec") && text.contains("team-a/shop"),
        "{text}"
    );
    assert!(text.contains("client.yml:3"), "{text}");
    assert!(!text.contains('\u{1b}'), "no colours into a pipe: {text}");
}

#[test]
fn json_says_the_same_for_programs() {
    let folder = folder(&[("server.yaml", SERVER), ("client.yaml", CLIENT)]);
    let output = run(&["check", "-o", "json", "-f", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["ok"], true);
    let client = &value["verdicts"][1];
    assert_eq!(
        (client["kind"].as_str(), client["accepted"].as_bool()),
        (Some("AuthClient"), Some(true))
    );
    assert_eq!(client["status"]["clientId"], "team-a.shop");
    assert_eq!(client["line"], 1);
}

#[test]
fn clumsy_files_are_reported_with_file_line_and_reason() {
    let typo = CLIENT.replace("redirectUris", "redirectUri");
    let cases: &[(&str, String, u64, &str)] = &[
        ("a typo in a field", typo.clone(), 6, "did you mean redirectUris?"),
        ("a typo in the second document", format!("{SERVER}---\n{typo}"), 12, "redirectUri"),
        ("windows line ends", typo.replace('\n', "\r\n"), 6, "redirectUri"),
        ("a byte order mark", format!("\u{feff}{typo}"), 6, "redirectUri"),
        ("an unknown kind", SERVER.replace("AuthServer", "AuthSever"), 1, "AuthSever"),
        ("another version", SERVER.replace("v1alpha1", "v1"), 1, "auth.nauthera.io/v1"),
        ("no kind", "metadata: {name: a}\n".to_owned(), 1, "no apiVersion or no kind"),
        ("a tab", SERVER.replace("  issuerUrl", "\tissuerUrl"), 5, "indented with a tab"),
        (
            "a tab in the middle",
            CLIENT.replace("  scopes", "\tscopes"),
            7,
            "indented with a tab",
        ),
        ("a deeper line", CLIENT.replace("  scopes", "    scopes"), 7, "indentation"),
        (
            "a kind in small letters",
            CLIENT.replace("kind: AuthClient", "kind: authclient"),
            1,
            "did you mean AuthClient?",
        ),
        (
            "a key twice",
            SERVER.replace("spec:\n", "spec:\n  issuerUrl: https://a.example\n"),
            6,
            "issuerUrl",
        ),
        ("a wrong type", CLIENT.replace("[openid]", "openid"), 7, "a list belongs here"),
        (
            "a number for text",
            CLIENT.replace("scopes: [openid]", "displayName: 5"),
            7,
            "put it in quotes",
        ),
        (
            "a word for a truth value",
            CLIENT.replace("scopes: [openid]", "requireConsent: sometimes"),
            7,
            "true or false belongs here",
        ),
        (
            "a word for a number",
            format!("{SERVER}  replicas: three\n"),
            6,
            "a whole number belongs here",
        ),
        (
            "a time span without a unit",
            format!("{SERVER}  signing: {{rotateEvery: \"15\"}}\n"),
            6,
            "time span",
        ),
        (
            "a time span that is a number",
            format!("{SERVER}  signing: {{rotateEvery: 15}}\n"),
            6,
            "\"15\" is not a time span",
        ),
        (
            "a path in a name",
            SERVER.replace("name: main", "name: ../../etc"),
            1,
            "metadata.name",
        ),
        (
            "a namespace with a slash",
            SERVER.replace("namespace: identity", "namespace: a/b"),
            1,
            "metadata.namespace",
        ),
        (
            "no spec",
            "apiVersion: auth.nauthera.io/v1alpha1\nkind: AuthServer\nmetadata: {name: a}\n".to_owned(),
            3,
            "spec",
        ),
        ("just text", "hello\n".to_owned(), 1, ""),
        (
            "an open bracket",
            SERVER.replace("{name: main, namespace: identity}", "{name: main"),
            4,
            "",
        ),
        (
            "a value that is not base64",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {x: \"***\"}\n".to_owned(),
            1,
            "base64",
        ),
    ];
    for (what, text, line, part) in cases {
        let folder = folder(&[("file.yaml", text)]);
        let output = run(&["check", "-o", "json", "-f", folder.path().to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1), "{what}: {output:?}");
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let problem = &value["problems"][0];
        assert_eq!(problem["severity"], "error", "{what}: {value:#}");
        assert_eq!(problem["line"].as_u64(), Some(*line), "{what}: {problem:#}");
        assert!(problem["file"].as_str().unwrap().ends_with("file.yaml"), "{what}");
        assert!(problem["message"].as_str().unwrap().contains(part), "{what}: {problem:#}");
    }
}

#[test]
fn strangers_and_empty_documents_are_passed_over() {
    let folder = folder(&[
        ("server.yaml", &format!("---\n# nothing\n---\n\n---\n{SERVER}---\n")),
        (
            "deployment.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {anything: [1, true]}\n",
        ),
        (
            "namespace.yaml",
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: team-a, labels: {a: b}}\n",
        ),
        ("empty.yaml", ""),
        (".hidden.yaml", "not: good"),
        ("notes.txt", "not: good"),
    ]);
    let (code, text) = check(folder.path());
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("passed over") && text.contains("Deployment"), "{text}");
}

#[test]
fn one_resource_in_two_places_is_reported_with_both() {
    let folder = folder(&[("a.yaml", SERVER), ("b.yaml", SERVER)]);
    let (code, text) = check(folder.path());
    assert_eq!(code, 1);
    assert!(
        text.contains("b.yaml:1") && text.contains("declared already at") && text.contains("a.yaml:1"),
        "{text}"
    );
}

#[test]
fn an_alias_bomb_and_a_huge_file_end_quickly() {
    let mut bomb = String::from("apiVersion: auth.nauthera.io/v1alpha1\nkind: AuthServer\nx0: &x0 [a,a,a,a,a,a,a,a,a,a]\n");
    for level in 1..12 {
        let previous = level - 1;
        let line = format!("x{level}: &x{level} [{}]\n", vec![format!("*x{previous}"); 10].join(","));
        bomb.push_str(&line);
    }
    let deep = format!("apiVersion: v1\nkind: Secret\nx: {}\n", "[".repeat(50_000));
    let huge = format!("# {}\n{SERVER}", "x".repeat(2 * 1024 * 1024));
    let folder = folder(&[("bomb.yaml", &bomb), ("deep.yaml", &deep), ("huge.yaml", &huge)]);
    let (code, text) = check(folder.path());
    assert_eq!(code, 1, "{text}");
    for file in ["bomb.yaml", "deep.yaml", "huge.yaml"] {
        assert!(text.contains(file), "{text}");
    }
    assert!(text.contains("is larger than 1024 KiB"), "{text}");
    assert!(text.len() < 5_000, "messages do not carry the file along");
}

#[test]
fn a_secrets_value_is_in_no_message() {
    let folder = folder(&[
        (
            "a.yaml",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {password: [hunter2, hunter2]}\n",
        ),
        (
            "b.yaml",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: b}\ndata: {password: hunter2!}\n",
        ),
        (
            "c.yaml",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: c}\nstringData: {password: \"hunter2}\n",
        ),
        (
            "d.yaml",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: d}\nstringData: {pin: 73519}\n",
        ),
    ]);
    let (code, text) = check(folder.path());
    assert_eq!(code, 1);
    assert!(!text.contains("hunter2") && !text.contains("73519"), "{text}");
    assert_eq!(text.matches("broken").count(), 5, "each of the four, and the sum: {text}");
}

#[test]
fn a_missing_folder_and_a_wrong_flag_are_usage_errors() {
    let output = run(&["check", "-f", "/nowhere/at/all"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nowhere/at/all"));
    assert_eq!(run(&["check"]).status.code(), Some(2));
    assert_eq!(run(&["check", "-f", ".", "-o", "xml"]).status.code(), Some(2));
}

#[test]
fn an_empty_folder_says_that_nothing_was_found() {
    let (code, text) = check(TempDir::new().unwrap().path());
    assert_eq!(code, 0);
    assert!(text.contains("No resource of Nauthera was found"), "{text}");
}

#[test]
fn crds_prints_one_yaml_document_a_kind() {
    let output = run(&["crds"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    for name in [
        "authclients",
        "authpolicies",
        "authservers",
        "claimmappers",
        "clusterauthpolicies",
        "groups",
        "identityproviders",
        "roles",
        "users",
        "userstores",
    ] {
        assert!(text.contains(&format!("name: {name}.auth.nauthera.io")), "{name}");
    }
    assert_eq!(text.split("\n---\n").count(), 10);
}

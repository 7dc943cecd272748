//! Flags that do not go together, files that cannot be used, and databases that several servers share.

use super::pod::{Pod, configuration, nth, send};
use crate::support::postgres;
use crate::support::process::Process;

#[test]
fn manifests_and_the_operator_exclude_each_other() {
    let (status, said) = Pod::new().with("NAUTHERA_MANIFESTS", "/somewhere").launch().ended();
    assert_eq!(status.code(), Some(2));
    assert!(
        said.contains("--manifests") && said.contains("cannot be used with") && said.contains("--config-listen"),
        "{said}"
    );
}

#[test]
fn what_is_missing_beside_the_config_listener_is_named() {
    let (status, said) = Process::start(&["serve", "--config-listen", "127.0.0.1:0"], &[("NAUTHERA_DATA", "/tmp/x")]).ended();
    assert_eq!(status.code(), Some(2));
    for flag in ["--config-tls", "--config-client-name", "--auth-server", "--kek"] {
        assert!(said.contains(flag), "{flag}: {said}");
    }
}

#[test]
fn files_that_cannot_be_used_end_the_start_with_the_flag_that_names_them() {
    let nowhere = "/nowhere/at/all";
    for (setting, flag) in [
        ("NAUTHERA_CONFIG_TLS", "--config-tls"),
        ("NAUTHERA_KEK", "--kek"),
        ("NAUTHERA_DATABASE_URL_FILE", "--database-url-file"),
    ] {
        let (status, said) = Pod::new().with(setting, nowhere).launch().ended();
        assert_eq!(status.code(), Some(1), "{said}");
        assert!(said.contains(flag) && said.contains(nowhere), "{said}");
    }
    let (status, said) = Pod::new().with("NAUTHERA_DATABASE_SCHEMA", "main").launch().ended();
    assert_eq!(status.code(), Some(1));
    assert!(said.contains("schema") && said.contains("SQLite"), "{said}");
}

#[tokio::test]
async fn servers_with_schemas_of_their_own_share_a_database_and_nothing_in_it() {
    let url = postgres::server().fresh_database().await;
    let pods = ["identity_main", "identity_second"].map(|schema| Pod::on_postgres(&url).with("NAUTHERA_DATABASE_SCHEMA", schema));
    let mut keys = Vec::new();
    for pod in &pods {
        let mut replica = pod.start();
        let mut link = pod.link(&replica).await;
        send(&mut link, &configuration(&["team-a.one"], 900), nth(1)).await;
        replica.ready();
        assert_eq!(replica.token_lifetime("team-a.one"), 900);
        keys.push(replica.get("/jwks").1);
        replica.process.signal("TERM");
        let (status, said) = replica.process.ended();
        assert_eq!(status.code(), Some(0), "{said}");
        assert!(!said.contains("postgres://"), "{said}");
    }
    assert_ne!(keys[0], keys[1], "each has signing keys of its own");
    let tables = "DO $$ BEGIN ASSERT (SELECT count(*) FROM pg_tables WHERE schemaname = 'public') = 0; \
        ASSERT (SELECT count(*) FROM identity_main.signing_keys) > 0; ASSERT (SELECT count(*) FROM identity_second.signing_keys) > 0; END $$";
    postgres::execute(&url, tables).await;
}

#[tokio::test]
async fn a_schema_that_is_there_needs_no_right_to_make_one() {
    let server = postgres::server();
    let url = server.fresh_database().await;
    let database = url.rsplit('/').next().unwrap();
    server.administer(&format!("CREATE ROLE {database}_role LOGIN")).await;
    postgres::execute(&url, &format!("CREATE SCHEMA mine AUTHORIZATION {database}_role")).await;
    let url = url.replace("postgres@", &format!("{database}_role@"));
    let pod = Pod::on_postgres(&url).with("NAUTHERA_DATABASE_SCHEMA", "mine");
    assert_eq!(pod.start().get("/healthz").0, 200);
    let (status, said) = Pod::on_postgres(&url).with("NAUTHERA_DATABASE_SCHEMA", "another").launch().ended();
    assert_eq!(status.code(), Some(1));
    assert!(said.contains("permission denied") && said.contains("--database-url-file"), "{said}");
}

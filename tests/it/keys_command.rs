//! `nauthera keys reseal`, as a person runs it when a key-encryption key is exchanged.

use crate::support::platform::{START, TestPlatform, snapshot};
use crate::support::process::run;
use nauthera::actors::config_holder::ApplyAt;
use nauthera::config::revision;
use nauthera::config::snapshot::Position;
use nauthera::jose::seal::{Sealer, SealingKeys};
use nauthera::store::records::KeyRecord;
use nauthera::store::sqlite::SqliteStore;
use nauthera::store::{Configurations, Keys, Store};
use std::sync::Arc;

/// A folder with a server's data, and one with key-encryption keys.
struct Scene {
    data: tempfile::TempDir,
    kek: tempfile::TempDir,
}

impl Scene {
    /// A server ran here, whose keys and configuration were sealed with the key `2026-01`.
    async fn after_a_run() -> Self {
        let (data, kek) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let scene = Self { data, kek };
        scene.give("2026-01", 1);
        let store: Arc<dyn Store> = Arc::new(scene.store());
        let keys = SealingKeys::new([("2026-01", [1; 32].as_slice())]).unwrap();
        let server = TestPlatform::start_with(store, Some(Sealer::new("identity/main", keys))).await;
        let mut snapshot = snapshot("1", Vec::new());
        snapshot.revision = revision::of(&snapshot);
        let apply = ApplyAt {
            snapshot: Arc::new(snapshot),
            base: None,
            position: Position { fence: 1, sequence: 1 },
        };
        server.platform.config_holder.ask(apply).await.unwrap().unwrap();
        let algorithms = [nauthera::config::snapshot::SigningAlgorithm::ES256];
        server.platform.keys.ready(&algorithms, || START).await;
        server.stop().await;
        scene
    }

    fn store(&self) -> SqliteStore {
        SqliteStore::open(self.data.path().join("nauthera.sqlite3")).unwrap()
    }

    fn give(&self, id: &str, byte: u8) {
        std::fs::write(self.kek.path().join(id), [byte; 32]).unwrap();
    }

    fn take(&self, id: &str) {
        std::fs::remove_file(self.kek.path().join(id)).unwrap();
    }

    async fn rows(&self) -> Vec<KeyRecord> {
        self.store().keys(START).await.unwrap()
    }

    /// What sealed everything that there is.
    async fn sealed_with(&self) -> Vec<String> {
        let kept = self.store().configuration_standing("identity/main").await.unwrap().unwrap();
        let mut ids: Vec<String> = self.rows().await.into_iter().filter_map(|row| row.sealed_with).collect();
        ids.push(kept.key_id);
        ids.sort();
        ids.dedup();
        ids
    }

    fn reseal(&self, server: &str) -> (Option<i32>, String) {
        let [data, kek] = [&self.data, &self.kek].map(|folder| folder.path().to_str().unwrap());
        let output = run(&["keys", "reseal", "--auth-server", server, "--data", data, "--kek", kek]);
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code(), said)
    }
}

#[actix_rt::test]
async fn everything_moves_to_the_newest_key_and_the_older_one_can_go() {
    let scene = Scene::after_a_run().await;
    assert_eq!(scene.sealed_with().await, ["2026-01"]);
    scene.give("2026-02", 2);
    let number = scene.rows().await.len();
    let (code, said) = scene.reseal("identity/main");
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains(&format!("{number} of {number} keys sealed anew with 2026-02")),
        "{said}"
    );
    assert!(said.contains("needs 2026-01 any more"), "{said}");
    assert_eq!(scene.sealed_with().await, ["2026-02"]);

    scene.take("2026-01");
    let (code, said) = scene.reseal("identity/main");
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains(&format!("0 of {number} keys")) && said.contains("already") && !said.contains("any more"),
        "{said}"
    );
}

#[actix_rt::test]
async fn what_does_not_open_is_left_as_it_is_and_told() {
    let scene = Scene::after_a_run().await;
    let before = scene.rows().await;
    // Another server's name: what is sealed is bound to its own.
    scene.give("2026-02", 2);
    let (code, said) = scene.reseal("identity/other");
    assert_eq!(code, Some(1));
    assert!(said.contains("does not open as one of identity/other"), "{said}");
    // The key that sealed it is gone.
    scene.take("2026-01");
    let (code, said) = scene.reseal("identity/main");
    assert_eq!(code, Some(1));
    assert!(said.contains("2026-01") && said.contains("keep every key-encryption key"), "{said}");
    assert_eq!(scene.rows().await, before);
    assert_eq!(scene.sealed_with().await, ["2026-01"]);
}

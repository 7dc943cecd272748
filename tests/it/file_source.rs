//! The file source: what is delivered after which edit, and what it leaves on disk.

use nauthera::config::input::{Key, Kind, Options};
use nauthera::source::{FileSource, SourceUpdate};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

const SERVER: &str = "apiVersion: auth.nauthera.io/v1alpha1
kind: AuthServer
metadata: {name: main, namespace: identity}
spec:
  issuerUrl: https://login.example.org
";

fn client(name: &str, display_name: &str) -> String {
    format!(
        "apiVersion: auth.nauthera.io/v1alpha1
kind: AuthClient
metadata: {{name: {name}, namespace: team-a}}
spec:
  displayName: {display_name}
  authServerRef: {{name: main, namespace: identity}}
  redirectUris: [https://shop.example.org/callback]
"
    )
}

struct Fixture {
    manifests: TempDir,
    data: TempDir,
}

impl Fixture {
    fn new() -> Self {
        let fixture = Self {
            manifests: TempDir::new().unwrap(),
            data: TempDir::new().unwrap(),
        };
        fixture.write("server.yaml", SERVER);
        fixture.write("client.yaml", &client("shop", "Before"));
        fixture
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.manifests.path().join(name), text).unwrap();
    }

    async fn open(&self) -> (FileSource, SourceUpdate) {
        FileSource::open(self.manifests.path(), self.data.path(), Options::default())
            .await
            .unwrap()
    }

    fn secret_path(&self) -> std::path::PathBuf {
        self.data.path().join("secrets/team-a/shop-client-secret.yaml")
    }
}

/// The first update that is as expected; others may come before it, as an edit may be seen half-way.
async fn until(source: &mut FileSource, what: &str, expected: impl Fn(&SourceUpdate) -> bool) -> SourceUpdate {
    let waiting = async {
        loop {
            let update = source.next().await.expect("the source goes on");
            if expected(&update) {
                return update;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting)
        .await
        .unwrap_or_else(|_| panic!("no update in which {what}"))
}

fn display_name(update: &SourceUpdate) -> Option<String> {
    let snapshot = update.snapshot.as_ref().ok()?;
    Some(snapshot.client("team-a.shop")?.display_name.clone())
}

fn is_called(name: &'static str) -> impl Fn(&SourceUpdate) -> bool {
    move |update| display_name(update).as_deref() == Some(name)
}

#[tokio::test]
async fn the_first_update_is_complete_and_its_secret_is_on_disk() {
    let fixture = Fixture::new();
    let (_source, first) = fixture.open().await;
    assert!(
        first.problems.is_empty() && first.compiled.all_accepted(),
        "{:?}",
        first.complaints()
    );
    assert_eq!(display_name(&first).as_deref(), Some("Before"));
    let path = fixture.secret_path();
    let text = fs::read_to_string(&path).unwrap();
    for part in ["kind: Secret", "client_id", "client_secret", "issuer", "shop-client-secret"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o077, 0);
    let generated = &first.generated[&Key::new("team-a", "shop-client-secret")];
    use secrecy::ExposeSecret;
    assert!(generated.secret.expose_secret().len() >= 43, "256 bits");
    assert!(!format!("{first:?}").contains(generated.secret.expose_secret()), "not in Debug");
}

#[tokio::test]
async fn a_secret_is_made_once_and_used_again_after_a_restart() {
    let fixture = Fixture::new();
    let (source, first) = fixture.open().await;
    let text = fs::read_to_string(fixture.secret_path()).unwrap();
    drop(source);
    let (_source, second) = fixture.open().await;
    assert_eq!(fs::read_to_string(fixture.secret_path()).unwrap(), text);
    assert_eq!(first.snapshot.unwrap().revision, second.snapshot.unwrap().revision);
}

#[tokio::test]
async fn a_secret_that_is_deleted_by_hand_is_made_anew() {
    let fixture = Fixture::new();
    let (mut source, first) = fixture.open().await;
    let before = fs::read_to_string(fixture.secret_path()).unwrap();
    fs::remove_file(fixture.secret_path()).unwrap();
    let revision = first.snapshot.unwrap().revision.clone();
    until(&mut source, "the secret is new", |update| {
        update.snapshot.as_ref().is_ok_and(|snapshot| snapshot.revision != revision)
    })
    .await;
    assert_ne!(fs::read_to_string(fixture.secret_path()).unwrap(), before);
}

#[tokio::test]
async fn a_file_that_it_did_not_make_is_never_overwritten() {
    let fixture = Fixture::new();
    let path = fixture.secret_path();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    for text in [
        "apiVersion: v1\nkind: Secret\nmetadata: {name: shop-client-secret}\n",
        "not yaml: [",
        "\u{0}",
    ] {
        fs::write(&path, text).unwrap();
        let (_source, first) = fixture.open().await;
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        let verdict = first.compiled.verdict(Kind::AuthClient, &Key::new("team-a", "shop")).unwrap();
        assert_eq!(verdict.condition("Ready").unwrap().reason, "SecretConflict");
    }
}

#[tokio::test]
async fn an_edit_is_delivered() {
    let fixture = Fixture::new();
    let (mut source, _) = fixture.open().await;
    fixture.write("client.yaml", &client("shop", "After"));
    until(&mut source, "the name has changed", is_called("After")).await;
}

#[tokio::test]
async fn an_editor_that_writes_beside_and_renames_is_understood() {
    let fixture = Fixture::new();
    let (mut source, _) = fixture.open().await;
    fixture.write(".client.yaml.swp", "half of it");
    fixture.write("client.yaml~", &client("shop", "After"));
    fs::rename(
        fixture.manifests.path().join("client.yaml~"),
        fixture.manifests.path().join("client.yaml"),
    )
    .unwrap();
    until(&mut source, "the name has changed", is_called("After")).await;
}

#[tokio::test]
async fn a_broken_file_is_reported_and_its_last_good_documents_stay() {
    let fixture = Fixture::new();
    let (mut source, _) = fixture.open().await;
    fixture.write("client.yaml", &client("shop", "After").replace("redirectUris", "redirectUri"));
    let update = until(&mut source, "the file is broken", |update| !update.problems.is_empty()).await;
    let problem = update.problems[0].to_string();
    assert!(problem.contains("client.yaml:7:") && problem.contains("redirectUri"), "{problem}");
    assert_eq!(display_name(&update).as_deref(), Some("Before"));
    fixture.write("more.yaml", &client("more", "More"));
    let update = until(&mut source, "another file is taken meanwhile", |update| {
        update
            .snapshot
            .as_ref()
            .is_ok_and(|snapshot| snapshot.client("team-a.more").is_some())
    })
    .await;
    assert_eq!(display_name(&update).as_deref(), Some("Before"));
    fixture.write("client.yaml", &client("shop", "Mended"));
    let update = until(&mut source, "the file is mended", is_called("Mended")).await;
    assert!(update.problems.is_empty());
}

#[tokio::test]
async fn a_refused_edit_leaves_the_earlier_form_and_says_so_in_the_status() {
    let fixture = Fixture::new();
    let (mut source, _) = fixture.open().await;
    let status = fixture.data.path().join("status/AuthClient/team-a/shop.yaml");
    assert!(fs::read_to_string(&status).unwrap().contains("ClientProvisioned"));
    fixture.write("client.yaml", &client("shop", "After").replace("https://shop", "http://shop"));
    let update = until(&mut source, "the client is refused", |update| update.refused().next().is_some()).await;
    assert_eq!(display_name(&update).as_deref(), Some("Before"));
    assert!(update.complaints()[0].contains("client.yaml:1: AuthClient team-a/shop refused (InvalidSpec)"));
    assert!(fs::read_to_string(&status).unwrap().contains("plain http"));
}

#[tokio::test]
async fn a_status_goes_with_its_resource() {
    let fixture = Fixture::new();
    let (mut source, _) = fixture.open().await;
    let status = fixture.data.path().join("status/AuthClient/team-a/shop.yaml");
    assert!(status.exists());
    fs::remove_file(fixture.manifests.path().join("client.yaml")).unwrap();
    until(&mut source, "the client is gone", |update| display_name(update).is_none()).await;
    assert!(!status.exists());
    assert!(fixture.secret_path().exists(), "its secret stays, for the case that it comes back");
    assert!(fixture.data.path().join("status/AuthServer/identity/main.yaml").exists());
}

#[tokio::test]
async fn a_policy_that_cannot_be_read_at_the_start_lets_nobody_through() {
    let fixture = Fixture::new();
    fixture.write(
        "policy.yaml",
        "apiVersion: auth.nauthera.io/v1alpha1\nkind: ClusterAuthPolicy\nmetadata: {name: all}\nspec: {allowedScope: [openid]}\n",
    );
    let (mut source, first) = fixture.open().await;
    assert_eq!(display_name(&first), None);
    let reason = first.complaints().join("\n");
    assert!(reason.contains("PolicyNotAccepted") && reason.contains("policy.yaml:4"), "{reason}");
    fixture.write("more.yaml", &client("more", "More"));
    let update = until(&mut source, "another file is read", |update| update.files == 4).await;
    assert_eq!(display_name(&update), None, "the policy is still not known");
    fixture.write(
        "policy.yaml",
        "apiVersion: auth.nauthera.io/v1alpha1\nkind: ClusterAuthPolicy\nmetadata: {name: all}\nspec: {allowedScopes: [openid]}\n",
    );
    until(&mut source, "the policy is mended", is_called("Before")).await;
}

#[tokio::test]
async fn a_folder_that_is_replaced_is_watched_again() {
    let parent = TempDir::new().unwrap();
    let data = TempDir::new().unwrap();
    let manifests = parent.path().join("manifests");
    let fill = |name: &str| {
        fs::create_dir(&manifests).unwrap();
        fs::write(manifests.join("all.yaml"), format!("{SERVER}---\n{}", client("shop", name))).unwrap();
    };
    fill("Before");
    let (mut source, _) = FileSource::open(&manifests, data.path(), Options::default()).await.unwrap();
    fs::rename(&manifests, parent.path().join("old")).unwrap();
    fill("After");
    until(&mut source, "the new folder is read", is_called("After")).await;
    fs::write(manifests.join("all.yaml"), format!("{SERVER}---\n{}", client("shop", "Again"))).unwrap();
    until(&mut source, "the new folder is watched", is_called("Again")).await;
}

#[tokio::test]
async fn a_folder_that_vanishes_changes_nothing() {
    let parent = TempDir::new().unwrap();
    let data = TempDir::new().unwrap();
    let manifests = parent.path().join("manifests");
    fs::create_dir(&manifests).unwrap();
    fs::write(manifests.join("all.yaml"), format!("{SERVER}---\n{}", client("shop", "Before"))).unwrap();
    let (mut source, _) = FileSource::open(&manifests, data.path(), Options::default()).await.unwrap();
    fs::remove_dir_all(&manifests).unwrap();
    let update = until(&mut source, "the folder is missed", |update| {
        update.problems.iter().any(|problem| problem.message == "is not there")
    })
    .await;
    assert_eq!(display_name(&update).as_deref(), Some("Before"), "{:?}", update.complaints());
}

/// How Kubernetes mounts a ConfigMap: files are links into `..data`, which is a link that is swapped.
#[tokio::test]
async fn a_mounted_config_map_is_followed_when_it_is_swapped() {
    let fixture = Fixture::new();
    let root = fixture.manifests.path();
    fs::remove_file(root.join("client.yaml")).unwrap();
    let generation = |name: &str, display: &str| {
        fs::create_dir(root.join(name)).unwrap();
        fs::write(root.join(name).join("client.yaml"), client("shop", display)).unwrap();
        symlink(name, root.join("..data_tmp")).unwrap();
        fs::rename(root.join("..data_tmp"), root.join("..data")).unwrap();
    };
    generation("..2026_01", "Before");
    symlink("..data/client.yaml", root.join("client.yaml")).unwrap();
    let (mut source, first) = fixture.open().await;
    assert_eq!(display_name(&first).as_deref(), Some("Before"), "{:?}", first.complaints());
    generation("..2026_02", "After");
    until(&mut source, "the swap is seen", is_called("After")).await;
}

#[tokio::test]
async fn links_in_circles_pipes_and_strange_bytes_do_no_harm() {
    let fixture = Fixture::new();
    let root = fixture.manifests.path();
    symlink(".", root.join("circle")).unwrap();
    symlink("nowhere", root.join("dangling.yaml")).unwrap();
    fs::write(root.join("latin1.yaml"), b"# fine\n# caf\xe9\n").unwrap();
    let made = std::process::Command::new("mkfifo").arg(root.join("pipe.yaml")).status().unwrap();
    assert!(made.success());
    let (_source, first) = fixture.open().await;
    let text = first.complaints().join("\n");
    assert!(text.contains("latin1.yaml:2: is not UTF-8 text"), "{text}");
    assert!(text.contains("pipe.yaml: is not a regular file"), "{text}");
    assert!(text.contains("dangling.yaml: is not there"), "{text}");
    assert_eq!(first.problems.len(), 3, "{text}");
}

#[tokio::test]
async fn the_data_folder_may_not_be_inside_the_manifests() {
    let fixture = Fixture::new();
    let inside = fixture.manifests.path().join("data");
    let error = FileSource::open(fixture.manifests.path(), &inside, Options::default())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("may not be inside"), "{error}");
}

#[tokio::test]
async fn a_missing_folder_is_named() {
    let data = TempDir::new().unwrap();
    let error = FileSource::open(Path::new("/nowhere/at/all"), data.path(), Options::default())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("/nowhere/at/all: is not there"), "{error}");
}

//! The four manifests of `k8s/quickstart` and its script are a first login. Here `nauthera dev` serves them; that a cluster does is tests/kube's.

use crate::support::browser::{Browser, Mode};
use crate::support::pages;
use crate::support::process::Process;
use crate::support::{free_port, root};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// What stands in for kubectl: it knows one question.
fn fake_kubectl(folder: &Path, secret: &Value) {
    let answer = folder.join("secret.json");
    std::fs::write(&answer, secret.to_string()).unwrap();
    let script = format!(
        "#!/bin/sh\n[ \"$*\" = '-n demo get secret shop-client-secret -o json' ] && exec cat {}\nexit 1\n",
        answer.display()
    );
    let path = folder.join("kubectl");
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn four_manifests_and_a_script_are_a_first_login() {
    let folder = tempfile::tempdir().unwrap();
    let (manifests, data) = (folder.path().join("manifests"), folder.path().join("data"));
    std::fs::create_dir(&manifests).unwrap();
    let (port, demo_port, callback_port) = (free_port(), free_port(), free_port());
    let callback = format!("http://127.0.0.1:{callback_port}/callback");
    for entry in std::fs::read_dir(root().join("k8s/quickstart")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::write(
                manifests.join(path.file_name().unwrap()),
                text.replace("http://127.0.0.1:8081/callback", &callback),
            )
            .unwrap();
        }
    }
    let server = Process::start(
        "nauthera dev",
        Command::new(env!("CARGO_BIN_EXE_nauthera"))
            .args(["dev", "--listen", &format!("127.0.0.1:{port}")])
            .args(["--demo-listen", &format!("127.0.0.1:{demo_port}")])
            .args([Path::new("--manifests"), &manifests, Path::new("--data"), &data]),
    );
    server.wait_for_line("that it is ready", |line| line.contains("is ready after").then_some(()));

    let generated = std::fs::read_to_string(data.join("secrets/demo/shop-client-secret.yaml")).unwrap();
    fake_kubectl(folder.path(), &serde_saphyr::from_str(&generated).unwrap());
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let script = Process::start(
        "login.py",
        Command::new("python3")
            .arg("-u")
            .arg(root().join("k8s/quickstart/login.py"))
            .args(["demo", "shop-client-secret", &callback])
            .env("PATH", path)
            .env("BROWSER", "true"),
    );
    let address = script.wait_for_line("where to log in", |line| line.strip_prefix("Log in at ").map(str::to_owned));

    let browser = Browser::start(Mode::Plain).await;
    browser.open(&address).await;
    pages::log_in(&browser, "alice", "correct horse battery staple").await;
    browser.click(pages::ALLOW).await;
    browser.see_text("body", "Look at your terminal").await;
    script.wait_for_line("whom the token is for", |line| {
        (line.trim() == r#""aud": "demo.shop","# || line.trim() == r#""aud": "demo.shop""#).then_some(())
    });
    script.wait_for_line("her name", |line| line.contains("Alice Example").then_some(()));
    browser.quit().await;
}

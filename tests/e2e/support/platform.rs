//! `nauthera dev` with the manifests of these tests, and the sites around it.

use super::process::Process;
use super::{free_port, root, use_aws_lc};
use std::process::Command;
use std::time::Duration;

/// Everything that one test starts. Each has ports, a data folder and manifests of its own.
pub struct Platform {
    /// Where people log in.
    pub issuer: String,
    /// The bundled demo client.
    pub demo: String,
    /// A website on openid-client that is a confidential client with consent.
    pub shop: Site,
    server: Process,
    folder: tempfile::TempDir,
}

/// A relying party of the Node folder.
pub struct Site {
    /// Its address.
    pub origin: String,
    _process: Process,
}

/// The person of `manifests/people.yaml`.
pub const USERNAME: &str = "ada";
/// Her password.
pub const PASSWORD: &str = "engine of differences 1843";

impl Platform {
    /// Starts the shop, then the server, and waits until the server is ready.
    pub async fn start() -> Self {
        Self::start_with(|_| String::new()).await
    }

    /// The same, with further manifests, which are made when the issuer is known.
    pub async fn start_with(more: impl FnOnce(&str) -> String) -> Self {
        Self::start_at("127.0.0.1", more).await
    }

    /// The same, with the issuer at another host than an address of this machine: `localhost`, for passkeys.
    pub async fn start_at(host: &str, more: impl FnOnce(&str) -> String) -> Self {
        use_aws_lc();
        let (port, demo_port, shop_port) = (free_port(), free_port(), free_port());
        let issuer = format!("http://{host}:{port}");
        let shop = Site::start(&issuer, "e2e.shop", Some("shop secret of the end-to-end tests"), shop_port);
        let folder = tempfile::tempdir().unwrap();
        let manifests = folder.path().join("manifests");
        std::fs::create_dir(&manifests).unwrap();
        for entry in std::fs::read_dir(root().join("tests/e2e/manifests")).unwrap() {
            let entry = entry.unwrap();
            let text = std::fs::read_to_string(entry.path()).unwrap();
            let text = text
                .replace("ISSUER", &issuer)
                .replace("SHOP", &shop.origin)
                .replace("DEMO", &format!("http://127.0.0.1:{demo_port}"));
            std::fs::write(manifests.join(entry.file_name()), text).unwrap();
        }
        std::fs::write(manifests.join("more.yaml"), more(&issuer)).unwrap();
        let server = Process::start(
            "nauthera dev",
            Command::new(env!("CARGO_BIN_EXE_nauthera"))
                .arg("dev")
                .args([
                    "--listen",
                    &format!("{host}:{port}"),
                    "--demo-listen",
                    &format!("127.0.0.1:{demo_port}"),
                ])
                .arg("--manifests")
                .arg(&manifests)
                .arg("--data")
                .arg(folder.path().join("data"))
                .env("NAUTHERA_LOG", "info"),
        );
        let platform = Self {
            issuer,
            demo: format!("http://127.0.0.1:{demo_port}"),
            shop,
            server,
            folder,
        };
        platform.wait_until_ready().await;
        platform
    }

    /// A client secret that the platform generated, from the data folder.
    pub fn generated_secret(&self, namespace: &str, client: &str) -> String {
        let path = self
            .folder
            .path()
            .join(format!("data/secrets/{namespace}/{client}-client-secret.yaml"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let secret: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
        let plain = secret["stringData"]["client_secret"].as_str().map(str::to_owned);
        plain.unwrap_or_else(|| {
            use base64::Engine;
            let encoded = secret["data"]["client_secret"]
                .as_str()
                .unwrap_or_else(|| panic!("no client_secret in {text}"));
            String::from_utf8(base64::engine::general_purpose::STANDARD.decode(encoded).unwrap()).unwrap()
        })
    }

    async fn wait_until_ready(&self) {
        // The first line says that the program runs; /readyz, that users and keys are there.
        self.server
            .wait_for_line("its address", |line| line.contains(&self.issuer).then_some(()));
        let client = reqwest::Client::new();
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        loop {
            match client.get(format!("{}/readyz", self.issuer)).send().await {
                Ok(answer) if answer.status().is_success() => return,
                answer => assert!(tokio::time::Instant::now() < deadline, "the server does not get ready: {answer:?}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Site {
    /// An OpenID provider on oidc-provider, with one client.
    pub fn provider(client_id: &str, client_secret: &str, redirect_uri: &str, backchannel_logout_uri: &str) -> Self {
        let mut command = Command::new("node");
        command
            .arg(root().join("tests/e2e/node/provider.mjs"))
            .env("CLIENT_ID", client_id)
            .env("CLIENT_SECRET", client_secret)
            .env("REDIRECT_URI", redirect_uri)
            .env("BACKCHANNEL_LOGOUT_URI", backchannel_logout_uri)
            .env("PORT", free_port().to_string());
        let process = Process::start("provider", &mut command);
        Self {
            origin: process.listening(),
            _process: process,
        }
    }

    fn start(issuer: &str, client_id: &str, client_secret: Option<&str>, port: u16) -> Self {
        let mut command = Command::new("node");
        command
            .arg(root().join("tests/e2e/node/relying_party.mjs"))
            .env("ISSUER", issuer)
            .env("CLIENT_ID", client_id)
            .env("SCOPE", "openid profile email groups orders:read")
            .env("PORT", port.to_string())
            .env_remove("CLIENT_SECRET");
        if let Some(secret) = client_secret {
            command.env("CLIENT_SECRET", secret);
        }
        let process = Process::start("relying party", &mut command);
        Self {
            origin: process.listening(),
            _process: process,
        }
    }
}

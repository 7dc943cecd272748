//! A person with a browser, and the application that they log in to.

use super::server::{Credentials, Server, claims, form};
use crate::e2e::browser::{Browser, Mode};
use crate::e2e::pages;
use crate::support::tools::run;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

/// The verifier and challenge of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An application on this machine's loopback, which takes one code.
pub struct Application {
    pub callback: String,
    codes: Receiver<String>,
}

impl Application {
    /// Listens on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let callback = format!("http://{}/callback", listener.local_addr().unwrap());
        let (sender, codes) = channel();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let mut request = [0; 8192];
                let length = stream.read(&mut request).unwrap_or_default();
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                let _ = stream.write_all(
                    b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 17\r\nconnection: close\r\n\r\n<p id=done>Done.\n",
                );
                let path = request.split_whitespace().nth(1).unwrap_or_default().to_owned();
                if path.starts_with("/callback") && sender.send(path).is_err() {
                    break;
                }
            }
        });
        Self { callback, codes }
    }

    /// `kubectl apply` of it, as the client `shop`.
    pub fn manifest(&self) -> String {
        format!(
            "
apiVersion: auth.nauthera.io/v1alpha1
kind: AuthClient
metadata: {{name: shop, namespace: NAMESPACE, labels: {{profile: web}}}}
spec:
  authServerRef: {{name: main}}
  redirectUris: ['{}']
  scopes: [openid, profile, email]
",
            self.callback
        )
    }

    /// Sends alice through the login, by the Service, and takes what her ID token says.
    pub async fn log_in(&self, server: &Server, credentials: &Credentials) -> Value {
        let service = server.service();
        let host = &server.issuer["https://".len()..];
        let browser = Browser::start_with(
            Mode::Plain,
            &[
                format!("--host-resolver-rules=MAP {host} {service}"),
                format!("--ignore-certificate-errors-spki-list={}", self.pin(server)),
            ],
        )
        .await;
        let query = form(&[
            ("response_type", "code"),
            ("client_id", &credentials.id),
            ("redirect_uri", &self.callback),
            ("scope", "openid profile email"),
            ("state", "abc"),
            ("nonce", "once"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        browser.open(&format!("{}/authorize?{query}", server.issuer)).await;
        pages::log_in(&browser, "alice", "correct horse battery staple").await;
        browser.click(pages::ALLOW).await;
        browser.see("#done").await;
        browser.quit().await;

        let path = self.codes.recv().unwrap();
        let answer = url::Url::parse("http://127.0.0.1").unwrap().join(&path).unwrap();
        let parameter = |name: &str| {
            answer
                .query_pairs()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        assert_eq!(parameter("iss").as_deref(), Some(server.issuer.as_str()));
        let code = parameter("code").unwrap_or_else(|| panic!("no code: {path}"));
        let exchange = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &self.callback),
            ("code_verifier", VERIFIER),
        ];
        let tokens = server.tokens(&server.at(service, 443), credentials, &exchange).await.unwrap();
        claims(tokens["id_token"].as_str().unwrap())
    }

    /// What Chromium is to trust in place of the machine's authorities: the hash of the server's public key. The handshake with the right authority is `Server::at`'s to check.
    fn pin(&self, server: &Server) -> String {
        let certificate = server
            .kubectl(&[
                "get",
                "secret",
                "main-tls",
                "-o",
                "go-template={{index .data \"tls.crt\" | base64decode}}",
            ])
            .success();
        let key = run(Path::new("openssl"), ["x509", "-noout", "-pubkey"], &[], &certificate).success();
        let der: String = key.lines().filter(|line| !line.starts_with("---")).collect();
        let der = STANDARD.decode(der).unwrap();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &der);
        STANDARD.encode(digest)
    }
}

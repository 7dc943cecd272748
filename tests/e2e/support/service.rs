//! Services without a person: `service.mjs` on openid-client asks for tokens, `api.py` on PyJWT checks them.

use super::process::Process;
use super::root;
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

/// A confidential client of the manifests.
pub struct Service<'a> {
    /// The authorization server.
    pub issuer: &'a str,
    /// `client_id`
    pub id: &'a str,
    /// `client_secret`
    pub secret: &'a str,
}

impl Service<'_> {
    /// Sends one request; `{"ok": …}` or `{"refused": {status, error, error_description}}` comes back.
    pub fn ask(&self, grant: &str, parameters: Value) -> Value {
        let request =
            json!({"issuer": self.issuer, "client": {"id": self.id, "secret": self.secret}, "grant": grant, "parameters": parameters});
        let mut child = Command::new("node")
            .arg(root().join("tests/e2e/node/service.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node: run `make setup`");
        child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "service.mjs failed on {grant}; its stack is above");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The access token of a request that must succeed.
    pub fn token(&self, grant: &str, parameters: Value) -> String {
        let answer = self.ask(grant, parameters);
        answer["ok"]["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("{} got no token by {grant}: {answer}", self.id))
            .to_owned()
    }
}

/// An API that asks for one audience and one scope.
pub struct Api {
    origin: String,
    _process: Process,
}

impl Api {
    /// Starts it; it reads the issuer's metadata at once.
    pub fn start(issuer: &str, audience: &str, scope: &str) -> Self {
        super::use_aws_lc();
        let process = Process::start(
            "api.py",
            Command::new(super::python())
                .arg(root().join("tests/e2e/python/api.py"))
                .env("ISSUER", issuer)
                .env("AUDIENCE", audience)
                .env("SCOPE", scope),
        );
        Self {
            origin: process.listening(),
            _process: process,
        }
    }

    /// Calls the API with a bearer token: status and JSON body.
    pub async fn call(&self, token: &str) -> (u16, Value) {
        let answer = reqwest::Client::new().get(&self.origin).bearer_auth(token).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

//! Certificates: of the configuration service, and of the HTTPS that people come in by.

use super::{Certificate, Content, Failure, Fault, Instant, LOOK_AT_UNWATCHED, LOOK_FOR_MISSING, Made, Round};
use crate::operator::servers::facts::until;
use crate::operator::servers::pki::{self, Sides};
use crate::operator::servers::secrets;
use crate::operator::servers::step::Belongs;
use crate::operator::world::SecretView;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

impl Round<'_> {
    /// Both sides' certificates of the configuration service.
    pub(super) async fn config_certificates(&mut self, cert_manager: bool) {
        let names = [self.names.authority(), self.names.config_server(), self.names.config_operator()];
        let found = names.clone().map(|name| self.secret(&name));
        for (name, secret) in names.iter().zip(&found) {
            if let Some(secret) = secret
                && !self.is_usable(name, secret)
            {
                return;
            }
        }
        let [authority, server, operator] = &found;
        let sides = Sides {
            authority: authority.as_deref(),
            server: server.as_deref(),
            operator: operator.as_deref(),
        };
        if cert_manager {
            let orphaned = pki::orphaned(&self.names, sides);
            for (name, secret) in names.iter().zip(&found) {
                match secret {
                    Some(secret) if orphaned.contains(name) => self.reissue(name, secret).await,
                    secret => self.issued(name, secret.clone()).await,
                }
            }
            return;
        }
        let now = Timestamp::now();
        let in_use = self.has_deployment();
        match pki::plan(&self.names, sides, now) {
            Ok(plan) => {
                for write in plan.writes {
                    let known = names.iter().position(|name| *name == write.name);
                    let known = known.and_then(|index| found.get(index)).and_then(Option::as_ref);
                    let content = Content {
                        name: write.name,
                        type_: "kubernetes.io/tls",
                        data: write.data.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
                        annotations: write.annotations,
                        keep: false,
                    };
                    if self.write_secret(&content, known.map(Arc::as_ref)).await.is_none() {
                        self.held = self.held || !in_use;
                        return;
                    }
                    tracing::info!(server = %self.subject.key, secret = content.name, why = write.why, "wrote a certificate");
                    if write.spoilt && in_use {
                        self.put_back(format!(
                            "Secret {} had been changed or deleted: it holds a new certificate",
                            content.name
                        ));
                    }
                }
                let wait = Duration::try_from(plan.again.duration_since(now)).unwrap_or_default();
                self.again = self.again.min(wait);
            }
            Err(error) => {
                self.missing(Fault::new("ApplyFailed", error.to_string()));
            }
        }
        for (name, secret) in names.iter().zip(found) {
            if let Some(secret) = secret {
                self.mark(name, &secret).await;
            }
        }
    }

    /// Whether a Secret may be used and written.
    fn is_usable(&mut self, name: &str, secret: &SecretView) -> bool {
        let failure = match secrets::owner_of(secret, &self.subject) {
            Belongs::Here if secret.deletion_timestamp.is_none() => return true,
            Belongs::Another => Failure::Foreign(format!("Secret {name}")),
            _ => Failure::Leaving(format!("Secret {name}")),
        };
        self.missing(Fault::new(failure.reason(), failure.to_string()));
        false
    }

    /// A Secret that cert-manager writes. It gets its owner from us: cert-manager names none, and it would outlive the AuthServer.
    async fn issued(&mut self, name: &str, secret: Option<Arc<SecretView>>) {
        match secret {
            Some(secret) => self.mark(name, &secret).await,
            None => {
                let message = self.yet_to_issue(name);
                if self.has_deployment() {
                    self.again = self.again.min(LOOK_FOR_MISSING);
                    self.fault(Fault::new("CertificatesPending", message));
                } else {
                    // A pod would wait for it, and longer than the Certificate takes.
                    self.missing(Fault::new("CertificatesPending", message));
                }
            }
        }
    }

    /// Takes away a certificate of an authority that is gone: cert-manager would leave it until it runs out, and issue the other side's by the
    /// new one before.
    async fn reissue(&mut self, name: &str, secret: &SecretView) {
        let now = Instant::now();
        if let Some(wait) = self.entry.has_to_wait(Made::Certificate, name, now) {
            self.again = self.again.min(wait);
            return;
        }
        self.writes += 1;
        match secrets::delete(&self.context.client, &self.subject, name, &secret.uid).await {
            Ok(()) => {
                self.entry.corrected(Made::Certificate, name, now);
                self.put_back(format!(
                    "Secret {name} held a certificate of an authority that is gone: cert-manager issues a new one"
                ));
            }
            Err(failure) => self.failure(&failure),
        }
    }

    /// Whether cert-manager may be asked for this Certificate. It would overwrite a Secret of that name that belongs to something else.
    pub(super) async fn may_issue(&mut self, name: &str) -> bool {
        let is_asked = self.shared.lock().get(&self.subject.key, Made::Certificate, name).is_some();
        let secret = match self.secret(name) {
            None if !is_asked => match secrets::get(&self.context.client, &self.subject, name).await {
                Ok(secret) => secret.map(Arc::new),
                Err(failure) => {
                    self.held = true;
                    self.failure(&failure);
                    return false;
                }
            },
            known => known,
        };
        match secret {
            Some(secret) => self.is_usable(name, &secret),
            None => true,
        }
    }

    /// What is waited for, what cert-manager says of it, and where it says more.
    fn yet_to_issue(&self, name: &str) -> String {
        let live = self.shared.lock().get(&self.subject.key, Made::Certificate, name).cloned();
        let said = live.as_ref().and_then(|live| live.condition("Ready"));
        let said = match said {
            Some((_, _, message)) if !message.is_empty() => format!(" ({message})"),
            _ => String::new(),
        };
        let namespace = &self.subject.key.namespace;
        format!(
            "cert-manager has yet to issue the Certificate {name}{said}; kubectl -n {namespace} describe certificaterequests says what it waits for"
        )
    }

    /// Puts labels and owner on a Secret that lacks them.
    async fn mark(&mut self, name: &str, secret: &Arc<SecretView>) {
        let latest = self.secret(name).unwrap_or_else(|| Arc::clone(secret));
        if secrets::is_marked(&latest, &self.subject) {
            return;
        }
        let content = Content {
            name: name.to_owned(),
            type_: "kubernetes.io/tls",
            data: BTreeMap::new(),
            annotations: BTreeMap::new(),
            keep: true,
        };
        self.write_secret(&content, Some(&latest)).await;
    }

    /// The certificate of its HTTPS.
    pub(super) async fn public_certificate(&mut self, cert_manager: bool) -> Certificate {
        let Some(tls) = &self.spec.tls else {
            return Certificate::NotAsked;
        };
        self.again = self.again.min(LOOK_AT_UNWATCHED);
        let secret = match &tls.cert_secret_ref {
            Some(reference) => match secrets::get(&self.context.client, &self.subject, &reference.name).await {
                Ok(secret) => secret.map(Arc::new).ok_or_else(|| {
                    Certificate::Missing(format!(
                        "the Secret {} of tls.certSecretRef is not there: make it (kubernetes.io/tls, in the namespace {})",
                        reference.name, self.subject.key.namespace
                    ))
                }),
                Err(failure) => {
                    self.failure(&failure);
                    Err(Certificate::Missing(failure.to_string()))
                }
            },
            None if !cert_manager => {
                let message = "tls.issuerRef needs cert-manager, which this cluster does not have";
                Err(Certificate::Missing(message.to_owned()))
            }
            None => {
                let name = self.names.tls();
                let secret = self.secret(&name);
                if let Some(secret) = &secret {
                    self.mark(&name, secret).await;
                }
                secret.ok_or_else(|| Certificate::Pending(self.yet_to_issue(&name)))
            }
        };
        match secret {
            Ok(secret) => Certificate::Until(until(secret.bytes("tls.crt"), secret.bytes("tls.key"))),
            Err(certificate) => {
                self.held = true;
                self.again = self.again.min(LOOK_FOR_MISSING);
                certificate
            }
        }
    }
}

//! Where the server's data is, and reading and writing Secrets.

use super::{Arc, Choice, Content, Data, Failure, Fault, Instant, LOOK_AT_UNWATCHED, Round, SecretView, database, secrets};
use crate::operator::servers::step::Belongs;
use std::collections::BTreeMap;

impl Round<'_> {
    /// A Secret that is watched, or was just written.
    pub(super) fn secret(&mut self, name: &str) -> Option<Arc<SecretView>> {
        self.entry.secret(self.world, &self.subject.key.namespace, name, Instant::now())
    }

    /// Writes a Secret; what it is now, if that went well.
    pub(super) async fn write_secret(&mut self, content: &Content, known: Option<&SecretView>) -> Option<Arc<SecretView>> {
        self.writes += 1;
        match secrets::put(&self.context.client, &self.subject, content, known).await {
            Ok(view) => Some(self.entry.wrote_secret(&content.name, view, Instant::now())),
            Err(Failure::Overtaken(what)) => {
                self.failed = true;
                tracing::debug!(server = %self.subject.key, what, "changed meanwhile; it is looked at again");
                None
            }
            Err(failure) => {
                self.failure(&failure);
                None
            }
        }
    }

    /// Deletes a Secret of ours that is not wanted any more.
    pub(super) async fn drop_secret(&mut self, name: &str) {
        let Some(secret) = self.secret(name) else {
            return;
        };
        let ours = secrets::is_marked(&secret, &self.subject) && secret.deletion_timestamp.is_none();
        if !ours {
            return;
        }
        self.writes += 1;
        match secrets::delete(&self.context.client, &self.subject, name, &secret.uid).await {
            Ok(()) => tracing::info!(server = %self.subject.key, secret = name, "deleted: not asked for any more"),
            Err(failure) => self.failure(&failure),
        }
    }

    /// Where its data is.
    pub(super) async fn data(&mut self, kek: Option<&SecretView>) -> Data {
        let choice = database::choice(self.spec, &self.context.settings, &self.subject.key.namespace);
        let (name, secret) = match &choice {
            Choice::Embedded(why) => {
                return Data {
                    database: database::presumed(&choice, &self.names),
                    stamp: String::new(),
                    embedded: Some(why),
                };
            }
            Choice::Own(name) => (name.clone(), self.own_database(name).await),
            Choice::Default => (self.names.database(), self.default_database().await),
        };
        match (secret, kek) {
            (Some(secret), Some(kek)) => Data {
                database: database::described(name, &secret),
                stamp: database::stamp(&secret, kek),
                embedded: None,
            },
            _ => Data {
                database: database::presumed(&choice, &self.names),
                stamp: String::new(),
                embedded: None,
            },
        }
    }

    async fn own_database(&mut self, name: &str) -> Option<Arc<SecretView>> {
        self.again = self.again.min(LOOK_AT_UNWATCHED);
        let fault = match secrets::get(&self.context.client, &self.subject, name).await {
            Ok(Some(secret)) => match database::fault(&secret) {
                None => return Some(Arc::new(secret)),
                Some(why) => Fault::new("DatabaseInvalid", format!("the Secret {name} of database.secretRef {why}")),
            },
            Ok(None) => {
                let namespace = &self.subject.key.namespace;
                let message = format!(
                    "the Secret {name} of database.secretRef is not there: make it with the key `url`, in the namespace {namespace}"
                );
                Fault::new("DatabaseNotFound", message)
            }
            Err(failure) => {
                self.held = true;
                self.failure(&failure);
                return None;
            }
        };
        self.missing(fault);
        None
    }

    /// The copy of the operator's default, kept equal to it.
    async fn default_database(&mut self) -> Option<Arc<SecretView>> {
        let original = self.shared.lock().default_database().cloned();
        let settings = &self.context.settings;
        let place = format!(
            "{}/{}",
            settings.namespace,
            settings.default_database_secret.as_deref().unwrap_or_default()
        );
        let Some(original) = original else {
            let message =
                format!("the operator's default database, the Secret {place}, is not there: whoever runs the operator has to make it");
            self.missing(Fault::new("DatabaseNotFound", message));
            return None;
        };
        if let Some(why) = database::fault(&original) {
            let message = format!("the operator's default database, the Secret {place}, {why}");
            self.missing(Fault::new("DatabaseInvalid", message));
            return None;
        }
        let name = self.names.database();
        let copy = self.secret(&name);
        if let Some(copy) = &copy
            && secrets::owner_of(copy, &self.subject) != Belongs::Here
        {
            let failure = Failure::Foreign(format!("Secret {name}"));
            self.missing(Fault::new(failure.reason(), failure.to_string()));
            return None;
        }
        let wanted = database::copied(&original);
        let same = copy.as_ref().is_some_and(|copy| {
            database::copied(copy) == wanted && secrets::is_marked(copy, &self.subject) && copy.deletion_timestamp.is_none()
        });
        if same {
            return copy;
        }
        let content = Content {
            name,
            type_: "Opaque",
            data: wanted,
            annotations: BTreeMap::new(),
            keep: false,
        };
        let written = self.write_secret(&content, copy.as_deref()).await;
        self.held = self.held || written.is_none();
        if written.is_some() && copy.is_none() && self.has_deployment() {
            self.put_back(format!("Secret {} had been deleted: it was made anew", content.name));
        }
        written
    }
}

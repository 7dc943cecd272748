//! Where the server caches. Without its cache it serves all the same: nothing here keeps its pods from being made, but for a moment in which it is
//! not known how they are to be made.

use super::{Fault, LOOK_AT_UNWATCHED, LOOK_FOR_MISSING, Round, SecretView};
use crate::operator::servers::desired::{Cache, Database};
use crate::operator::servers::facts::Caching;
use crate::operator::servers::failure::Failure;
use crate::operator::servers::{cache, database, secrets};

impl Round<'_> {
    /// Its cache, with what changes when pods have to be started anew for it; and what the status says of it.
    pub(super) async fn cache(&mut self, database: &Database, kek: Option<&SecretView>) -> (Option<(Cache, String)>, Caching) {
        let Some(asked) = &self.spec.cache else {
            return (None, Caching::NotAsked);
        };
        if *database == Database::Embedded {
            let message = "a cache is for servers that share a PostgreSQL database, and this one has SQLite: set database.secretRef";
            return (None, Caching::Missing(Fault::new("EmbeddedDatabase", message)));
        }
        let name = asked.secret_ref.name.as_str();
        self.again = self.again.min(LOOK_AT_UNWATCHED);
        let fault = match secrets::get(&self.context.client, &self.subject, name).await {
            Ok(Some(secret)) => match cache::fault(&secret) {
                None => {
                    let stamp = kek.map(|kek| database::stamp(&secret, kek)).unwrap_or_default();
                    return (
                        Some((cache::described(name, &secret), stamp)),
                        Caching::Used { secret: name.to_owned() },
                    );
                }
                Some(why) => Fault::new("CacheInvalid", format!("the Secret {name} of cache.secretRef {why}")),
            },
            Ok(None) => {
                let namespace = &self.subject.key.namespace;
                let message =
                    format!("the Secret {name} of cache.secretRef is not there: make it with the key `url`, in the namespace {namespace}");
                Fault::new("CacheNotFound", message)
            }
            Err(failure) => {
                self.failed = true;
                // Whether it is there is not known: pods stay as they are.
                self.held = self.held || !matches!(failure, Failure::Refused { .. });
                Fault::new(failure.reason(), failure.to_string())
            }
        };
        self.again = self.again.min(LOOK_FOR_MISSING);
        (None, Caching::Missing(fault))
    }
}

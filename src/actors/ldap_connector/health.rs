//! Looks at how the directories stand, and tells those who tell others: metrics at once, statuses what has lasted.

use super::LdapHandle;
use crate::config::directory_health::DirectoryHealth;
use crate::directory::ldap::ailment::Ailment;
use crate::oauth::ids::UserStoreId;
use crate::telemetry::metrics::Metrics;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often it looks.
pub const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How the directories stand, by UserStore; one whose servers have yet to be tried is not here.
pub type Directories = Arc<Vec<DirectoryHealth>>;

/// What was told.
pub(super) struct Health {
    metrics: Metrics,
    told: watch::Sender<Directories>,
    /// The servers whose standing the metrics show
    shown: Mutex<Vec<(UserStoreId, String)>>,
}

impl Health {
    pub(super) fn new(metrics: Metrics) -> Self {
        Self {
            metrics,
            told: watch::Sender::default(),
            shown: Mutex::default(),
        }
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Directories> {
        self.told.subscribe()
    }

    /// Looks at these once.
    pub(super) fn look<'a>(&self, running: impl Iterator<Item = (&'a UserStoreId, &'a LdapHandle)> + Clone) {
        self.show(running.clone());
        let now = Instant::now();
        let told = running.filter_map(|(store, handle)| {
            let servers = handle.0.servers.told(now)?.into_iter();
            let ailments = servers.map(|ailment| ailment.map_or("", Ailment::as_str));
            Some(DirectoryHealth::named(store.as_str(), ailments))
        });
        let mut told: Vec<DirectoryHealth> = told.collect();
        told.sort_by(|one, other| one.store.as_str().cmp(other.store.as_str()));
        self.told.send_if_modified(|before| {
            let is_news = **before != told;
            if is_news {
                *before = Arc::new(told);
            }
            is_news
        });
    }

    fn show<'a>(&self, running: impl Iterator<Item = (&'a UserStoreId, &'a LdapHandle)>) {
        let mut standing = HashMap::new();
        for (store, handle) in running {
            let servers = handle.standing();
            let used = servers.iter().position(|server| server.gone.is_none());
            for (number, server) in servers.into_iter().enumerate() {
                standing.insert((store.clone(), server.server), (server.gone.is_none(), used == Some(number)));
            }
        }
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        for (store, server) in shown.iter().filter(|place| !standing.contains_key(place)) {
            self.metrics.forget_directory_server(store.as_str(), server);
        }
        for ((store, server), (usable, used)) in &standing {
            self.metrics.directory_server(store.as_str(), server, *usable, *used);
        }
        *shown = standing.into_keys().collect();
    }
}

#[cfg(test)]
mod tests {
    use crate::config::directory_health;
    use crate::directory::ldap::ailment::Ailment;

    #[test]
    fn a_status_has_words_for_every_ailment() {
        for ailment in Ailment::ALL {
            assert_eq!(directory_health::Ailment::named(ailment.as_str()).name, ailment.as_str());
        }
    }
}

//! A configuration as a record, and back. What stands beside the sealed bytes is bound to them.

use crate::config::snapshot::{Position, Snapshot};
use crate::jose::seal::{SealError, Sealer};
use crate::store::records::{ConfigurationRecord, ConfigurationStanding};
use crate::wire;
use jiff::Timestamp;
use std::sync::Arc;
use zeroize::Zeroizing;

const PURPOSE: &str = "configuration";

/// Why a record is of no use. Says nothing of what is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It does not open
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// It opens, and is not understood
    #[error("{0}")]
    Content(String),
}

/// How a configuration at a position will be described, when this process keeps it.
pub fn standing(sealer: &Sealer, snapshot: &Snapshot, position: Position) -> ConfigurationStanding {
    ConfigurationStanding {
        server: sealer.server().to_owned(),
        fence: position.fence,
        sequence: position.sequence,
        revision: snapshot.revision.0.clone(),
        key_id: sealer.keys().newest().to_owned(),
    }
}

/// Seals a configuration. Takes time with its size.
pub fn close(sealer: &Sealer, snapshot: &Snapshot, position: Position, now: Timestamp) -> Result<ConfigurationRecord, SealError> {
    let mut standing = standing(sealer, snapshot, position);
    let keys = sealer.keys();
    standing.key_id = keys.newest().to_owned();
    let plain = Zeroizing::new(wire::to_bytes(snapshot));
    let facts = facts(&standing, now);
    let sealed = keys.seal(&sealer.binding(PURPOSE, &facts.each_ref().map(String::as_str)), &plain)?;
    Ok(ConfigurationRecord {
        standing,
        sealed,
        saved_at: now,
    })
}

/// The configuration in a record, and its position. Takes time with its size.
pub fn open(sealer: &Sealer, record: &ConfigurationRecord) -> Result<(Arc<Snapshot>, Position), Unreadable> {
    let standing = &record.standing;
    let facts = facts(standing, record.saved_at);
    let plain = sealer
        .keys()
        .open(&sealer.binding(PURPOSE, &facts.each_ref().map(String::as_str)), &record.sealed)?;
    let held = wire::from_bytes(&plain).map_err(|faults| {
        let listed: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Unreadable::Content(listed.join("; "))
    })?;
    let snapshot = held.snapshot;
    if snapshot.server != sealer.server() {
        return Err(Unreadable::Content(format!("it is the configuration of {}", snapshot.server)));
    }
    let position = Position {
        fence: standing.fence,
        sequence: standing.sequence,
    };
    Ok((snapshot, position))
}

/// The time in seconds: databases cut off more than that.
fn facts(standing: &ConfigurationStanding, saved_at: Timestamp) -> [String; 4] {
    [
        standing.fence.to_string(),
        standing.sequence.to_string(),
        standing.revision.clone(),
        saved_at.as_second().to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::revision;
    use crate::config::snapshot::{Branding, DeclaredUser, Revision, SigningAlgorithm, SigningPolicy};
    use crate::jose::seal::SealingKeys;
    use crate::oauth::ids::UserStoreId;
    use std::collections::{BTreeSet, HashMap};
    use std::time::Duration;

    const AT: Position = Position { fence: 3, sequence: 14 };

    fn sealer(server: &str, id: &str, byte: u8) -> Sealer {
        Sealer::new(server, SealingKeys::new([(id, [byte; 32].as_slice())]).unwrap())
    }

    fn snapshot() -> Snapshot {
        let mut snapshot = Snapshot {
            revision: Revision(String::new()),
            server: "identity/main".to_owned(),
            issuer: "https://login.example.org".to_owned(),
            signing: SigningPolicy {
                algorithms: vec![SigningAlgorithm::ES256],
                rotate_every: Duration::from_secs(3600),
                overlap: Duration::from_secs(60),
            },
            clients: HashMap::new(),
            user_stores: Vec::new(),
            users: vec![Arc::new(DeclaredUser {
                store: UserStoreId::new("identity/staff"),
                username: "alice".to_owned(),
                email: None,
                email_verified: false,
                display_name: None,
                given_name: None,
                family_name: None,
                attributes: Default::default(),
                groups: Vec::new(),
                disabled: false,
                password: Some("correct horse".into()),
                must_change_password: false,
            })],
            roles: Vec::new(),
            identity_providers: Vec::new(),
            claim_rules: Vec::new(),
            departed: BTreeSet::new(),
            branding: Branding::default(),
            rate_limits: crate::config::rate::RateLimits::default(),
            passwords: crate::config::snapshot::PasswordRules::default(),
        };
        snapshot.revision = revision::of(&snapshot);
        snapshot
    }

    fn closed() -> ConfigurationRecord {
        close(&sealer("identity/main", "2026-01", 1), &snapshot(), AT, Timestamp::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn a_record_is_the_configuration_and_its_position_and_shows_no_secret() {
        let record = closed();
        assert!(!record.sealed.windows(7).any(|window| window == b"correct"));
        let (read, position) = open(&sealer("identity/main", "2026-01", 1), &record).unwrap();
        assert_eq!((read.revision.clone(), position), (snapshot().revision, AT));
    }

    #[test]
    fn a_record_that_was_moved_or_given_another_position_or_time_does_not_open() {
        let altered = |alter: fn(&mut ConfigurationRecord)| {
            let mut record = closed();
            alter(&mut record);
            open(&sealer("identity/main", "2026-01", 1), &record)
        };
        assert!(altered(|_| {}).is_ok());
        let attempts: [fn(&mut ConfigurationRecord); 5] = [
            |record| record.standing.fence += 1,
            |record| record.standing.sequence = 0,
            |record| record.standing.revision.push('0'),
            // What a client that had departed by then was given later is its successor's.
            |record| record.saved_at = Timestamp::from_second(1).unwrap(),
            |record| record.sealed.truncate(40),
        ];
        for attempt in attempts {
            assert!(matches!(altered(attempt), Err(Unreadable::Sealed(SealError::Refused(_)))));
        }
        let elsewhere = open(&sealer("identity/other", "2026-01", 1), &closed());
        assert!(matches!(elsewhere, Err(Unreadable::Sealed(SealError::Refused(_)))));
    }

    #[test]
    fn without_its_key_it_is_said_which_one_is_missing() {
        let error = open(&sealer("identity/main", "2026-02", 1), &closed()).unwrap_err().to_string();
        assert!(error.contains("2026-01") && error.contains("2026-02"), "{error}");
    }
}

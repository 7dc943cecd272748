//! Numbered, forward-only migrations: which to run, and when to refuse. Each database has its own runner, under its own lock.

use super::{StoreError, StoreResult};
use aws_lc_rs::digest;
use std::fmt::Write;

/// One file of `sql/`.
#[derive(Debug)]
pub(super) struct Migration {
    /// Counts from 1 without gaps
    pub version: i32,
    /// The file's name
    pub name: &'static str,
    /// Its statements
    pub sql: &'static str,
}

impl Migration {
    /// Hex SHA-256 of the statements.
    pub fn checksum(&self) -> String {
        let mut hex = String::with_capacity(64);
        for byte in digest::digest(&digest::SHA256, self.sql.as_bytes()).as_ref() {
            let _ = write!(hex, "{byte:02x}");
        }
        hex
    }
}

/// The migrations of SQLite.
pub(super) const SQLITE: &[Migration] = &[
    Migration {
        version: 1,
        name: "0001_first_tables",
        sql: include_str!("../../sql/sqlite/0001_first_tables.sql"),
    },
    Migration {
        version: 2,
        name: "0002_clients_index",
        sql: include_str!("../../sql/sqlite/0002_clients_index.sql"),
    },
    Migration {
        version: 3,
        name: "0003_configurations",
        sql: include_str!("../../sql/sqlite/0003_configurations.sql"),
    },
    Migration {
        version: 4,
        name: "0004_sealed_keys",
        sql: include_str!("../../sql/sqlite/0004_sealed_keys.sql"),
    },
    Migration {
        version: 5,
        name: "0005_directory_people",
        sql: include_str!("../../sql/sqlite/0005_directory_people.sql"),
    },
    Migration {
        version: 6,
        name: "0006_second_factors",
        sql: include_str!("../../sql/sqlite/0006_second_factors.sql"),
    },
    Migration {
        version: 7,
        name: "0007_local_people",
        sql: include_str!("../../sql/sqlite/0007_local_people.sql"),
    },
    Migration {
        version: 8,
        name: "0008_attributes",
        sql: include_str!("../../sql/sqlite/0008_attributes.sql"),
    },
    Migration {
        version: 9,
        name: "0009_identity_links",
        sql: include_str!("../../sql/sqlite/0009_identity_links.sql"),
    },
    Migration {
        version: 10,
        name: "0010_account_pages",
        sql: include_str!("../../sql/sqlite/0010_account_pages.sql"),
    },
    Migration {
        version: 11,
        name: "0011_logouts",
        sql: include_str!("../../sql/sqlite/0011_logouts.sql"),
    },
    Migration {
        version: 12,
        name: "0012_session_origins",
        sql: include_str!("../../sql/sqlite/0012_session_origins.sql"),
    },
];

/// The migrations of PostgreSQL.
pub(super) const POSTGRES: &[Migration] = &[
    Migration {
        version: 1,
        name: "0001_first_tables",
        sql: include_str!("../../sql/postgres/0001_first_tables.sql"),
    },
    Migration {
        version: 2,
        name: "0002_clients_index",
        sql: include_str!("../../sql/postgres/0002_clients_index.sql"),
    },
    Migration {
        version: 3,
        name: "0003_configurations",
        sql: include_str!("../../sql/postgres/0003_configurations.sql"),
    },
    Migration {
        version: 4,
        name: "0004_sealed_keys",
        sql: include_str!("../../sql/postgres/0004_sealed_keys.sql"),
    },
    Migration {
        version: 5,
        name: "0005_notices",
        sql: include_str!("../../sql/postgres/0005_notices.sql"),
    },
    Migration {
        version: 6,
        name: "0006_what_changed",
        sql: include_str!("../../sql/postgres/0006_what_changed.sql"),
    },
    Migration {
        version: 7,
        name: "0007_directory_people",
        sql: include_str!("../../sql/postgres/0007_directory_people.sql"),
    },
    Migration {
        version: 8,
        name: "0008_second_factors",
        sql: include_str!("../../sql/postgres/0008_second_factors.sql"),
    },
    Migration {
        version: 9,
        name: "0009_local_people",
        sql: include_str!("../../sql/postgres/0009_local_people.sql"),
    },
    Migration {
        version: 10,
        name: "0010_attributes",
        sql: include_str!("../../sql/postgres/0010_attributes.sql"),
    },
    Migration {
        version: 11,
        name: "0011_identity_links",
        sql: include_str!("../../sql/postgres/0011_identity_links.sql"),
    },
    Migration {
        version: 12,
        name: "0012_account_pages",
        sql: include_str!("../../sql/postgres/0012_account_pages.sql"),
    },
    Migration {
        version: 13,
        name: "0013_logouts",
        sql: include_str!("../../sql/postgres/0013_logouts.sql"),
    },
    Migration {
        version: 14,
        name: "0014_session_origins",
        sql: include_str!("../../sql/postgres/0014_session_origins.sql"),
    },
];

/// What bringing a schema up to date came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The schema's version now
    pub version: i32,
    /// The migrations that this call ran, in order; none: it was up to date
    pub ran: Vec<&'static str>,
}

impl Migrated {
    /// After these of them were run, and all others earlier.
    pub(super) fn after(known: &[Migration], ran: &[&Migration]) -> Self {
        Self {
            version: known.last().map_or(0, |migration| migration.version),
            ran: ran.iter().map(|migration| migration.name).collect(),
        }
    }
}

/// The ones that are still to be run on a database whose table `schema_migrations` has these rows (version, checksum).
///
/// # Errors
/// [`StoreError::Corrupt`] if the database is of a newer release, or a migration that it ran was changed since.
pub(super) fn pending<'a>(known: &'a [Migration], applied: &[(i32, String)]) -> StoreResult<Vec<&'a Migration>> {
    let newest_known = known.last().map_or(0, |migration| migration.version);
    if let Some(newest) = applied
        .iter()
        .map(|(version, _)| *version)
        .max()
        .filter(|newest| *newest > newest_known)
    {
        return Err(StoreError::Corrupt(format!(
            "its schema has version {newest}, and this release knows versions up to {newest_known}. Run the release that upgraded it, or a later one"
        )));
    }
    let mut pending = Vec::new();
    for migration in known {
        match applied.iter().find(|(version, _)| *version == migration.version) {
            None => pending.push(migration),
            Some((_, checksum)) if *checksum == migration.checksum() => {}
            Some(_) => {
                return Err(StoreError::Corrupt(format!(
                    "migration {} was run with other statements than this release holds. Run an unchanged release, or restore a backup",
                    migration.name
                )));
            }
        }
    }
    Ok(pending)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Migration] = &[
        Migration {
            version: 1,
            name: "0001_a",
            sql: "a",
        },
        Migration {
            version: 2,
            name: "0002_b",
            sql: "b",
        },
    ];

    #[test]
    fn runs_what_is_missing_in_order() {
        let versions: Vec<i32> = pending(KNOWN, &[]).unwrap().iter().map(|migration| migration.version).collect();
        assert_eq!(versions, [1, 2]);
        assert_eq!(pending(KNOWN, &[(1, KNOWN[0].checksum())]).unwrap().len(), 1);
    }

    #[test]
    fn refuses_a_newer_schema_and_a_changed_migration() {
        let newer = pending(KNOWN, &[(3, String::new())]).unwrap_err().to_string();
        assert!(newer.contains("version 3") && newer.contains("up to 2"), "{newer}");
        let changed = pending(KNOWN, &[(1, "other".to_owned())]).unwrap_err().to_string();
        assert!(changed.contains("0001_a"), "{changed}");
    }

    #[test]
    fn the_embedded_files_are_numbered_without_gaps_and_all_there() {
        for (folder, embedded) in [("sql/sqlite", SQLITE), ("sql/postgres", POSTGRES)] {
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
            assert_eq!(std::fs::read_dir(folder).unwrap().count(), embedded.len());
            for (index, migration) in embedded.iter().enumerate() {
                assert_eq!(usize::try_from(migration.version).unwrap(), index + 1);
                assert!(migration.name.starts_with(&format!("{:04}_", migration.version)));
            }
        }
    }
}

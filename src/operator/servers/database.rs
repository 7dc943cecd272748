//! Where a server's data is: pure.

use super::desired::Database;
use super::names::Names;
use crate::operator::settings::Settings;
use crate::operator::world::SecretView;
use crate::resources::AuthServerSpec;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::BTreeMap;

/// What a Secret with a database may hold: its address, and how its certificate is checked.
const KEYS: [&str; 4] = ["url", "ca.crt", "tls.crt", "tls.key"];

/// Which database an AuthServer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The one of this Secret, which its `database.secretRef` names
    Own(String),
    /// A copy of the operator's default
    Default,
    /// None: SQLite within its pod; why
    Embedded(&'static str),
}

/// The choice that spec and settings come to.
pub fn choice(spec: &AuthServerSpec, settings: &Settings, namespace: &str) -> Choice {
    match (&spec.database, &settings.default_database_secret) {
        (Some(database), _) => Choice::Own(database.secret_ref.name.clone()),
        (None, None) => Choice::Embedded("the operator has no default database"),
        (None, Some(_)) if settings.gives_default_database_to(namespace) => Choice::Default,
        (None, Some(_)) => Choice::Embedded("the operator's default database is not for this namespace"),
    }
}

/// The values of a default database's Secret that are copied.
pub fn copied(original: &SecretView) -> BTreeMap<String, Vec<u8>> {
    let value = |key: &str| Some((key.to_owned(), original.bytes(key)?.to_vec()));
    KEYS.into_iter().filter_map(value).collect()
}

/// What is wrong with a Secret with a database, if anything is. Says nothing of what is in it.
pub fn fault(secret: &SecretView) -> Option<&'static str> {
    let Some(url) = secret.bytes("url") else {
        return Some("has no key `url`");
    };
    let postgres = url.starts_with(b"postgres://") || url.starts_with(b"postgresql://");
    (!postgres).then_some("has a `url` that does not begin with postgres://")
}

/// The database that a Secret describes.
pub fn described(name: String, secret: &SecretView) -> Database {
    Database::Postgres {
        secret: name,
        authority: secret.bytes("ca.crt").is_some(),
        client: secret.bytes("tls.crt").is_some() && secret.bytes("tls.key").is_some(),
    }
}

/// Changes when the database's address or certificates do. Keyed, so that it tells nothing of a password to whoever reads it on a pod.
pub fn stamp(secret: &SecretView, key: &SecretView) -> String {
    let key = key.keys().next().and_then(|id| key.bytes(id)).unwrap_or_default();
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for name in KEYS {
        let value = secret.bytes(name).unwrap_or_default();
        context.update(&value.len().to_be_bytes());
        context.update(value);
    }
    URL_SAFE_NO_PAD.encode(context.sign())
}

/// The database as it is taken to be as long as its Secret is not there.
pub fn presumed(choice: &Choice, names: &Names) -> Database {
    match choice {
        Choice::Own(secret) => Database::Postgres {
            secret: secret.clone(),
            authority: false,
            client: false,
        },
        Choice::Default => Database::Postgres {
            secret: names.database(),
            authority: false,
            client: false,
        },
        Choice::Embedded(_) => Database::Embedded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::fixtures;
    use serde_json::json;

    fn spec(database: Option<&str>) -> AuthServerSpec {
        let mut spec = json!({"issuerUrl": "https://login.example.org"});
        if let Some(name) = database {
            spec["database"] = json!({"secretRef": {"name": name}});
        }
        serde_json::from_value(spec).unwrap()
    }

    fn settings(secret: Option<&str>, namespaces: &[&str]) -> Settings {
        Settings {
            default_database_secret: secret.map(str::to_owned),
            default_database_namespaces: namespaces.iter().map(|name| (*name).to_owned()).collect(),
            ..fixtures::settings()
        }
    }

    fn secret(values: &[(&str, &str)]) -> SecretView {
        SecretView::new(
            values
                .iter()
                .map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec()))
                .collect(),
        )
    }

    #[test]
    fn its_own_comes_first_then_the_default_where_that_is_given_else_sqlite() {
        let given = settings(Some("postgres"), &["identity"]);
        assert_eq!(choice(&spec(Some("db")), &given, "identity"), Choice::Own("db".to_owned()));
        assert_eq!(choice(&spec(None), &given, "identity"), Choice::Default);
        assert!(matches!(choice(&spec(None), &given, "other"), Choice::Embedded(why) if why.contains("namespace")));
        assert!(matches!(
            choice(&spec(None), &settings(None, &["*"]), "identity"),
            Choice::Embedded(_)
        ));
        assert_eq!(choice(&spec(None), &settings(Some("p"), &["*"]), "other"), Choice::Default);
    }

    #[test]
    fn only_what_a_database_needs_is_copied() {
        let original = secret(&[("url", "postgres://x"), ("ca.crt", "y"), ("admin-password", "z")]);
        assert_eq!(copied(&original).into_keys().collect::<Vec<_>>(), ["ca.crt", "url"]);
    }

    #[test]
    fn the_stamp_changes_with_the_address_and_with_nothing_else() {
        let key = secret(&[("kek-1", "0123456789abcdef0123456789abcdef")]);
        let of = |values: &[(&str, &str)]| stamp(&secret(values), &key);
        assert_eq!(of(&[("url", "postgres://a")]), of(&[("url", "postgres://a"), ("note", "x")]));
        assert_ne!(of(&[("url", "postgres://a")]), of(&[("url", "postgres://b")]));
        assert_ne!(of(&[("url", "ab"), ("ca.crt", "c")]), of(&[("url", "a"), ("ca.crt", "bc")]));
        let another = secret(&[("kek-1", "another")]);
        assert_ne!(of(&[("url", "a")]), stamp(&secret(&[("url", "a")]), &another));
    }

    #[test]
    fn a_secret_without_a_usable_address_is_said_to_be_one() {
        assert!(fault(&secret(&[])).is_some() && fault(&secret(&[("url", "mysql://x")])).is_some());
        assert_eq!(fault(&secret(&[("url", "postgres://u:p@h/d")])), None);
    }
}

//! What everything that belongs to an AuthServer is called. Pure.

use crate::config::input::Key;
use aws_lc_rs::digest;
use std::fmt::Write;

/// The longest name of an AuthServer: `<name>-config` is a Service, and those have 63 characters at most (RFC 1035 §2.3.4).
const LONGEST: usize = 63 - "-config".len();
/// The longest name of a PostgreSQL schema (`NAMEDATALEN` - 1).
const LONGEST_SCHEMA: usize = 63;

/// The names of what belongs to one AuthServer; all in its namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    server: Key,
}

impl Names {
    /// Those of this AuthServer.
    pub fn of(server: &Key) -> Self {
        Self { server: server.clone() }
    }

    /// Why nothing can be made under that name, if nothing can.
    pub fn fault(&self) -> Option<String> {
        let name = &self.server.name;
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_label = name.bytes().all(inner) && name.starts_with(|first: char| first.is_ascii_lowercase()) && !name.ends_with('-');
        (!is_label || name.len() > LONGEST).then(|| {
            format!(
                "its Services would have its name, and that of a Service begins with a letter and has letters, digits and hyphens, {LONGEST} at \
                 most here; make an AuthServer of another name"
            )
        })
    }

    /// The AuthServer's own name: Deployment, Service, ServiceAccount, ConfigMap and most others have it.
    pub fn own(&self) -> &str {
        &self.server.name
    }

    /// The AuthServer's namespace.
    pub fn namespace(&self) -> &str {
        &self.server.namespace
    }

    /// The headless Service of the configuration service.
    pub fn config(&self) -> String {
        format!("{}-config", self.own())
    }

    /// Secret (and Certificate) of the authority that signs both sides of the configuration service.
    pub fn authority(&self) -> String {
        format!("{}-config-ca", self.own())
    }

    /// The Issuer that signs the authority's own certificate.
    pub fn self_signed(&self) -> String {
        format!("{}-config-selfsigned", self.own())
    }

    /// Secret (and Certificate) of the pods' side.
    pub fn config_server(&self) -> String {
        format!("{}-config-server", self.own())
    }

    /// Secret (and Certificate) of the operator's side.
    pub fn config_operator(&self) -> String {
        format!("{}-config-operator", self.own())
    }

    /// The DNS name that the pods prove to be.
    pub fn server_identity(&self) -> String {
        format!("{}.{}.svc", self.config(), self.namespace())
    }

    /// The DNS name that the operator proves to be.
    pub fn operator_identity(&self) -> String {
        format!("operator.{}", self.server_identity())
    }

    /// Secret with the key-encryption key.
    pub fn kek(&self) -> String {
        format!("{}-kek", self.own())
    }

    /// Secret with a copy of the operator's default database.
    pub fn database(&self) -> String {
        format!("{}-database", self.own())
    }

    /// Secret (and Certificate) of the public HTTPS, where cert-manager issues it.
    pub fn tls(&self) -> String {
        format!("{}-tls", self.own())
    }

    /// Every Secret that may be made for it.
    pub fn secrets(&self) -> [String; 6] {
        [
            self.kek(),
            self.authority(),
            self.config_server(),
            self.config_operator(),
            self.database(),
            self.tls(),
        ]
    }

    /// The schema of its tables: no two AuthServers have the same, so that several can share a database.
    pub fn schema(&self) -> String {
        let server = &self.server;
        let mut digest_of_both = String::new();
        // Names hold no slash, so that no two pairs come to one text.
        for byte in digest::digest(&digest::SHA256, server.to_string().as_bytes())
            .as_ref()
            .iter()
            .take(8)
        {
            let _ = write!(digest_of_both, "{byte:02x}");
        }
        let readable: String = format!("{}_{}", server.namespace, server.name)
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
            .take(LONGEST_SCHEMA - "nauthera__".len() - digest_of_both.len())
            .collect();
        format!("nauthera_{readable}_{digest_of_both}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn names(namespace: &str, name: &str) -> Names {
        Names::of(&Key::new(namespace, name))
    }

    #[test]
    fn a_name_that_no_service_can_have_is_said_to_be_one() {
        for good in ["main", "m", "a-1", &"a".repeat(56)] {
            assert_eq!(names("identity", good).fault(), None, "{good}");
        }
        for bad in ["1main", "a.b", &"a".repeat(57)] {
            assert!(names("identity", bad).fault().is_some(), "{bad}");
        }
    }

    #[test]
    fn each_server_has_a_schema_of_its_own_that_postgresql_takes() {
        let long = "n".repeat(63);
        let servers = [("a", "b-c"), ("a-b", "c"), ("a.b", "c"), (&long, "x"), (&long, "y"), ("pg", "x")];
        let schemas: BTreeSet<String> = servers.iter().map(|(namespace, name)| names(namespace, name).schema()).collect();
        assert_eq!(schemas.len(), servers.len());
        for schema in &schemas {
            let usual = schema
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
            assert!(usual && schema.len() <= 63 && schema.starts_with("nauthera_"), "{schema}");
        }
        assert_eq!(names("identity", "main").schema(), names("identity", "main").schema());
    }

    #[test]
    fn both_sides_of_the_configuration_service_are_told_apart_by_their_names() {
        let names = names("identity", "main");
        assert_eq!(names.server_identity(), "main-config.identity.svc");
        assert_eq!(names.operator_identity(), "operator.main-config.identity.svc");
    }
}

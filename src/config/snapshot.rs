//! The configuration that one AuthServer runs on: immutable, shared, replaced as a whole.

use super::rate::RateLimits;
use crate::oauth::attributes::Attributes;
use crate::oauth::claim_rules::ClaimRule;
use crate::oauth::client::Client;
use crate::oauth::ids::{ClientId, UserStoreId};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// A digest of a snapshot's content (hex SHA-256): equal content, equal revision, on every replica.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub String);

impl std::fmt::Display for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which of two configurations is the newer one: by the leader's term, then by the order within it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// `leaseTransitions` of the operator's Lease
    pub fence: u64,
    /// Counts up within a term
    pub sequence: u64,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.fence, self.sequence)
    }
}

/// JWS algorithms on offer (RFC 7518 §3.1, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum SigningAlgorithm {
    /// ECDSA, P-256
    ES256,
    /// RSASSA-PKCS1-v1_5, 2048 bits
    RS256,
    /// RSASSA-PSS, 2048 bits
    PS256,
    /// Ed25519
    EdDSA,
}

/// Which keys sign, and how they take turns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningPolicy {
    /// Access tokens are signed with the first of these, ID tokens with RS256 if it is here, else the first
    pub algorithms: Vec<SigningAlgorithm>,
    /// A key signs for this long
    pub rotate_every: Duration,
    /// A key is published this long before it signs, and kept this long after it retires
    pub overlap: Duration,
}

/// A user that a manifest declares.
#[derive(Clone, Debug)]
pub struct DeclaredUser {
    /// The UserStore that the user lives in
    pub store: UserStoreId,
    /// Unique within the store, compared in lower case
    pub username: String,
    /// `email`
    pub email: Option<String>,
    /// `email_verified`
    pub email_verified: bool,
    /// `name`
    pub display_name: Option<String>,
    /// `given_name`
    pub given_name: Option<String>,
    /// `family_name`
    pub family_name: Option<String>,
    /// What else is known of them
    pub attributes: Attributes,
    /// Names of groups, sorted
    pub groups: Vec<String>,
    /// Refused at login
    pub disabled: bool,
    /// From `credentialSecretRef`: the password, or an argon2id PHC string (`$argon2id$…`)
    pub password: Option<SecretString>,
    /// That password is good for one login, at which they choose their own
    pub must_change_password: bool,
}

/// What is asked of passwords that people choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordRules {
    /// Shortest password, in characters
    pub min_length: u32,
}

impl Default for PasswordRules {
    fn default() -> Self {
        Self { min_length: 12 }
    }
}

/// A place that users come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserStoreConfig {
    /// `<namespace>/<name>`
    pub id: UserStoreId,
    /// How it is reached
    pub kind: UserStoreKind,
}

/// The kinds of user stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserStoreKind {
    /// Users in the server's own database
    Local,
    /// Users of a directory
    Ldap(Box<LdapConfig>),
}

/// How a directory is reached and read.
#[derive(Clone, Debug)]
pub struct LdapConfig {
    /// `ldaps://…` or `ldap://…`, the preferred one first
    pub servers: Vec<String>,
    /// Begin TLS on `ldap://`
    pub start_tls: bool,
    /// PEM of the authorities that sign the servers' certificates; `None`: the system's
    pub authorities: Option<String>,
    /// Who reads it
    pub bind_dn: String,
    /// The reader's password
    pub bind_password: SecretString,
    /// Where people are
    pub users: UsersConfig,
    /// Where groups are
    pub groups: Option<GroupsConfig>,
    /// Attribute of each claim, and of each further attribute of people
    pub attributes: BTreeMap<String, String>,
    /// How long a connection may take
    pub connect_timeout: Duration,
    /// How long an operation may take
    pub operation_timeout: Duration,
    /// Entries per page of a search
    pub page_size: u32,
    /// At most so many connections
    pub pool_max: u32,
    /// How long what was read of a person may be believed
    pub cache_ttl: Duration,
}

/// Where a directory's people are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsersConfig {
    /// Below this entry
    pub base_dn: String,
    /// Which entries are people
    pub filter: String,
    /// Holds the name that people log in with
    pub username_attribute: String,
}

/// Where a directory's groups are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupsConfig {
    /// Below this entry
    pub base_dn: String,
    /// Which entries are groups
    pub filter: String,
    /// Holds the group's name
    pub name_attribute: String,
    /// Says who is a member
    pub member_attribute: String,
    /// Groups within groups
    pub nested: NestedGroups,
}

/// How groups within groups are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NestedGroups {
    /// Not at all
    No,
    /// By the directory
    InChain,
    /// By us, this deep
    Walk(u32),
}

impl PartialEq for LdapConfig {
    fn eq(&self, other: &Self) -> bool {
        // Exhaustive on purpose: a new field cannot be forgotten here.
        let Self {
            servers,
            start_tls,
            authorities,
            bind_dn,
            bind_password,
            users,
            groups,
            attributes,
            connect_timeout,
            operation_timeout,
            page_size,
            pool_max,
            cache_ttl,
        } = self;
        *servers == other.servers
            && *start_tls == other.start_tls
            && *authorities == other.authorities
            && *bind_dn == other.bind_dn
            && bind_password.expose_secret() == other.bind_password.expose_secret()
            && *users == other.users
            && *groups == other.groups
            && *attributes == other.attributes
            && *connect_timeout == other.connect_timeout
            && *operation_timeout == other.operation_timeout
            && *page_size == other.page_size
            && *pool_max == other.pool_max
            && *cache_ttl == other.cache_ttl
    }
}

impl Eq for LdapConfig {}

/// What the pages show of the organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Branding {
    /// Instead of "Nauthera" in titles and headers
    pub product_name: Option<String>,
    /// `https:` URL of a logo
    pub logo_url: Option<String>,
    /// `#rrggbb`
    pub primary_color: Option<String>,
}

/// An upstream OpenID provider, and who we are to it.
#[derive(Clone, Debug)]
pub struct IdentityProviderConfig {
    /// Its people, as if they lived in a UserStore of this name: `idp:<namespace>/<name>`, which no UserStore has
    pub id: UserStoreId,
    /// Name of the resource; the last part of its callback's path
    pub name: String,
    /// What its button says
    pub display_name: String,
    /// `iss` of its ID tokens
    pub issuer: String,
    /// Our `client_id` there
    pub client_id: String,
    /// Our secret there
    pub client_secret: SecretString,
    /// PEM of the authorities that sign its servers' certificates; `None`: the system's
    pub authorities: Option<String>,
    /// Scopes that are asked for, with `openid`
    pub scopes: Vec<String>,
    /// Claim of each attribute, where it is not the usual one
    pub attributes: BTreeMap<String, String>,
    /// Whether its people may be people of a UserStore
    pub linking: Linking,
    /// Lower case. Empty: everybody
    pub allowed_email_domains: Vec<String>,
    /// Whether people are offered to sign out there too
    pub logout: bool,
}

/// Who somebody is here at their first login by way of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linking {
    /// Somebody of their own
    None,
    /// The one user of a UserStore with the same verified e-mail address
    VerifiedEmail,
}

impl PartialEq for IdentityProviderConfig {
    fn eq(&self, other: &Self) -> bool {
        // Exhaustive on purpose: a new field cannot be forgotten here.
        let Self {
            id,
            name,
            display_name,
            issuer,
            client_id,
            client_secret,
            authorities,
            scopes,
            attributes,
            linking,
            allowed_email_domains,
            logout,
        } = self;
        *id == other.id
            && *name == other.name
            && *display_name == other.display_name
            && *issuer == other.issuer
            && *client_id == other.client_id
            && client_secret.expose_secret() == other.client_secret.expose_secret()
            && *authorities == other.authorities
            && *scopes == other.scopes
            && *attributes == other.attributes
            && *linking == other.linking
            && *allowed_email_domains == other.allowed_email_domains
            && *logout == other.logout
    }
}

impl Eq for IdentityProviderConfig {}

/// A role, and who has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoleConfig {
    /// Whose people are meant
    pub store: UserStoreId,
    /// Its name in tokens
    pub name: String,
    /// Groups whose members have it
    pub groups: BTreeSet<String>,
    /// Usernames of those who have it besides, in lower case
    pub users: BTreeSet<String>,
}

/// One AuthServer's whole configuration.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Digest of everything below
    pub revision: Revision,
    /// `<namespace>/<name>` of the AuthServer
    pub server: String,
    /// `iss`, without a trailing slash; endpoints are below it
    pub issuer: String,
    /// Keys
    pub signing: SigningPolicy,
    /// Clients that were accepted
    pub clients: HashMap<ClientId, Arc<Client>>,
    /// In the order in which a login tries them
    pub user_stores: Vec<Arc<UserStoreConfig>>,
    /// Local users that manifests declare
    pub users: Vec<Arc<DeclaredUser>>,
    /// Roles of people in these stores, by store and name
    pub roles: Vec<Arc<RoleConfig>>,
    /// Upstream providers that people may log in with, by name
    pub identity_providers: Vec<Arc<IdentityProviderConfig>>,
    /// Further claims in tokens
    pub claim_rules: Vec<Arc<ClaimRule>>,
    /// Clients that are being deleted: what they were given ends
    pub departed: BTreeSet<ClientId>,
    /// Looks
    pub branding: Branding,
    /// How often callers may send requests
    pub rate_limits: RateLimits,
    /// What is asked of passwords
    pub passwords: PasswordRules,
}

impl SigningAlgorithm {
    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ES256 => "ES256",
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::EdDSA => "EdDSA",
        }
    }
}

impl Snapshot {
    /// What ID tokens are signed with: RS256 if it is on offer, else the first. `None` if the configuration names no algorithm.
    pub fn id_token_algorithm(&self) -> Option<SigningAlgorithm> {
        let algorithms = &self.signing.algorithms;
        algorithms
            .iter()
            .find(|algorithm| **algorithm == SigningAlgorithm::RS256)
            .or(algorithms.first())
            .copied()
    }

    /// Whether people of this store may log in: it is one of the UserStores, or an upstream provider.
    pub fn has_people_of(&self, store: &UserStoreId) -> bool {
        self.user_stores.iter().any(|known| known.id == *store) || self.identity_providers.iter().any(|provider| provider.id == *store)
    }

    /// Whether people come from a directory or an upstream provider, too.
    pub fn has_directory(&self) -> bool {
        !self.identity_providers.is_empty() || self.user_stores.iter().any(|store| matches!(store.kind, UserStoreKind::Ldap(_)))
    }

    /// The roles of a person, sorted.
    pub fn roles_of(&self, store: &UserStoreId, username: &str, groups: &[String]) -> BTreeSet<&str> {
        if self.roles.is_empty() {
            return BTreeSet::new();
        }
        let username = username.to_lowercase();
        let has = |role: &&Arc<RoleConfig>| {
            role.store == *store && (role.users.contains(&username) || groups.iter().any(|group| role.groups.contains(group)))
        };
        self.roles.iter().filter(has).map(|role| role.name.as_str()).collect()
    }

    /// Whether people may type a password at all. Without any way to log in the page says so at the first try.
    pub fn takes_passwords(&self) -> bool {
        !self.user_stores.is_empty() || self.identity_providers.is_empty()
    }

    /// The upstream provider with this name.
    pub fn identity_provider(&self, name: &str) -> Option<&Arc<IdentityProviderConfig>> {
        self.identity_providers.iter().find(|provider| provider.name == name)
    }

    /// The client with this id.
    pub fn client(&self, id: &str) -> Option<&Arc<Client>> {
        self.clients.get(&ClientId::new(id))
    }
}

//! One file's text into typed documents. Strict: what the schema does not know is an error with its line.

use super::problem::{Place, Problem};
use super::yaml_message;
use crate::config::input::{Key, Kind, Labels, Object, SecretObject};
use crate::config::names::{is_dns_label, is_dns_subdomain};
use crate::resources::{
    API_VERSION, AuthClientSpec, AuthPolicySpec, AuthServerSpec, ClaimMapperSpec, ClusterAuthPolicySpec, GROUP, GroupSpec,
    IdentityProviderSpec, RoleSpec, UserSpec, UserStoreSpec,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_saphyr::Options;
use std::collections::BTreeMap;
use std::path::Path;

/// What a document says.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Content {
    AuthServer(Box<Object<AuthServerSpec>>),
    AuthClient(Box<Object<AuthClientSpec>>),
    AuthPolicy(Box<Object<AuthPolicySpec>>),
    ClusterAuthPolicy(Box<Object<AuthPolicySpec>>),
    UserStore(Box<Object<UserStoreSpec>>),
    User(Box<Object<UserSpec>>),
    Group(Object<GroupSpec>),
    Role(Object<RoleSpec>),
    ClaimMapper(Box<Object<ClaimMapperSpec>>),
    IdentityProvider(Box<Object<IdentityProviderSpec>>),
    Secret(SecretObject),
    Namespace(Labels),
}

impl Content {
    /// The kind, as manifests write it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::AuthServer(_) => "AuthServer",
            Self::AuthClient(_) => "AuthClient",
            Self::AuthPolicy(_) => "AuthPolicy",
            Self::ClusterAuthPolicy(_) => "ClusterAuthPolicy",
            Self::UserStore(_) => "UserStore",
            Self::User(_) => "User",
            Self::Group(_) => "Group",
            Self::Role(_) => "Role",
            Self::ClaimMapper(_) => "ClaimMapper",
            Self::IdentityProvider(_) => "IdentityProvider",
            Self::Secret(_) => "Secret",
            Self::Namespace(_) => "Namespace",
        }
    }

    /// The kind, if verdicts are given on it.
    pub const fn verdict_kind(&self) -> Option<Kind> {
        match self {
            Self::AuthServer(_) => Some(Kind::AuthServer),
            Self::AuthClient(_) => Some(Kind::AuthClient),
            Self::AuthPolicy(_) => Some(Kind::AuthPolicy),
            Self::ClusterAuthPolicy(_) => Some(Kind::ClusterAuthPolicy),
            Self::UserStore(_) => Some(Kind::UserStore),
            Self::User(_) => Some(Kind::User),
            Self::Group(_) => Some(Kind::Group),
            Self::Role(_) => Some(Kind::Role),
            Self::ClaimMapper(_) => Some(Kind::ClaimMapper),
            Self::IdentityProvider(_) => Some(Kind::IdentityProvider),
            Self::Secret(_) | Self::Namespace(_) => None,
        }
    }
}

/// One resource of a file.
#[derive(Clone, Debug)]
pub struct Document {
    /// Namespace and name
    pub key: Key,
    /// Where it begins
    pub place: Place,
    /// What it says
    pub content: Content,
}

/// A file, read.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// Its good documents
    pub documents: Vec<Document>,
    /// What is wrong with the others
    pub problems: Vec<Problem>,
    /// Whether one of the broken documents is, or could be, a policy
    pub policy_lost: bool,
}

impl Parsed {
    /// Whether every document could be read.
    pub fn is_good(&self) -> bool {
        self.problems
            .iter()
            .all(|problem| problem.severity == super::problem::Severity::Warning)
    }
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "apiVersion")]
    api_version: Option<String>,
    kind: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest<S> {
    #[serde(rename = "apiVersion")]
    _api_version: IgnoredAny,
    #[serde(rename = "kind")]
    _kind: IgnoredAny,
    metadata: Meta,
    spec: S,
    #[serde(default, rename = "status")]
    _status: Option<IgnoredAny>,
}

/// The fields of Kubernetes' ObjectMeta; those that say nothing to us are let through.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Meta {
    name: String,
    namespace: Option<String>,
    labels: Option<Labels>,
    #[serde(rename = "annotations")]
    _annotations: Option<BTreeMap<String, String>>,
    generation: Option<i64>,
    creation_timestamp: Option<jiff::Timestamp>,
    #[serde(rename = "uid")]
    _uid: Option<IgnoredAny>,
    #[serde(rename = "resourceVersion")]
    _resource_version: Option<IgnoredAny>,
    #[serde(rename = "managedFields")]
    _managed_fields: Option<IgnoredAny>,
    #[serde(rename = "ownerReferences")]
    _owner_references: Option<IgnoredAny>,
    #[serde(rename = "finalizers")]
    _finalizers: Option<IgnoredAny>,
    #[serde(rename = "selfLink")]
    _self_link: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SecretManifest {
    #[serde(rename = "apiVersion")]
    _api_version: IgnoredAny,
    #[serde(rename = "kind")]
    _kind: IgnoredAny,
    metadata: Meta,
    #[serde(rename = "type")]
    _type: Option<String>,
    #[serde(rename = "immutable")]
    _immutable: Option<bool>,
    data: Option<BTreeMap<String, String>>,
    string_data: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct NamespaceManifest {
    metadata: Meta,
}

/// Reads a file's text. `file` is for messages.
pub fn parse(file: &Path, text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (first_line, chunk) in documents(text) {
        if is_blank(chunk) {
            continue;
        }
        match document(file, first_line, chunk) {
            Ok(Some(document)) => parsed.documents.push(document),
            Ok(None) => {}
            Err(broken) => {
                parsed.policy_lost |= broken.may_be_policy;
                parsed.problems.push(*broken.problem);
            }
        }
    }
    parsed
}

/// Splits at document markers: a line that begins with `---` is one wherever it stands (YAML 1.2 §9.1.2). Each part comes with the
/// number of its first line, from 0.
fn documents(text: &str) -> Vec<(u64, &str)> {
    let mut found = Vec::new();
    let (mut start, mut start_line, mut offset) = (0, 0, 0);
    for (number, line) in (0_u64..).zip(text.split_inclusive('\n')) {
        let is_marker = line
            .strip_prefix("---")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']));
        if is_marker {
            found.extend(text.get(start..offset).map(|chunk| (start_line, chunk)));
            (start, start_line) = (offset, number);
        }
        offset += line.len();
    }
    found.extend(text.get(start..).map(|chunk| (start_line, chunk)));
    found
}

/// Whether nothing but comments, markers and directives is there.
pub(super) fn is_blank(chunk: &str) -> bool {
    chunk.lines().all(|line| {
        let line = line.strip_prefix("---").unwrap_or(line).trim();
        line.is_empty() || line.starts_with('#') || line.starts_with('%') || line == "..."
    })
}

struct Broken {
    problem: Box<Problem>,
    may_be_policy: bool,
}

fn options() -> Options {
    serde_saphyr::options! {
        // A cluster does not take `true` or `5` for text either.
        no_schema: true,
        budget: serde_saphyr::budget! {
            max_nodes: 100_000,
            max_depth: 32,
            max_anchors: 1_000,
            max_aliases: 1_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 20_000,
            max_replay_stack_depth: 8,
        },
    }
}

fn read<T: DeserializeOwned>(file: &Path, first_line: u64, chunk: &str) -> Result<T, Problem> {
    serde_saphyr::from_str_with_options(chunk, options()).map_err(|error| {
        let mut place = Place::line(file, first_line + 1);
        if let Some(location) = error.location().filter(|location| location.line() > 0) {
            place.line = Some(first_line + location.line());
            place.column = Some(location.column());
            if let Some(line) = yaml_message::line_indented_with_a_tab(chunk, location.line()) {
                let message = "the line is indented with a tab; YAML takes spaces only";
                return Problem::error(Place::line(file, first_line + line), message);
            }
        }
        Problem::error(place, yaml_message::of(error.without_snippet()))
    })
}

/// The first line of a part that says something, from 1.
fn begins_at(first_line: u64, chunk: &str) -> u64 {
    let blank = (0_u64..)
        .zip(chunk.lines())
        .find(|(_, line)| !is_blank(line))
        .map_or(0, |(number, _)| number);
    first_line + blank + 1
}

fn document(file: &Path, first_line: u64, chunk: &str) -> Result<Option<Document>, Broken> {
    let place = Place::line(file, begins_at(first_line, chunk));
    let broken = |problem: Problem, may_be_policy: bool| Broken {
        problem: Box::new(problem),
        may_be_policy,
    };
    let head: Head = read(file, first_line, chunk).map_err(|problem| broken(problem, true))?;
    let (Some(api_version), Some(kind)) = (head.api_version, head.kind) else {
        let message = "the document has no apiVersion or no kind";
        return Err(broken(Problem::error(place, message), true));
    };
    let may_be_policy = kind.contains("Policy") && api_version.starts_with(GROUP);
    let text = (file, first_line, chunk, &place);
    let (key, content) = match (api_version.as_str(), kind.as_str()) {
        (API_VERSION, "AuthServer") => resource(text, |object| Content::AuthServer(Box::new(object))),
        (API_VERSION, "AuthClient") => resource(text, |object| Content::AuthClient(Box::new(object))),
        (API_VERSION, "AuthPolicy") => resource(text, |object| Content::AuthPolicy(Box::new(object))),
        (API_VERSION, "ClusterAuthPolicy") => cluster_policy(text),
        (API_VERSION, "UserStore") => resource(text, |object| Content::UserStore(Box::new(object))),
        (API_VERSION, "User") => resource(text, |object| Content::User(Box::new(object))),
        (API_VERSION, "Group") => resource(text, Content::Group),
        (API_VERSION, "Role") => resource(text, Content::Role),
        (API_VERSION, "ClaimMapper") => resource(text, |object| Content::ClaimMapper(Box::new(object))),
        (API_VERSION, "IdentityProvider") => resource(text, |object| Content::IdentityProvider(Box::new(object))),
        ("v1", "Secret") => secret(text),
        ("v1", "Namespace") => namespace(text),
        (_, kind) if api_version.split('/').next() == Some(GROUP) => Err(Problem::error(
            place.clone(),
            format!(
                "{api_version} has no kind {kind:?}{}; {API_VERSION} has {}",
                yaml_message::meant(kind, &KINDS),
                KINDS.join(", ")
            ),
        )),
        (_, "AuthServer" | "AuthClient" | "AuthPolicy" | "ClusterAuthPolicy" | "UserStore") => Err(Problem::error(
            place.clone(),
            format!("{kind} has the apiVersion {API_VERSION}, not {api_version:?}"),
        )),
        (api_version, kind) => Err(Problem::warning(
            place.clone(),
            format!("passed over: {kind:?} of {api_version:?} is no resource of Nauthera, nor a v1 Secret or Namespace"),
        )),
    }
    .map_err(|problem| broken(problem, may_be_policy))?;
    Ok(Some(Document { key, place, content }))
}

/// The kinds of [`API_VERSION`].
const KINDS: [&str; 10] = [
    "AuthServer",
    "AuthClient",
    "AuthPolicy",
    "ClusterAuthPolicy",
    "UserStore",
    "User",
    "Group",
    "Role",
    "ClaimMapper",
    "IdentityProvider",
];

type Text<'a> = (&'a Path, u64, &'a str, &'a Place);

fn object<S: DeserializeOwned>((file, first_line, chunk, _): Text<'_>) -> Result<(Meta, S), Problem> {
    let manifest: Manifest<S> = read(file, first_line, chunk)?;
    Ok((manifest.metadata, manifest.spec))
}

fn resource<S: DeserializeOwned>(text: Text<'_>, content: impl FnOnce(Object<S>) -> Content) -> Result<(Key, Content), Problem> {
    let (meta, spec) = object(text)?;
    let key = meta.key(text.3)?;
    Ok((key, content(meta.object(spec))))
}

fn cluster_policy(text: Text<'_>) -> Result<(Key, Content), Problem> {
    let (meta, spec) = object::<ClusterAuthPolicySpec>(text)?;
    let name = meta.cluster_wide_name("ClusterAuthPolicy", text.3)?;
    Ok((Key::new("", name), Content::ClusterAuthPolicy(Box::new(meta.object(spec.into())))))
}

fn namespace(text: Text<'_>) -> Result<(Key, Content), Problem> {
    let manifest: NamespaceManifest = read(text.0, text.1, text.2)?;
    let name = manifest.metadata.cluster_wide_name("Namespace", text.3)?;
    Ok((Key::new("", name), Content::Namespace(manifest.metadata.labels.unwrap_or_default())))
}

fn secret(text: Text<'_>) -> Result<(Key, Content), Problem> {
    let manifest: SecretManifest = read(text.0, text.1, text.2)?;
    let key = manifest.metadata.key(text.3)?;
    let mut data = BTreeMap::new();
    for (name, encoded) in manifest.data.unwrap_or_default() {
        let compact: String = encoded.split_whitespace().collect();
        let Ok(bytes) = STANDARD.decode(compact) else {
            let message = format!("data: the value of {name:?} is not base64 (plain text goes into stringData)");
            return Err(Problem::error(text.3.clone(), message));
        };
        // Nothing here refers to a value that is not text; such a value may be there for others.
        if let Ok(value) = String::from_utf8(bytes) {
            data.insert(name, SecretString::from(value));
        }
    }
    for (name, value) in manifest.string_data.unwrap_or_default() {
        data.insert(name, SecretString::from(value));
    }
    let labels = manifest.metadata.labels.unwrap_or_default();
    Ok((key, Content::Secret(SecretObject { labels, data })))
}

impl Meta {
    /// The key, checked: names become file names below the data folder.
    fn key(&self, place: &Place) -> Result<Key, Problem> {
        let namespace = self.namespace.as_deref().unwrap_or("default");
        if !is_dns_label(namespace) {
            let message = format!("metadata.namespace: {namespace:?} is not lower-case letters, digits and dashes (at most 63)");
            return Err(Problem::error(place.clone(), message));
        }
        self.checked_name(place).map(|name| Key::new(namespace, name))
    }

    fn cluster_wide_name(&self, kind: &str, place: &Place) -> Result<String, Problem> {
        if self.namespace.is_some() {
            let message = format!("metadata.namespace: a {kind} is in no namespace; leave it out");
            return Err(Problem::error(place.clone(), message));
        }
        self.checked_name(place)
    }

    fn checked_name(&self, place: &Place) -> Result<String, Problem> {
        if is_dns_subdomain(&self.name) {
            return Ok(self.name.clone());
        }
        let message = format!("metadata.name: {:?} is not lower-case letters, digits, dashes and dots", self.name);
        Err(Problem::error(place.clone(), message))
    }

    fn object<S>(self, spec: S) -> Object<S> {
        Object {
            labels: self.labels.unwrap_or_default(),
            generation: self.generation,
            created: self.creation_timestamp,
            spec,
        }
    }
}

//! Further claims that a server's configuration puts into tokens and userinfo.

use super::attributes;
use super::cel::{Expression, Failure, Variables};
use super::claims::{AccessTokenClaims, IdTokenClaims, PersonClaims, Profile};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Claims that the protocol has a meaning for: nobody may put another value there (RFC 7519 §4.1, OpenID Connect Core §2, RFC 9068 §2.2,
/// RFC 8693 §4, RFC 7662 §2.2, RFC 7800 §3, OpenID Connect Back-Channel Logout §2.4, RFC 9396 §9.1), and one of ours.
const PROTOCOL_CLAIMS: [&str; 35] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "c_hash",
    "s_hash",
    "sid",
    "scope",
    "client_id",
    "act",
    "may_act",
    "cnf",
    "events",
    "toe",
    "txn",
    "sub_jwk",
    "sub_id",
    "active",
    "token_type",
    "username",
    "authorization_details",
    "entitlements",
    "_claim_names",
    "_claim_sources",
    "vot",
    "grant_id",
];

/// Whether a claim is the protocol's own.
pub fn is_protocol_claim(name: &str) -> bool {
    PROTOCOL_CLAIMS.contains(&name)
}

/// What is known of a person under one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub enum PersonAttribute {
    Username,
    Email,
    DisplayName,
    GivenName,
    FamilyName,
}

impl PersonAttribute {
    /// The one that a ClaimMapper calls so.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "username" => Some(Self::Username),
            "email" => Some(Self::Email),
            "displayName" => Some(Self::DisplayName),
            "givenName" => Some(Self::GivenName),
            "familyName" => Some(Self::FamilyName),
            _ => None,
        }
    }
}

/// Where a claim's value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimSource {
    /// What is known of the person; no claim if nothing is
    Attribute(PersonAttribute),
    /// What else is known of the person, under this name: one value is text, several are a list
    Further(String),
    /// What an expression comes to for the person; no claim if that is null, or if it fails
    Cel(Expression),
    /// The person's groups
    Groups,
    /// The person's roles
    Roles,
    /// The same in every token, also in one without a person
    Static(Value),
}

/// Where a claim appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum ClaimPlace {
    IdToken,
    AccessToken,
    Userinfo,
}

/// One further claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRule {
    /// Its name; never a protocol claim
    pub name: String,
    /// Where its value comes from
    pub source: ClaimSource,
    /// Where it appears
    pub places: BTreeSet<ClaimPlace>,
    /// NAMESPACE/NAME of its ClaimMapper, for the log; empty where nothing can go wrong
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mapper: String,
}

/// Whom tokens are about, and for which client they are.
pub struct Subject<'a> {
    person: Option<&'a Profile>,
    client: &'a str,
    /// Made once for all expressions
    variables: OnceCell<Result<Variables<'a>, Failure>>,
}

impl<'a> Subject<'a> {
    /// A person, or nobody.
    pub fn new(person: Option<&'a Profile>, client: &'a str) -> Self {
        Self {
            person,
            client,
            variables: OnceCell::new(),
        }
    }

    fn evaluate(&self, expression: &Expression) -> Result<Option<Value>, Failure> {
        let Some(person) = self.person else {
            return Ok(None);
        };
        let variables = self.variables.get_or_init(|| Variables::new(person, self.client));
        expression.evaluate(variables.as_ref().map_err(Clone::clone)?)
    }
}

/// A claim that is not there because something went wrong. It tells nothing of the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// NAMESPACE/NAME of its ClaimMapper
    pub mapper: String,
    /// Its name
    pub claim: String,
    /// What went wrong
    pub failure: Failure,
}

/// What a claim of the standard (OpenID Connect Core §5.1) is for whoever reads it; `None` for any other claim.
pub fn standard_type(claim: &str) -> Option<StandardType> {
    match claim {
        "groups" => Some(StandardType::Names),
        "email_verified" => Some(StandardType::Boolean),
        "updated_at" => Some(StandardType::Seconds),
        _ if PersonClaims::NAMES.contains(&claim) => Some(StandardType::Text),
        _ => None,
    }
}

/// The types of standard claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum StandardType {
    Names,
    Boolean,
    Seconds,
    Text,
}

impl StandardType {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Names => "a list of names",
            Self::Boolean => "true or false",
            Self::Seconds => "a time in seconds",
            Self::Text => "text",
        }
    }

    /// Whether a value is of it.
    pub fn fits(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Names, Value::Array(list)) => list.iter().all(Value::is_string),
            (Self::Seconds, Value::Number(number)) => number.is_i64(),
            (Self::Boolean, value) => value.is_boolean(),
            (Self::Text, value) => value.is_string(),
            _ => false,
        }
    }
}

impl ClaimRule {
    /// The value for a person, or for nobody; `None`: no claim.
    ///
    /// # Errors
    /// If an expression fails, or what is known of the person is not what a claim of the standard has to be.
    pub fn value(&self, subject: &Subject<'_>) -> Result<Option<Value>, Failure> {
        let value = match &self.source {
            ClaimSource::Cel(expression) => subject.evaluate(expression)?,
            source => known(source, subject.person),
        };
        match (standard_type(&self.name), &value) {
            (Some(wanted), Some(value)) if !wanted.fits(value) => Err(Failure::other_type(wanted.as_str())),
            _ => Ok(value),
        }
    }
}

/// What is known without an expression.
fn known(source: &ClaimSource, person: Option<&Profile>) -> Option<Value> {
    let texts = |list: &[String]| Value::from(list.to_vec());
    match source {
        ClaimSource::Cel(_) => None,
        ClaimSource::Further(name) => attributes::claim(person?.attributes.get(name)?),
        ClaimSource::Static(value) => Some(value.clone()),
        ClaimSource::Groups => person.map(|person| texts(&person.groups)),
        ClaimSource::Roles => person.map(|person| texts(&person.roles)),
        ClaimSource::Attribute(attribute) => {
            let person = person?;
            match attribute {
                PersonAttribute::Username => Some(&person.username),
                PersonAttribute::Email => person.email.as_ref(),
                PersonAttribute::DisplayName => person.name.as_ref(),
                PersonAttribute::GivenName => person.given_name.as_ref(),
                PersonAttribute::FamilyName => person.family_name.as_ref(),
            }
            .map(|text| Value::from(text.as_str()))
        }
    }
}

fn at(rules: &[Arc<ClaimRule>], place: ClaimPlace) -> impl Iterator<Item = &ClaimRule> {
    rules.iter().map(AsRef::as_ref).filter(move |rule| rule.places.contains(&place))
}

/// What the rules of one place come to.
#[derive(Default)]
struct Made {
    claims: Map<String, Value>,
    /// Claims that an expression says are not to be there, or that it failed to make. The scope's own does not come in their place: it may be what
    /// the expression is there to keep back.
    absent: Vec<String>,
    left_out: Vec<LeftOut>,
}

impl Made {
    fn new(rules: &[Arc<ClaimRule>], place: ClaimPlace, subject: &Subject<'_>) -> Self {
        let mut made = Self::default();
        for rule in at(rules, place) {
            let name = || rule.name.clone();
            let is_said = matches!(rule.source, ClaimSource::Cel(_)) && subject.person.is_some();
            match rule.value(subject) {
                Ok(Some(value)) => drop(made.claims.insert(name(), value)),
                Ok(None) => made.absent.extend(is_said.then(name)),
                Err(failure) => {
                    made.absent.push(name());
                    made.left_out.push(LeftOut {
                        mapper: rule.mapper.clone(),
                        claim: name(),
                        failure,
                    });
                }
            }
        }
        made
    }

    /// The claims that nobody else makes.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.claims.keys().chain(&self.absent).map(String::as_str)
    }
}

/// Puts the further claims into an access token. `carried` are those of the token that it was exchanged for: who the person is was known
/// when that one was made.
#[must_use = "somebody has to be told what is left out"]
pub fn into_access_token(
    rules: &[Arc<ClaimRule>],
    person: Option<&Profile>,
    carried: Option<&Map<String, Value>>,
    claims: &mut AccessTokenClaims,
) -> Vec<LeftOut> {
    if rules.is_empty() {
        return Vec::new();
    }
    let person = person.filter(|_| carried.is_none());
    let mut made = Made::new(rules, ClaimPlace::AccessToken, &Subject::new(person, claims.client_id.as_str()));
    if let Some(carried) = carried {
        for rule in at(rules, ClaimPlace::AccessToken) {
            if let (Some(before), false) = (carried.get(&rule.name), made.claims.contains_key(&rule.name)) {
                made.claims.insert(rule.name.clone(), before.clone());
            }
        }
    }
    if made.names().any(|name| name == "groups") {
        claims.groups = None;
    }
    claims.further = made.claims;
    made.left_out
}

/// Puts the further claims into an ID token.
#[must_use = "somebody has to be told what is left out"]
pub fn into_id_token(rules: &[Arc<ClaimRule>], person: Option<&Profile>, claims: &mut IdTokenClaims) -> Vec<LeftOut> {
    let made = Made::new(rules, ClaimPlace::IdToken, &Subject::new(person, claims.aud.as_str()));
    claims.person.give_way_to(made.names());
    claims.further = made.claims;
    made.left_out
}

/// The further claims of userinfo, for a client; they take the place of equal names among `claims`.
pub fn for_userinfo(
    rules: &[Arc<ClaimRule>],
    person: &Profile,
    client: &str,
    claims: &mut PersonClaims,
) -> (Map<String, Value>, Vec<LeftOut>) {
    let made = Made::new(rules, ClaimPlace::Userinfo, &Subject::new(Some(person), client));
    claims.give_way_to(made.names());
    (made.claims, made.left_out)
}

#[cfg(test)]
mod tests;

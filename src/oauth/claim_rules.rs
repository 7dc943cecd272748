//! Further claims that a server's configuration puts into tokens and userinfo.

use super::claims::{AccessTokenClaims, IdTokenClaims, PersonClaims, Profile};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
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

/// Where a claim's value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimSource {
    /// What is known of the person; no claim if nothing is
    Attribute(PersonAttribute),
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
}

impl ClaimRule {
    /// The value for a person, or for nobody.
    pub fn value(&self, person: Option<&Profile>) -> Option<Value> {
        let texts = |list: &[String]| Value::from(list.to_vec());
        match &self.source {
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
}

fn at(rules: &[Arc<ClaimRule>], place: ClaimPlace) -> impl Iterator<Item = &ClaimRule> {
    rules.iter().map(AsRef::as_ref).filter(move |rule| rule.places.contains(&place))
}

fn mapped(rules: &[Arc<ClaimRule>], place: ClaimPlace, person: Option<&Profile>) -> Map<String, Value> {
    at(rules, place)
        .filter_map(|rule| Some((rule.name.clone(), rule.value(person)?)))
        .collect()
}

/// Puts the further claims into an access token. `carried` are those of the token that it was exchanged for: who the person is was known
/// when that one was made.
pub fn into_access_token(
    rules: &[Arc<ClaimRule>],
    person: Option<&Profile>,
    carried: Option<&Map<String, Value>>,
    claims: &mut AccessTokenClaims,
) {
    if rules.is_empty() {
        return;
    }
    claims.further = match carried {
        None => mapped(rules, ClaimPlace::AccessToken, person),
        Some(carried) => at(rules, ClaimPlace::AccessToken)
            .filter_map(|rule| {
                let value = rule.value(None).or_else(|| carried.get(&rule.name).cloned())?;
                Some((rule.name.clone(), value))
            })
            .collect(),
    };
    if claims.further.contains_key("groups") {
        claims.groups = None;
    }
}

/// Puts the further claims into an ID token.
pub fn into_id_token(rules: &[Arc<ClaimRule>], person: Option<&Profile>, claims: &mut IdTokenClaims) {
    claims.further = mapped(rules, ClaimPlace::IdToken, person);
    claims.person.give_way_to(&claims.further);
}

/// The further claims of userinfo; they take the place of equal names among `claims`.
pub fn for_userinfo(rules: &[Arc<ClaimRule>], person: &Profile, claims: &mut PersonClaims) -> Map<String, Value> {
    let further = mapped(rules, ClaimPlace::Userinfo, Some(person));
    claims.give_way_to(&further);
    further
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rule(name: &str, source: ClaimSource) -> Arc<ClaimRule> {
        Arc::new(ClaimRule {
            name: name.to_owned(),
            source,
            places: BTreeSet::from([ClaimPlace::AccessToken, ClaimPlace::Userinfo]),
        })
    }

    fn alice() -> Profile {
        Profile {
            username: "alice".to_owned(),
            given_name: Some("Alice".to_owned()),
            groups: vec!["staff".to_owned()],
            roles: vec!["buyer".to_owned()],
            ..Profile::default()
        }
    }

    fn all() -> Vec<Arc<ClaimRule>> {
        vec![
            rule("login", ClaimSource::Attribute(PersonAttribute::Username)),
            rule("mail", ClaimSource::Attribute(PersonAttribute::Email)),
            rule("teams", ClaimSource::Groups),
            rule("roles", ClaimSource::Roles),
            rule("tenant", ClaimSource::Static(json!({"id": 7}))),
        ]
    }

    fn access_token() -> AccessTokenClaims {
        let required = json!({"iss": "i", "sub": "s", "aud": "a", "exp": 2, "iat": 1, "jti": "j", "client_id": "c", "groups": ["staff"]});
        serde_json::from_value(required).unwrap()
    }

    #[test]
    fn a_claim_has_its_value_and_one_of_which_nothing_is_known_is_left_out() {
        let mut claims = access_token();
        into_access_token(&all(), Some(&alice()), None, &mut claims);
        let expected = json!({"login": "alice", "teams": ["staff"], "roles": ["buyer"], "tenant": {"id": 7}});
        assert_eq!(Value::Object(claims.further), expected);
    }

    #[test]
    fn a_token_without_a_person_has_the_static_claims_only() {
        let mut claims = access_token();
        into_access_token(&all(), None, None, &mut claims);
        assert_eq!(Value::Object(claims.further), json!({"tenant": {"id": 7}}));
    }

    #[test]
    fn an_exchanged_token_carries_what_its_subject_token_said_as_far_as_there_are_rules() {
        let mut claims = access_token();
        let carried = json!({"roles": ["buyer"], "tenant": "old", "gone": true});
        into_access_token(&all(), None, carried.as_object(), &mut claims);
        assert_eq!(Value::Object(claims.further), json!({"roles": ["buyer"], "tenant": {"id": 7}}));
    }

    #[test]
    fn a_claim_appears_in_its_places_only_and_once() {
        let mut person = PersonClaims::for_scopes(&alice(), &crate::oauth::scope::Scopes::parse("groups profile").unwrap());
        let rules = [rule("groups", ClaimSource::Roles)];
        let further = for_userinfo(&rules, &alice(), &mut person);
        assert_eq!(Value::Object(further), json!({"groups": ["buyer"]}));
        assert_eq!((person.groups, person.given_name.as_deref()), (None, Some("Alice")));

        let mut claims = access_token();
        into_access_token(&rules, Some(&alice()), None, &mut claims);
        let text = serde_json::to_string(&claims).unwrap();
        assert_eq!(text.matches("\"groups\"").count(), 1, "{text}");
        let read: AccessTokenClaims = serde_json::from_str(&text).unwrap();
        assert_eq!(read.groups, Some(vec!["buyer".to_owned()]));
        assert!(mapped(&rules, ClaimPlace::IdToken, Some(&alice())).is_empty());
    }

    #[test]
    fn the_protocol_keeps_its_claims() {
        for name in ["iss", "sub", "aud", "exp", "scope", "client_id", "act", "sid", "cnf", "grant_id"] {
            assert!(is_protocol_claim(name), "{name}");
        }
        assert!(!is_protocol_claim("department"));
    }
}

//! Who somebody is, by the claims of their provider.

use super::id_token::seconds;
use crate::config::snapshot::IdentityProviderConfig;
use serde_json::{Map, Value};

/// Longest text that is taken over, an address at most (RFC 5321 §4.5.3.1); a longer one is left out.
const LONGEST: usize = 320;
/// At most so many groups; with more nobody knows which ones are missing, so there are none.
const MOST_GROUPS: usize = 2000;

/// A person of a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// What the provider knows them by for ever
    pub subject: String,
    /// Their session there, if it has an id
    pub sid: Option<String>,
    /// When the provider said so, in seconds since the epoch by its own clock
    pub said_at: i64,
    /// When they proved themselves there
    pub auth_time: Option<i64>,
    /// What they are called there
    pub username: String,
    /// `email`
    pub email: Option<String>,
    /// The provider says that it is theirs
    pub email_verified: bool,
    /// `name`
    pub display_name: Option<String>,
    /// `given_name`
    pub given_name: Option<String>,
    /// `family_name`
    pub family_name: Option<String>,
    /// Sorted
    pub groups: Vec<String>,
}

/// The claim of an attribute; `None`: there is no usual one.
fn claim_of<'a>(provider: &'a IdentityProviderConfig, attribute: &str) -> Option<&'a str> {
    let usual = match attribute {
        "username" => Some("preferred_username"),
        "email" => Some("email"),
        "displayName" => Some("name"),
        "givenName" => Some("given_name"),
        "familyName" => Some("family_name"),
        _ => None,
    };
    provider.attributes.get(attribute).map(String::as_str).or(usual)
}

/// Whether the ID token leaves out something that UserInfo may know.
pub fn lacks_something(provider: &IdentityProviderConfig, token: &Map<String, Value>) -> bool {
    ["username", "email", "displayName", "groups"]
        .into_iter()
        .filter_map(|attribute| claim_of(provider, attribute))
        .any(|claim| !token.contains_key(claim))
}

impl Identity {
    /// By the claims of a verified ID token, and of UserInfo for what the token leaves out.
    pub fn of(provider: &IdentityProviderConfig, token: &Map<String, Value>, userinfo: Option<&Map<String, Value>>) -> Self {
        let find = |claim: &str| token.get(claim).or_else(|| userinfo?.get(claim));
        let attribute = |name: &str| claim_of(provider, name).and_then(find).and_then(text);
        let subject = token.get("sub").and_then(Value::as_str).unwrap_or_default().to_owned();
        let (email, email_verified) = email(claim_of(provider, "email"), token, userinfo);
        let username = attribute("username").or_else(|| email.clone()).unwrap_or_else(|| subject.clone());
        Self {
            sid: super::logout_token::sid(token).map(str::to_owned),
            said_at: seconds(token, "iat").unwrap_or(0),
            auth_time: seconds(token, "auth_time"),
            username,
            email,
            email_verified,
            display_name: attribute("displayName"),
            given_name: attribute("givenName"),
            family_name: attribute("familyName"),
            groups: claim_of(provider, "groups").and_then(find).map(groups).unwrap_or_default(),
            subject,
        }
    }

    /// The address, if the provider says that it is theirs.
    pub fn verified_email(&self) -> Option<&str> {
        self.email.as_deref().filter(|_| self.email_verified)
    }

    /// Whether they are of one of these domains; of any, if none is named.
    pub fn is_of(&self, domains: &[String]) -> bool {
        let domain = || self.verified_email()?.rsplit_once('@').map(|(_, domain)| domain);
        domains.is_empty() || domain().is_some_and(|domain| domains.iter().any(|allowed| allowed.eq_ignore_ascii_case(domain)))
    }
}

/// The address and whether it is verified, both from where the address is: one document says nothing of an address in the other. Only `true` is true, and
/// `email_verified` is said of the claim `email` alone.
fn email(claim: Option<&str>, token: &Map<String, Value>, userinfo: Option<&Map<String, Value>>) -> (Option<String>, bool) {
    let Some(claim) = claim else {
        return (None, false);
    };
    let Some(source) = [Some(token), userinfo]
        .into_iter()
        .flatten()
        .find(|source| source.contains_key(claim))
    else {
        return (None, false);
    };
    let email = source.get(claim).and_then(text).filter(|email| email.matches('@').count() == 1);
    let verified = claim == "email" && email.is_some() && source.get("email_verified") == Some(&Value::Bool(true));
    (email, verified)
}

/// A text that may stand in a token, on a page or in a log.
fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    let is_fit = !text.is_empty() && text.len() <= LONGEST && !text.chars().any(char::is_control);
    is_fit.then(|| text.to_owned())
}

/// Names of groups: a list, or a single name.
fn groups(value: &Value) -> Vec<String> {
    let mut groups: Vec<String> = match value {
        Value::Array(all) if all.len() <= MOST_GROUPS => all.iter().filter_map(text).collect(),
        Value::String(_) => text(value).into_iter().collect(),
        _ => Vec::new(),
    };
    groups.sort();
    groups.dedup();
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::snapshot::Linking;
    use crate::oauth::ids::UserStoreId;
    use serde_json::json;

    fn provider(attributes: &[(&str, &str)]) -> IdentityProviderConfig {
        IdentityProviderConfig {
            id: UserStoreId::new("idp:a/b"),
            name: "b".to_owned(),
            display_name: "B".to_owned(),
            issuer: "https://id.example.org".to_owned(),
            client_id: "us".to_owned(),
            client_secret: "s".into(),
            authorities: None,
            scopes: vec!["openid".to_owned()],
            attributes: attributes
                .iter()
                .map(|(name, claim)| ((*name).to_owned(), (*claim).to_owned()))
                .collect(),
            linking: Linking::None,
            allowed_email_domains: Vec::new(),
            logout: false,
        }
    }

    fn of(attributes: &[(&str, &str)], token: Value, userinfo: Value) -> Identity {
        Identity::of(&provider(attributes), token.as_object().unwrap(), userinfo.as_object())
    }

    #[test]
    fn reads_the_usual_claims_from_either_place() {
        let identity = of(
            &[],
            json!({"sub": "7", "name": "Ann", "auth_time": 5}),
            json!({"sub": "7", "preferred_username": "ann", "email": "ann@example.org", "email_verified": true, "name": "Other", "groups": ["admins"]}),
        );
        assert_eq!((identity.username.as_str(), identity.display_name.as_deref()), ("ann", Some("Ann")));
        assert_eq!((identity.verified_email(), identity.auth_time), (Some("ann@example.org"), Some(5)));
        assert!(identity.groups.is_empty(), "nobody gets groups of a claim that was not named");
    }

    #[test]
    fn whoever_has_no_name_is_called_by_their_address_or_their_subject() {
        assert_eq!(
            of(&[], json!({"sub": "7", "email": "ann@example.org"}), Value::Null).username,
            "ann@example.org"
        );
        assert_eq!(of(&[], json!({"sub": "7", "preferred_username": " "}), Value::Null).username, "7");
    }

    #[test]
    fn claims_may_have_other_names() {
        let attributes = [("username", "upn"), ("groups", "roles"), ("email", "mail")];
        let token =
            json!({"sub": "7", "upn": "ann", "roles": ["b", "a", "b", 7, "x\ny"], "mail": "ann@example.org", "email_verified": true});
        let identity = of(&attributes, token, Value::Null);
        assert_eq!(
            (identity.username.as_str(), identity.groups.as_slice()),
            ("ann", ["a", "b"].map(str::to_owned).as_slice())
        );
        assert!(!identity.email_verified, "email_verified is about email, not about mail");
    }

    #[test]
    fn an_address_is_verified_by_whoever_names_it_and_by_true_alone() {
        for (token, userinfo) in [
            (
                json!({"sub": "7", "email": "ann@example.org"}),
                json!({"email": "other@example.org", "email_verified": true}),
            ),
            (json!({"sub": "7", "email_verified": true}), json!({"email": "ann@example.org"})),
            (json!({"sub": "7", "email": "ann@example.org", "email_verified": "true"}), json!({})),
            (json!({"sub": "7", "email": "ann@example.org", "email_verified": 1}), json!({})),
            (json!({"sub": "7", "email": ["ann@example.org"], "email_verified": true}), json!({})),
            (json!({"sub": "7", "email": "no address", "email_verified": true}), json!({})),
            (
                json!({"sub": "7", "email": "ann@evil.example@example.org", "email_verified": true}),
                json!({}),
            ),
            (
                json!({"sub": "7", "email": "", "email_verified": true}),
                json!({"email": "ann@example.org", "email_verified": true}),
            ),
        ] {
            assert_eq!(
                of(&[], token.clone(), userinfo.clone()).verified_email(),
                None,
                "{token} {userinfo}"
            );
        }
    }

    #[test]
    fn a_domain_is_the_whole_end_of_a_verified_address() {
        let domains = ["example.org".to_owned()];
        let is_of = |email: &str, verified: bool| {
            of(&[], json!({"sub": "7", "email": email, "email_verified": verified}), Value::Null).is_of(&domains)
        };
        assert!(is_of("ann@example.org", true) && is_of("ann@EXAMPLE.org", true));
        for (email, verified) in [
            ("ann@example.org", false),
            ("ann@evil-example.org", true),
            ("ann@example.org.evil.example", true),
            ("ann@sub.example.org", true),
            ("example.org@evil.example", true),
            ("ann@example.org@evil.example", true),
        ] {
            assert!(!is_of(email, verified), "{email}");
        }
        assert!(of(&[], json!({"sub": "7"}), Value::Null).is_of(&[]));
        assert!(!of(&[], json!({"sub": "7"}), Value::Null).is_of(&domains));
    }

    #[test]
    fn a_flood_is_left_out() {
        let many: Vec<String> = (0..=MOST_GROUPS).map(|number| number.to_string()).collect();
        let identity = of(
            &[("groups", "groups")],
            json!({"sub": "7", "name": "x".repeat(10_000), "groups": many}),
            Value::Null,
        );
        assert_eq!((identity.display_name, identity.groups.len()), (None, 0));
    }
}

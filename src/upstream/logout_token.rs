//! The checks of a provider's logout token (OpenID Connect Back-Channel Logout 1.0 §2.6), one after another.

use super::id_token::{Refusal, check_origin, check_times, invalid, is_subject, seconds, text};
use crate::jose::foreign::ForeignKeys;
use crate::oauth::logout_token::EVENT;
use jiff::Timestamp;
use serde_json::{Map, Value};

/// `typ` of one that says what it is (§2.4)
const TYPE: &str = "logout+jwt";
/// A token that is older counts no more, whatever its `exp` says, in seconds.
const OLDEST: i64 = 3600;

/// What ended at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Whose; `None`: of whoever has the session
    pub subject: Option<String>,
    /// Which session; `None`: all of theirs
    pub sid: Option<String>,
    /// When the provider said so, in seconds since the epoch by its own clock: a token that comes again ends nothing that began later
    pub at: i64,
}

/// What a token says that passes every check.
///
/// # Errors
/// [`Refusal`].
pub fn verify(token: &str, keys: &ForeignKeys, issuer: &str, client_id: &str, now: Timestamp) -> Result<Ended, Refusal> {
    let signed = keys.verify(token, Some(TYPE))?;
    read(&signed.claims, issuer, client_id, now)
}

fn read(claims: &Map<String, Value>, issuer: &str, client_id: &str, now: Timestamp) -> Result<Ended, Refusal> {
    check_origin(claims, issuer, client_id)?;
    check_times(claims, now)?;
    let at = seconds(claims, "iat").filter(|at| at.saturating_add(OLDEST) > now.as_second());
    let at = at.ok_or_else(|| invalid("it is older than an hour"))?;
    let is_logout = claims
        .get("events")
        .and_then(|events| events.get(EVENT))
        .is_some_and(Value::is_object);
    if !is_logout {
        return Err(invalid("events does not say that it is one"));
    }
    // Else an ID token that somebody got hold of could be one too.
    if claims.contains_key("nonce") {
        return Err(invalid("it has a nonce"));
    }
    let id = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => {
            let text = value.as_str().filter(|text| is_subject(text));
            text.map(|text| Some(text.to_owned()))
                .ok_or_else(|| invalid(&format!("{name} is none")))
        }
    };
    let (subject, sid) = (id("sub")?, id("sid")?);
    if subject.is_none() && sid.is_none() {
        return Err(invalid("it has neither sub nor sid"));
    }
    if id("jti")?.is_none() {
        return Err(invalid("jti is missing"));
    }
    Ok(Ended { subject, sid, at })
}

/// The session that an ID token is of, if it says so in a way that a logout token can repeat.
pub(super) fn sid(claims: &Map<String, Value>) -> Option<&str> {
    text(claims, "sid").filter(|sid| is_subject(sid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: i64 = 1_800_000_000;

    fn outcome(change: Value) -> Result<Ended, Refusal> {
        let mut claims = json!({"iss": "https://id.example.org", "aud": "us", "exp": NOW + 120, "iat": NOW, "jti": "j", "sub": "7", "sid": "s",
            "events": {EVENT: {}}});
        let fields = claims.as_object_mut().unwrap();
        fields.extend(change.as_object().unwrap().clone());
        fields.retain(|_, value| !value.is_null());
        read(fields, "https://id.example.org", "us", Timestamp::from_second(NOW).unwrap())
    }

    #[test]
    fn says_whose_or_which_session_or_both() {
        let both = outcome(json!({})).unwrap();
        assert_eq!((both.subject.as_deref(), both.sid.as_deref(), both.at), (Some("7"), Some("s"), NOW));
        assert_eq!(outcome(json!({"sub": null})).unwrap().subject, None);
        assert_eq!(outcome(json!({"sid": null})).unwrap().sid, None);
        for fine in [
            json!({"aud": ["us"]}),
            json!({"events": {EVENT: {"more": 1}, "another": {}}}),
            json!({"iat": NOW - 3599}),
        ] {
            assert!(outcome(fine.clone()).is_ok(), "{fine}");
        }
    }

    #[test]
    fn what_is_not_for_us_now_or_no_logout_token_ends_nothing() {
        for change in [
            json!({"iss": "https://other.example.org"}),
            json!({"aud": "them"}),
            json!({"exp": NOW - 60}),
            json!({"exp": null}),
            json!({"iat": NOW + 61}),
            json!({"iat": NOW - 3600, "exp": NOW + 1_000_000}),
            json!({"events": null}),
            json!({"events": {}}),
            json!({"events": {EVENT: true}}),
            json!({"events": [EVENT]}),
            json!({"events": EVENT}),
            json!({"nonce": "n"}),
            json!({"nonce": ""}),
            json!({"sub": null, "sid": null}),
            json!({"sub": 7}),
            json!({"sid": ""}),
            json!({"sid": "a".repeat(256)}),
            json!({"jti": null}),
            json!({"jti": ["j"]}),
        ] {
            assert!(outcome(change.clone()).is_err(), "{change}");
        }
    }
}

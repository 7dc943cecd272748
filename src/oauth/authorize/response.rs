//! Authorization responses (RFC 6749 §4.1.2; RFC 9207: every one carries `iss`).

use crate::oauth::error::OAuthError;
use url::form_urlencoded::Serializer;

/// How the answer travels to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseMode {
    /// In the query of the redirect
    Query,
    /// In its fragment
    Fragment,
    /// In a form that the browser posts (OAuth 2.0 Form Post Response Mode)
    FormPost,
}

impl ResponseMode {
    /// The registered names of the modes, for discovery.
    pub const NAMES: [&'static str; 3] = ["query", "fragment", "form_post"];
}

/// Where the answer goes: a verified redirect URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseTarget {
    /// Registered by the client
    pub redirect_uri: String,
    /// How
    pub mode: ResponseMode,
    /// The client's `state`
    pub state: Option<String>,
}

/// An answer, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 303 to this address
    Redirect(String),
    /// A page with a form that posts these fields
    FormPost {
        /// The redirect URI
        action: String,
        /// Names and values
        fields: Vec<(&'static str, String)>,
    },
}

impl ResponseTarget {
    /// The answer that carries a code.
    pub fn code(&self, issuer: &str, code: &str) -> Answer {
        self.answer(issuer, vec![("code", code.to_owned())])
    }

    /// The answer that carries an error.
    pub fn error(&self, issuer: &str, error: &OAuthError) -> Answer {
        self.answer(
            issuer,
            vec![
                ("error", error.code.as_str().to_owned()),
                ("error_description", error.description.clone()),
            ],
        )
    }

    fn answer(&self, issuer: &str, mut fields: Vec<(&'static str, String)>) -> Answer {
        fields.extend(self.state.clone().map(|state| ("state", state)));
        fields.push(("iss", issuer.to_owned()));
        let encoded = || Serializer::new(String::new()).extend_pairs(&fields).finish();
        let uri = &self.redirect_uri;
        match self.mode {
            ResponseMode::FormPost => Answer::FormPost {
                action: uri.clone(),
                fields,
            },
            ResponseMode::Fragment => Answer::Redirect(format!("{uri}#{}", encoded())),
            ResponseMode::Query => {
                let separator = match uri.split_once('?') {
                    None => "?",
                    Some((_, "")) => "",
                    Some(_) => "&",
                };
                Answer::Redirect(format!("{uri}{separator}{}", encoded()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::error::ErrorCode;

    fn target(uri: &str, mode: ResponseMode) -> ResponseTarget {
        ResponseTarget {
            redirect_uri: uri.into(),
            mode,
            state: Some("a b&c=<d>".into()),
        }
    }

    #[test]
    fn a_query_of_the_redirect_uri_is_kept() {
        let answer = target("https://a.example/cb?tenant=1", ResponseMode::Query).code("https://id.example", "xyz");
        let expected = "https://a.example/cb?tenant=1&code=xyz&state=a+b%26c%3D%3Cd%3E&iss=https%3A%2F%2Fid.example";
        assert_eq!(answer, Answer::Redirect(expected.into()));
    }

    #[test]
    fn errors_and_fragments_carry_state_and_iss_too() {
        let error = OAuthError::new(ErrorCode::AccessDenied, "no");
        let answer = target("https://a.example/cb", ResponseMode::Fragment).error("https://id.example", &error);
        let expected = "https://a.example/cb#error=access_denied&error_description=no&state=a+b%26c%3D%3Cd%3E&iss=https%3A%2F%2Fid.example";
        assert_eq!(answer, Answer::Redirect(expected.into()));
    }

    #[test]
    fn a_form_post_keeps_values_unencoded_for_the_page_to_escape() {
        let Answer::FormPost { action, fields } = target("https://a.example/cb", ResponseMode::FormPost).code("https://id.example", "xyz")
        else {
            panic!("not a form")
        };
        assert_eq!(action, "https://a.example/cb");
        assert!(fields.contains(&("state", "a b&c=<d>".to_owned())));
    }
}

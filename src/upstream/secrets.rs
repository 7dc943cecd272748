//! The nonce and the PKCE verifier of a login under way. Nobody keeps them: they are worked out anew from the browser's own id, which no ticket,
//! page or address shows, and the login's number (decision 0018).

use crate::oauth::ids::UserStoreId;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;

/// What ties a provider's answer to one browser and one request.
#[derive(Debug)]
pub struct Secrets {
    /// `nonce` (OpenID Connect Core §3.1.2.1). The authorization request shows it; the answer has to repeat it
    pub nonce: String,
    /// `code_verifier` (RFC 7636 §4.1)
    pub verifier: SecretString,
}

impl Secrets {
    /// Those of the login with this number, of a browser with this id, at this provider.
    pub fn of(browser: &str, provider: &UserStoreId, number: &str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, browser.as_bytes());
        let make = |purpose: &str| {
            let mut context = hmac::Context::with_key(&key);
            for part in [purpose, provider.as_str(), number] {
                // Lengths before texts: no two lists read the same.
                context.update(&(part.len() as u64).to_be_bytes());
                context.update(part.as_bytes());
            }
            URL_SAFE_NO_PAD.encode(context.sign())
        };
        Self {
            nonce: make("nauthera upstream nonce"),
            verifier: make("nauthera upstream verifier").into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::pkce;
    use secrecy::ExposeSecret;

    fn of(browser: &str, provider: &str, number: &str) -> (String, String) {
        let secrets = Secrets::of(browser, &UserStoreId::new(provider), number);
        (secrets.nonce, secrets.verifier.expose_secret().to_owned())
    }

    #[test]
    fn each_browser_provider_and_login_has_its_own() {
        let here = of("browser", "idp:a/b", "1");
        assert_eq!(here, of("browser", "idp:a/b", "1"), "any replica works out the same");
        assert_ne!(here.0, here.1);
        assert!(pkce::is_verifier(&here.1));
        for other in [
            of("other", "idp:a/b", "1"),
            of("browser", "idp:a/c", "1"),
            of("browser", "idp:a/b", "2"),
            of("browser", "idp:a/b1", ""),
        ] {
            assert_ne!(here.0, other.0);
            assert_ne!(here.1, other.1);
        }
    }

    #[test]
    fn the_verifier_shows_nowhere() {
        let secrets = Secrets::of("browser", &UserStoreId::new("idp:a/b"), "1");
        assert!(!format!("{secrets:?}").contains(secrets.verifier.expose_secret()));
    }
}

//! `redirect_uri` is one that the client registered: the same string, but for the port of a loopback address of a public client
//! (RFC 9700 §2.1, RFC 8252 §7.3). Strings are compared as they are: no parser, so no two parsers that disagree.

use super::invalid;
use crate::oauth::client::{Client, ClientType};
use crate::oauth::error::OAuthError;
use crate::oauth::form::Params;

pub(super) struct Redirect {
    pub(super) uri: String,
    pub(super) was_sent: bool,
}

pub(super) fn check(params: &Params, client: &Client) -> Result<Redirect, OAuthError> {
    let Some(sent) = params.one("redirect_uri")? else {
        return omitted(params, client);
    };
    let any_port = client.client_type == ClientType::Public;
    if client.redirect_uris.iter().any(|registered| matches(registered, sent, any_port)) {
        Ok(Redirect {
            uri: sent.to_owned(),
            was_sent: true,
        })
    } else {
        Err(invalid(
            "redirect_uri is not one of the client's registered redirect URIs; they are compared character by character",
        ))
    }
}

/// It may be left out if there is only one (RFC 6749 §3.1.2.3), but not in OpenID Connect (Core §3.1.2.1).
fn omitted(params: &Params, client: &Client) -> Result<Redirect, OAuthError> {
    let is_openid = params.all("scope").any(|scope| scope.split(' ').any(|token| token == "openid"));
    match client.redirect_uris.as_slice() {
        [only] if !is_openid => Ok(Redirect {
            uri: only.clone(),
            was_sent: false,
        }),
        _ => Err(invalid("redirect_uri is missing")),
    }
}

fn matches(registered: &str, sent: &str, any_port: bool) -> bool {
    registered == sent || (any_port && without_loopback_port(registered).is_some_and(|base| without_loopback_port(sent) == Some(base)))
}

/// Host and what follows the port, for `http://127.0.0.1[:port]…` and `http://[::1][:port]…`. Not `localhost`: that name may lead elsewhere
/// (RFC 8252 §8.3).
fn without_loopback_port(uri: &str) -> Option<(&'static str, &str)> {
    ["http://127.0.0.1", "http://[::1]"].into_iter().find_map(|origin| {
        let rest = uri.strip_prefix(origin)?;
        let rest = match rest.strip_prefix(':') {
            None => rest,
            Some(port_and_rest) => {
                let digits = port_and_rest.bytes().take_while(u8::is_ascii_digit).count();
                let (port, rest) = port_and_rest.split_at_checked(digits)?;
                let is_port = !port.starts_with('0') && port.parse::<u16>().is_ok();
                is_port.then_some(rest)?
            }
        };
        // Anything else (`@`, `\`, more of a host name) would make the address another one.
        (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((origin, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const APP: &str = "https://shop.example.org/callback";
    const NATIVE: &str = "http://127.0.0.1/callback";

    #[test]
    fn a_registered_uri_matches_itself() {
        assert!(matches(APP, APP, false));
        assert!(matches(NATIVE, NATIVE, true));
        assert!(matches("com.example.app:/cb", "com.example.app:/cb", true));
    }

    #[test]
    fn refuses_every_near_miss() {
        for near in [
            "https://shop.example.org/callback/",
            "https://shop.example.org/callback?",
            "https://shop.example.org/callback?x=1",
            "https://shop.example.org/callback#",
            "https://shop.example.org/callback#x",
            "https://shop.example.org/callback/../evil",
            "https://shop.example.org/CALLBACK",
            "https://SHOP.example.org/callback",
            "HTTPS://shop.example.org/callback",
            "http://shop.example.org/callback",
            "https://shop.example.org:443/callback",
            "https://shop.example.org./callback",
            "https://shop.example.org/%63allback",
            "https://shop.example.org//callback",
            "https://shop.example.org\\callback",
            "https://shop.example.org@evil.example/callback",
            "https://evil.example/https://shop.example.org/callback",
            "https://shop.example.org.evil.example/callback",
            "https://sub.shop.example.org/callback",
            "//shop.example.org/callback",
            " https://shop.example.org/callback",
            "https://shop.example.org/callback ",
            "https://shop.example.org/callback\n",
            "javascript:alert(1)",
            "data:text/html,x",
            "",
        ] {
            assert!(!matches(APP, near, true), "{near:?}");
        }
    }

    #[test]
    fn the_port_of_a_loopback_address_is_free_for_public_clients() {
        for sent in [
            "http://127.0.0.1:1/callback",
            "http://127.0.0.1:49152/callback",
            "http://127.0.0.1:65535/callback",
        ] {
            assert!(matches(NATIVE, sent, true), "{sent}");
            assert!(matches("http://127.0.0.1:8080/callback", sent, true), "{sent}");
            assert!(!matches(NATIVE, sent, false), "{sent}");
        }
        assert!(matches("http://[::1]/callback", "http://[::1]:5000/callback", true));
    }

    #[test]
    fn but_nothing_else_of_it_is() {
        for near in [
            "http://127.0.0.1:0/callback",
            "http://127.0.0.1:080/callback",
            "http://127.0.0.1:65536/callback",
            "http://127.0.0.1:/callback",
            "http://127.0.0.1:80@evil.example/callback",
            "http://127.0.0.1:80.evil.example/callback",
            "http://127.0.0.1.evil.example/callback",
            "http://127.0.0.1@evil.example/callback",
            "http://127.0.0.1\\@evil.example/callback",
            "http://127.0.0.2/callback",
            "http://localhost:5000/callback",
            "http://[::1]:5000/callback",
            "https://127.0.0.1:5000/callback",
            "http://127.0.0.1:5000/other",
            "http://127.0.0.1:5000/callback?x",
            "http://127.0.0.1:5000",
            "http://0x7f.1/callback",
        ] {
            assert!(!matches(NATIVE, near, true), "{near:?}");
        }
        assert!(!matches("http://localhost/callback", "http://localhost:5000/callback", true));
    }

    proptest! {
        #[test]
        fn only_the_string_itself_matches_an_https_uri(sent in "[ -~]{0,60}") {
            prop_assert_eq!(matches(APP, &sent, true), sent == APP);
        }

        #[test]
        fn what_matches_a_loopback_uri_leads_to_the_loopback(tail in "[ -~]{0,40}") {
            let sent = format!("http://127.0.0.1{tail}");
            if matches(NATIVE, &sent, true) {
                let parsed = url::Url::parse(&sent).unwrap();
                prop_assert_eq!(parsed.host_str(), Some("127.0.0.1"));
                prop_assert_eq!(parsed.path(), "/callback");
                prop_assert_eq!((parsed.username(), parsed.password()), ("", None));
            }
        }
    }
}

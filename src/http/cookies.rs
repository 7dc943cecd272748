//! The cookies: the login session, an id of the browser that tickets are bound to, that of a browser which is
//! not asked for a second factor, and that of one with which somebody logged in before.
//!
//! All are `__Host-` cookies (RFC 6265bis §4.1.3.2), which no sibling host and no plain-http page can plant. On a plain-http issuer, which is a
//! loopback address, there can be neither prefix nor `Secure`.

use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, cookie};

/// Longest value that is looked at; ours have 43 characters.
const LENGTH: usize = 43;

/// Which cookies an issuer has.
#[derive(Clone, Copy, Debug)]
pub struct Cookies {
    https: bool,
}

impl Cookies {
    /// Those of an https issuer, or of a plain one.
    pub const fn new(https: bool) -> Self {
        Self { https }
    }

    const fn session_name(self) -> &'static str {
        if self.https {
            "__Host-nauthera_session"
        } else {
            "nauthera_session"
        }
    }

    const fn browser_name(self) -> &'static str {
        if self.https {
            "__Host-nauthera_browser"
        } else {
            "nauthera_browser"
        }
    }

    const fn known_name(self) -> &'static str {
        if self.https { "__Host-nauthera_known" } else { "nauthera_known" }
    }

    /// What a browser brings with which somebody logged in before.
    pub fn known(self, request: &HttpRequest) -> Option<String> {
        read(request, self.known_name())
    }

    /// Makes the browser one with which somebody has logged in.
    pub fn set_known(self, value: &str, how_long: std::time::Duration) -> Cookie<'static> {
        self.lasting(self.known_name(), value, how_long)
    }

    fn lasting(self, name: &'static str, value: &str, how_long: std::time::Duration) -> Cookie<'static> {
        let mut cookie = self.make(name, value);
        let seconds = i64::try_from(how_long.as_secs()).unwrap_or(i64::MAX);
        cookie.set_max_age(cookie::time::Duration::seconds(seconds));
        cookie
    }

    const fn device_name(self) -> &'static str {
        if self.https { "__Host-nauthera_device" } else { "nauthera_device" }
    }

    /// What a remembered browser brings.
    pub fn device(self, request: &HttpRequest) -> Option<String> {
        read(request, self.device_name())
    }

    /// Makes the browser a remembered one. It stays for so long, and the server decides.
    pub fn set_device(self, value: &str, how_long: std::time::Duration) -> Cookie<'static> {
        self.lasting(self.device_name(), value, how_long)
    }

    /// The session cookie's value.
    pub fn session(self, request: &HttpRequest) -> Option<String> {
        read(request, self.session_name())
    }

    /// The browser's id.
    pub fn browser(self, request: &HttpRequest) -> Option<String> {
        read(request, self.browser_name())
    }

    /// Sets the session. It ends with the browser, or on the server.
    pub fn set_session(self, value: &str) -> Cookie<'static> {
        self.make(self.session_name(), value)
    }

    /// Takes the session away.
    pub fn clear_session(self) -> Cookie<'static> {
        let mut cookie = self.make(self.session_name(), "");
        cookie.set_max_age(cookie::time::Duration::ZERO);
        cookie
    }

    /// Sets the browser's id.
    pub fn set_browser(self, value: &str) -> Cookie<'static> {
        self.make(self.browser_name(), value)
    }

    fn make(self, name: &'static str, value: &str) -> Cookie<'static> {
        Cookie::build(name, value.to_owned())
            .path("/")
            .http_only(true)
            .secure(self.https)
            .same_site(SameSite::Lax)
            .finish()
    }
}

/// A value that has our shape. A header that is no cookie at all is none.
fn read(request: &HttpRequest, name: &str) -> Option<String> {
    let cookie = request.cookie(name)?;
    let value = cookie.value();
    let ours = value.len() == LENGTH && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    ours.then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_as_tight_as_the_scheme_allows() {
        let tight = Cookies::new(true).set_session("x").to_string();
        assert_eq!(tight, "__Host-nauthera_session=x; HttpOnly; SameSite=Lax; Secure; Path=/");
        let plain = Cookies::new(false).set_browser("x").to_string();
        assert_eq!(plain, "nauthera_browser=x; HttpOnly; SameSite=Lax; Path=/");
        assert!(Cookies::new(true).clear_session().to_string().contains("Max-Age=0"));
    }
}

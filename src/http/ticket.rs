//! Tickets: what a form carries from one request to the next, signed, bound to one purpose and one browser, and good for a while. They are the
//! CSRF tokens too: another site can neither make one nor send the browser's cookie with it.

use super::login::proved::Proved;
use super::visit::Visit;
use crate::oauth::opaque::TokenHash;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use webauthn_rs::prelude::{DiscoverableAuthentication, PasskeyAuthentication, PasskeyRegistration};

/// After a ticket's time, its content can still be read for a day, to begin anew with it.
const READABLE_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What a ticket carries, with the purpose that it belongs to.
pub trait Content: Serialize + DeserializeOwned {
    /// A ticket of one purpose is no good for another
    const PURPOSE: &'static str;
    /// A page may stay open this long before its form is sent
    const GOOD_FOR: SignedDuration = SignedDuration::from_mins(30);
}

/// The login page.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LoginTicket {
    /// The authorization request that waits for it; none when a person just logs in
    pub request: Option<String>,
    /// What a passkey is asked, where there can be any
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passkey: Option<DiscoverableAuthentication>,
}

impl Content for LoginTicket {
    const PURPOSE: &'static str = "login";
}

/// A login under way at an upstream provider; it travels as `state`, which the provider and the browser's history see. So the nonce and the PKCE
/// verifier are not in it (decision 0018).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamTicket {
    /// Whose answer it is good for
    pub provider: String,
    /// Random: which login of this browser
    pub number: String,
    /// When it was asked, in seconds since 1970
    pub began: i64,
    /// The authorization request that waits for it; none when a person just logs in
    pub request: Option<String>,
}

impl Content for UpstreamTicket {
    const PURPOSE: &'static str = "upstream";
}

/// Somebody has proved who they are, and has to prove more.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProvedTicket {
    /// Who, and how
    pub proved: Proved,
}

impl Content for ProvedTicket {
    const PURPOSE: &'static str = "proved";
    const GOOD_FOR: SignedDuration = SignedDuration::from_mins(10);
}

/// The page that asks for a second factor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FactorTicket {
    /// Who, and how they proved the first
    pub proved: Proved,
    /// What a key is asked
    pub key: Option<PasskeyAuthentication>,
}

impl Content for FactorTicket {
    const PURPOSE: &'static str = "second-factor";
    const GOOD_FOR: SignedDuration = SignedDuration::from_mins(10);
}

/// The page on which a second factor is set up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetupTicket {
    /// Who, and how they proved who they are; for whom it is
    pub then: Then,
    /// Seed of a new app
    pub seed: Option<String>,
    /// What a new key is asked
    pub key: Option<PasskeyRegistration>,
}

/// Where somebody goes who has set up a second factor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Then {
    /// On with a login
    Login(Proved),
    /// Back to the account, of this session
    Account(String),
}

impl Content for SetupTicket {
    const PURPOSE: &'static str = "setup";
}

/// The pages of one's own account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountTicket {
    /// `sid` of the session whose pages they are
    pub session: String,
}

impl Content for AccountTicket {
    const PURPOSE: &'static str = "account";
}

/// The consent page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentTicket {
    /// The authorization request
    pub request: String,
    /// `sid` of the session that is asked
    pub session: String,
    /// Whether that person logged in for this request
    pub login: bool,
}

impl Content for ConsentTicket {
    const PURPOSE: &'static str = "consent";
}

/// The page that asks for a new password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPasswordTicket {
    /// Who proved their old one, and which one that was
    pub proved: Proved,
}

impl Content for NewPasswordTicket {
    const PURPOSE: &'static str = "new password";
    // It stands for a proved password, and nobody takes long to think of one.
    const GOOD_FOR: SignedDuration = SignedDuration::from_mins(15);
}

/// The page that asks whether to sign out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutTicket {
    /// `sid` of the session that was asked about
    pub session: Option<String>,
    /// A verified address to go to afterwards
    pub then: Option<String>,
}

impl Content for LogoutTicket {
    const PURPOSE: &'static str = "logout";
}

#[derive(Serialize, Deserialize)]
struct Bound<T> {
    browser: String,
    until: i64,
    content: T,
}

/// Why a ticket is no good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TicketFault<T> {
    /// The browser sent no id of its own: cookies are blocked, or it is another browser
    NoCookie,
    /// Missing, forged, changed, of another purpose or of another browser
    Invalid,
    /// Ours and this browser's, but the page was open for too long
    Late(T),
}

/// Signs a ticket for the browser of this visit.
///
/// # Errors
/// What went wrong, if there is no key.
pub fn seal<T: Content>(visit: &Visit, content: T) -> Result<String, String> {
    let now = visit.now();
    let bound = Bound {
        browser: digest(&visit.browser),
        until: after(now, T::GOOD_FOR).as_second(),
        content,
    };
    visit
        .keys()
        .seal_ticket(T::PURPOSE, &bound, after(now, READABLE_FOR))
        .map_err(|error| error.to_string())
}

/// Opens a ticket that this visit's browser brought back.
///
/// # Errors
/// [`TicketFault`].
pub fn open<T: Content>(visit: &Visit, ticket: Option<&str>) -> Result<T, TicketFault<T>> {
    if visit.browser_is_new {
        return Err(TicketFault::NoCookie);
    }
    let now = visit.now();
    let bound: Bound<T> = ticket
        .and_then(|ticket| visit.keys().open_ticket(T::PURPOSE, ticket, now).ok())
        .ok_or(TicketFault::Invalid)?;
    if bound.browser != digest(&visit.browser) {
        Err(TicketFault::Invalid)
    } else if bound.until <= now.as_second() {
        Err(TicketFault::Late(bound.content))
    } else {
        Ok(bound.content)
    }
}

/// A ticket may be seen in a page's source or an address; the cookie's value may not.
fn digest(browser: &str) -> String {
    text_of(&TokenHash::of(browser))
}

/// A digest as text.
pub fn text_of(hash: &TokenHash) -> String {
    URL_SAFE_NO_PAD.encode(hash.as_bytes())
}

/// The digest that was written so.
pub fn hash_of(text: &str) -> Option<TokenHash> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    bytes.try_into().ok().map(TokenHash::from_bytes)
}

fn after(now: Timestamp, duration: SignedDuration) -> Timestamp {
    now.checked_add(duration).unwrap_or(now)
}

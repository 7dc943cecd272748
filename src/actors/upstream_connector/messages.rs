//! What an UpstreamConnector is asked.

use crate::upstream::client::Answered;
use crate::upstream::fault::UpstreamFault;
use crate::upstream::logout_token::Ended;
use crate::upstream::person::Identity;
use crate::upstream::request::Ask;
use actix::Message;
use jiff::Timestamp;
use secrecy::SecretString;
use url::Url;

/// Where a browser goes to log in.
#[derive(Message)]
#[rtype(result = "Result<Url, UpstreamFault>")]
pub struct Begin(pub Ask);

/// Who came back.
#[derive(Message)]
#[rtype(result = "Result<Identity, UpstreamFault>")]
pub struct Finish(pub Box<Answered>);

/// Which session ended there, by a logout token, at this time.
#[derive(Message)]
#[rtype(result = "Result<Ended, UpstreamFault>")]
pub struct LoggedOut {
    /// The token
    pub token: SecretString,
    /// The time
    pub now: Timestamp,
}

/// Where a browser goes to sign out, if there is such a place.
#[derive(Message)]
#[rtype(result = "Result<Option<Url>, UpstreamFault>")]
pub struct EndSession;

//! OpenID providers that people may log in with (OpenID Connect Core §3.1 from the other side): discovery, the request, the code's exchange, the
//! verified ID token, and who that is. Whatever a provider sends is bounded in size and time, and nothing it sends is followed elsewhere.
//! Imports `oauth`, `config` and `jose`.

pub mod client;
pub mod fault;
mod fetch;
mod id_token;
pub mod logout_token;
mod metadata;
pub mod person;
pub mod request;
pub mod secrets;
mod token_answer;

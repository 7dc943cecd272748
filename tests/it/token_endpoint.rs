//! The token endpoint and its neighbours over HTTP, mostly from the attacker's side.

mod authorization_code;
mod client_authentication;
mod client_credentials;
mod discovery;
mod fixture;
mod further_claims;
mod introspection;
mod malformed;
mod outage;
mod refresh_token;
mod token_exchange;
mod userinfo;

//! Values for the tests of this room.

use super::client::{AccessTokenFormat, Client, ClientType, Limits};
use super::grant_type::{ClientAuthMethod, GrantType, ResponseType};
use super::ids::ClientId;
use super::scope::Scopes;
use crate::oauth::two_factor::TwoFactor;
use jiff::Timestamp;
use std::time::Duration;

/// A time, by the second.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A confidential client with the usual grants.
pub fn client(id: &str) -> Client {
    Client {
        id: ClientId::new(id),
        resource: format!("tests/{id}"),
        display_name: id.to_owned(),
        client_type: ClientType::Confidential,
        redirect_uris: vec!["https://app.example.org/callback".to_owned()],
        post_logout_redirect_uris: vec![],
        backchannel_logout_uri: None,
        grant_types: [GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::ClientCredentials].into(),
        response_types: [ResponseType::Code].into(),
        scopes: Scopes::parse("openid profile email groups offline_access orders:read orders:write").unwrap(),
        auth_method: ClientAuthMethod::ClientSecretBasic,
        secrets: vec![],
        audiences: vec![],
        access_token_format: AccessTokenFormat::Jwt,
        require_consent: true,
        allowed_groups: None,
        limits: Limits {
            access_token_ttl: Duration::from_secs(900),
            refresh_token_ttl: Duration::from_secs(86_400),
            id_token_ttl: Duration::from_secs(300),
            require_pkce: true,
            max_session_age: None,
            two_factor: TwoFactor::default(),
        },
    }
}

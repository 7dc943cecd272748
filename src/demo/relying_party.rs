//! The OpenID Connect side of the demo: discovery, the code flow with PKCE, `state` and `nonce`, refresh, UserInfo, logout.

use super::fetch::{self, FetchError};
use super::{DemoClient, DemoError};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreGenderClaim, CoreIdToken, CoreTokenResponse};
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalClaims, AuthorizationCode, ClientId, CsrfToken, EndSessionUrl, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, HttpRequest, IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier,
    PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, RefreshToken, Scope, SubjectIdentifier, TokenResponse, UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use tokio::sync::watch;

type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// Claims that the crate has no field for, kept so that the page can show them.
#[derive(Debug, Serialize, Deserialize)]
struct OtherClaims(BTreeMap<String, Value>);

impl AdditionalClaims for OtherClaims {}

/// Why a round with the server failed, in words for the page.
#[derive(Debug, thiserror::Error)]
#[error("{step}: {reason}")]
pub struct RoundError {
    /// What was being done
    pub step: &'static str,
    /// What went wrong
    pub reason: String,
}

fn failed<E: std::error::Error>(step: &'static str) -> impl FnOnce(E) -> RoundError {
    move |error| {
        let mut reason = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            reason = format!("{reason}: {error}");
            cause = error.source();
        }
        RoundError { step, reason }
    }
}

/// A login that was begun: what the answer is checked against.
pub struct Pending {
    /// `state`: ties the answer to this browser
    pub state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

#[cfg(test)]
impl Pending {
    pub(super) fn for_tests() -> Self {
        Self {
            state: CsrfToken::new_random(),
            nonce: Nonce::new_random(),
            verifier: PkceCodeChallenge::new_random_sha256().1,
        }
    }
}

/// What a login brought.
#[derive(Clone)]
pub struct Login {
    /// Verified
    pub id_token: CoreIdToken,
    /// As it came
    pub access_token: AccessToken,
    /// If the client may refresh
    pub refresh_token: Option<RefreshToken>,
    /// Seconds, as the token endpoint said
    pub expires_in: Option<u64>,
    /// What was granted
    pub scopes: Vec<String>,
    /// The UserInfo endpoint's answer
    pub user_info: Value,
    /// How often this login's tokens were refreshed
    pub refreshes: u32,
    subject: SubjectIdentifier,
}

/// What a token answer follows.
enum Before<'a> {
    /// A login, which asked for these scopes
    Asked(Vec<String>),
    /// A refresh of this
    Login(&'a Login),
}

/// The demo as a client of one issuer.
pub struct RelyingParty {
    issuer: IssuerUrl,
    client: watch::Receiver<Option<DemoClient>>,
    redirect_uri: RedirectUrl,
    home: PostLogoutRedirectUrl,
    http: reqwest::Client,
}

impl RelyingParty {
    /// A client that returns to `<origin>/callback` after a login and to `<origin>/` after a logout.
    ///
    /// # Errors
    /// An origin that is no URL, or an HTTP client that cannot be made.
    pub fn new(issuer: IssuerUrl, client: watch::Receiver<Option<DemoClient>>, origin: &str) -> Result<Self, DemoError> {
        let settings = |error: &dyn std::fmt::Display| DemoError::Settings(error.to_string());
        Ok(Self {
            issuer,
            client,
            redirect_uri: RedirectUrl::new(format!("{origin}/callback")).map_err(|error| settings(&error))?,
            home: PostLogoutRedirectUrl::new(format!("{origin}/")).map_err(|error| settings(&error))?,
            http: fetch::client().map_err(|error| settings(&error))?,
        })
    }

    /// The issuer, for the page.
    pub fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// As whom it asks now.
    pub fn client(&self) -> Option<DemoClient> {
        self.client.borrow().clone()
    }

    /// What its client has to allow, for the page.
    pub fn redirect_uri(&self) -> &str {
        self.redirect_uri.as_str()
    }

    fn http(
        &self,
    ) -> impl Fn(HttpRequest) -> std::pin::Pin<Box<dyn Future<Output = Result<openidconnect::HttpResponse, FetchError>>>> + use<> {
        let http = self.http.clone();
        move |request| Box::pin(fetch::fetch(http.clone(), request))
    }

    /// Asks discovery and the JWKS anew for each round: a demo should show what the server says now.
    async fn discover(&self) -> Result<(Client, DemoClient, Option<EndSessionUrl>), RoundError> {
        let who = self.client().ok_or_else(|| RoundError {
            step: "No client",
            reason: "the configuration has no public client for this demo any more".to_owned(),
        })?;
        let metadata = ProviderMetadataWithLogout::discover_async(self.issuer.clone(), &self.http())
            .await
            .map_err(failed("Discovery"))?;
        let end_session = metadata.additional_metadata().end_session_endpoint.clone();
        let client = CoreClient::from_provider_metadata(metadata, ClientId::new(who.client_id.clone()), None)
            .set_redirect_uri(self.redirect_uri.clone());
        Ok((client, who, end_session))
    }

    /// Where to send the browser, and what to remember.
    ///
    /// # Errors
    /// Discovery failed.
    pub async fn begin(&self) -> Result<(String, Pending), RoundError> {
        let (client, who, _) = self.discover().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let wanted = who.scopes.into_iter().filter(|scope| scope != "openid").map(Scope::new);
        let (url, state, nonce) = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
            .add_scopes(wanted)
            .set_pkce_challenge(challenge)
            .url();
        Ok((url.into(), Pending { state, nonce, verifier }))
    }

    /// Exchanges the code, verifies the ID token (signature, `iss`, `aud`, `exp`, `nonce`, `at_hash`), asks UserInfo.
    ///
    /// # Errors
    /// The step that failed and why.
    pub async fn finish(&self, pending: Pending, code: String) -> Result<Login, RoundError> {
        let (client, who, _) = self.discover().await?;
        let response = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(failed("Token endpoint"))?
            .set_pkce_verifier(pending.verifier)
            .request_async(&self.http())
            .await
            .map_err(failed("Token endpoint"))?;
        let id_token = response
            .id_token()
            .ok_or_else(|| RoundError {
                step: "ID token",
                reason: "the token endpoint sent none".to_owned(),
            })?
            .clone();
        let subject = self.verified_subject(&client, &id_token, response.access_token(), Some(&pending.nonce))?;
        self.login(&client, response, id_token, subject, Before::Asked(who.scopes)).await
    }

    /// New tokens for a login.
    ///
    /// # Errors
    /// The step that failed and why.
    pub async fn refresh(&self, login: &Login) -> Result<Login, RoundError> {
        let (client, _, _) = self.discover().await?;
        let refresh_token = login.refresh_token.as_ref().ok_or_else(|| RoundError {
            step: "Refresh",
            reason: "this login has no refresh token".to_owned(),
        })?;
        let response = client
            .exchange_refresh_token(refresh_token)
            .map_err(failed("Refresh"))?
            .request_async(&self.http())
            .await
            .map_err(failed("Refresh"))?;
        let id_token = match response.id_token() {
            Some(fresh) => {
                let subject = self.verified_subject(&client, fresh, response.access_token(), None)?;
                if subject != login.subject {
                    return Err(RoundError {
                        step: "ID token",
                        reason: "the refreshed token is for another person".to_owned(),
                    });
                }
                fresh.clone()
            }
            None => login.id_token.clone(),
        };
        self.login(&client, response, id_token, login.subject.clone(), Before::Login(login))
            .await
    }

    /// Where the browser ends its session with the server (OpenID Connect RP-Initiated Logout 1.0).
    ///
    /// # Errors
    /// Discovery failed, or names no such endpoint.
    pub async fn logout(&self, login: &Login) -> Result<String, RoundError> {
        let (_, who, end_session) = self.discover().await?;
        let end_session = end_session.ok_or_else(|| RoundError {
            step: "Logout",
            reason: "discovery names no end_session_endpoint".to_owned(),
        })?;
        let request = LogoutRequest::from(end_session)
            .set_id_token_hint(&login.id_token)
            .set_client_id(ClientId::new(who.client_id));
        let request = if who.returns_after_logout {
            request.set_post_logout_redirect_uri(self.home.clone())
        } else {
            request
        };
        Ok(request.http_get_url().into())
    }

    /// Verifies an ID token and its `at_hash`. A refreshed one need not carry the nonce (OpenID Connect Core §12.2).
    fn verified_subject(
        &self,
        client: &Client,
        id_token: &CoreIdToken,
        access_token: &AccessToken,
        nonce: Option<&Nonce>,
    ) -> Result<SubjectIdentifier, RoundError> {
        let verifier = client.id_token_verifier();
        let claims = match nonce {
            Some(nonce) => id_token.claims(&verifier, nonce),
            None => id_token.claims(&verifier, |_: Option<&Nonce>| Ok(())),
        }
        .map_err(failed("ID token"))?;
        if let Some(expected) = claims.access_token_hash() {
            let algorithm = id_token.signing_alg().map_err(failed("ID token"))?;
            let key = id_token.signing_key(&verifier).map_err(failed("ID token"))?;
            let actual = AccessTokenHash::from_token(access_token, algorithm, key).map_err(failed("ID token"))?;
            if actual != *expected {
                return Err(RoundError {
                    step: "ID token",
                    reason: "at_hash does not belong to the access token".to_owned(),
                });
            }
        }
        Ok(claims.subject().clone())
    }

    async fn login(
        &self,
        client: &Client,
        response: CoreTokenResponse,
        id_token: CoreIdToken,
        subject: SubjectIdentifier,
        before: Before<'_>,
    ) -> Result<Login, RoundError> {
        let user_info: UserInfoClaims<OtherClaims, CoreGenderClaim> = client
            .user_info(response.access_token().clone(), Some(subject.clone()))
            .map_err(failed("UserInfo"))?
            .request_async(&self.http())
            .await
            .map_err(failed("UserInfo"))?;
        let (scopes_before, login_before) = match before {
            Before::Asked(scopes) => (scopes, None),
            Before::Login(login) => (login.scopes.clone(), Some(login)),
        };
        // What the answer does not name is as it was asked for (RFC 6749 §5.1), or as it was (§6).
        let scopes = response
            .scopes()
            .map_or(scopes_before, |scopes| scopes.iter().map(|scope| scope.to_string()).collect());
        let kept = login_before.and_then(|login| login.refresh_token.as_ref());
        Ok(Login {
            id_token,
            access_token: response.access_token().clone(),
            refresh_token: response.refresh_token().or(kept).cloned(),
            expires_in: response.expires_in().map(|lifetime| lifetime.as_secs()),
            scopes,
            user_info: serde_json::to_value(&user_info).map_err(failed("UserInfo"))?,
            refreshes: login_before.map_or(0, |login| login.refreshes + 1),
            subject,
        })
    }
}

//! Token exchange (RFC 8693) of this server's own access tokens: a service that was called with a token gets one for the service behind it.
//!
//! The rules, from the attacker's side:
//! - The client has proved itself; a public client, which anyone can be, exchanges nothing.
//! - The client may act on a subject token that was *issued to it* (`client_id`) or *meant for it*: `aud` holds its client id or one of the
//!   `audiences` of its AuthClient. A token that it merely got hold of is refused. So whoever lists an API among a client's audiences lets that
//!   client pass on what was meant for the API.
//! - An actor token must have been issued to the client that presents it, and not be a delegation itself.
//! - The new token has no scope that the subject token or the client lacks, no audience that the client lacks, and ends with the subject
//!   token at the latest. It belongs to the same grant, so ending that ends it too.
//! - With an actor token the result is a delegation: `act` names the actor, and keeps the actors before it. Without one it is an
//!   impersonation: `act` stays as it was, and never gets shorter.

use super::{Granted, Login, OAuthError, Params, beyond_client, invalid_request, requested_scopes, required};
use crate::oauth::claims::{AccessTokenClaims, ActorClaim, Profile};
use crate::oauth::client::{Client, ClientType};
use crate::oauth::error::ErrorCode;
use crate::oauth::introspection::may_know;
use crate::oauth::scope::Scopes;
use crate::oauth::target;
use jiff::Timestamp;

/// The one token type that is taken and issued (RFC 8693 §3).
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// Longer chains of actors are refused, so that tokens stay small.
pub const MAX_ACTORS: usize = 5;

/// The grant's own parameters. The tokens are secrets, so there is no `Debug`.
pub struct Request {
    /// `subject_token`
    pub subject_token: String,
    /// `actor_token`
    pub actor_token: Option<String>,
    /// `scope`
    pub scopes: Option<Scopes>,
    /// `resource`, `audience`
    pub targets: Vec<String>,
}

impl Request {
    /// Reads the parameters.
    ///
    /// # Errors
    /// `invalid_request` for a missing token or a token type that is not an access token; `invalid_scope`, `invalid_target`.
    pub fn parse(params: &Params) -> Result<Self, OAuthError> {
        let is_access_token = |name: &'static str, text: &str| {
            if text == ACCESS_TOKEN {
                Ok(())
            } else {
                Err(invalid_request(&format!(
                    "{name} must be {ACCESS_TOKEN}; other types are not supported"
                )))
            }
        };
        is_access_token("subject_token_type", required(params, "subject_token_type")?)?;
        if let Some(requested) = params.one("requested_token_type")? {
            is_access_token("requested_token_type", requested)?;
        }
        let actor_token = params.one("actor_token")?.map(str::to_owned);
        match (&actor_token, params.one("actor_token_type")?) {
            (Some(_), Some(kind)) => is_access_token("actor_token_type", kind)?,
            (Some(_), None) => return Err(invalid_request("actor_token_type is missing beside actor_token")),
            (None, Some(_)) => return Err(invalid_request("actor_token_type is there without an actor_token")),
            (None, None) => {}
        }
        Ok(Self {
            subject_token: required(params, "subject_token")?.to_owned(),
            actor_token,
            scopes: requested_scopes(params)?,
            targets: target::requested(params)?,
        })
    }

    /// Decides about tokens that were verified and are live.
    ///
    /// # Errors
    /// `unauthorized_client`, `invalid_request` (RFC 8693 §2.2.2: for tokens that are not acceptable), `invalid_scope`, `invalid_target`.
    pub fn decide(
        self,
        client: &Client,
        issuer: &str,
        subject: &AccessTokenClaims,
        actor: Option<&AccessTokenClaims>,
    ) -> Result<Granted, OAuthError> {
        if client.client_type == ClientType::Public {
            return Err(OAuthError::new(
                ErrorCode::UnauthorizedClient,
                "a public client proves nothing about itself and may not exchange tokens",
            ));
        }
        if !may_know(client, subject) {
            return Err(invalid_request(
                "subject_token was neither issued to this client nor meant for it (its aud holds neither the client_id nor one of the client's audiences)",
            ));
        }
        let act = match actor {
            None => subject.act.clone(),
            Some(actor) => Some(delegation(client, subject, actor)?),
        };
        let scopes = narrow(self.scopes, subject, client)?;
        let ends = actor.map_or(subject.exp, |actor| actor.exp.min(subject.exp));
        Ok(Granted {
            sub: subject.sub.clone(),
            login: subject.auth_time.map(|auth_time| Login {
                session: subject.sid.clone(),
                auth_time,
                amr: subject.amr.clone(),
            }),
            grant: subject.grant_id.clone(),
            audience: target::select(client, issuer, self.targets, &[])?,
            not_after: Timestamp::from_second(ends).ok(),
            act,
            profile: subject.groups.clone().map(|groups| Profile {
                groups,
                ..Profile::default()
            }),
            scopes,
            carried: Some(subject.further.clone()),
            nonce: None,
            with_id_token: false,
        })
    }
}

fn delegation(client: &Client, subject: &AccessTokenClaims, actor: &AccessTokenClaims) -> Result<ActorClaim, OAuthError> {
    if actor.client_id != client.id {
        return Err(invalid_request("actor_token was not issued to this client"));
    }
    if actor.act.is_some() {
        return Err(invalid_request(
            "actor_token is itself a delegation; use a token of the actor's own",
        ));
    }
    let act = ActorClaim {
        sub: actor.sub.clone(),
        client_id: Some(actor.client_id.clone()),
        act: subject.act.clone().map(Box::new),
    };
    if act.depth() > MAX_ACTORS {
        return Err(invalid_request("the chain of actors is too long"));
    }
    Ok(act)
}

fn narrow(requested: Option<Scopes>, subject: &AccessTokenClaims, client: &Client) -> Result<Scopes, OAuthError> {
    let invalid = |description| OAuthError::new(ErrorCode::InvalidScope, description);
    match requested {
        Some(requested) if !requested.is_subset(&subject.scope) => Err(invalid("an exchange can only narrow the scope of subject_token")),
        Some(requested) if !requested.is_subset(&client.scopes) => Err(beyond_client()),
        Some(requested) => Ok(requested),
        None => {
            let common = subject.scope.intersection(&client.scopes);
            if common.is_empty() && !subject.scope.is_empty() {
                return Err(invalid(
                    "this client may have none of the scopes of subject_token; add some to scopes of its AuthClient",
                ));
            }
            Ok(common)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::form;
    use super::*;
    use crate::oauth::ids::{ClientId, GrantId, SessionId};
    use crate::oauth::testing::{at, client};

    fn subject() -> AccessTokenClaims {
        AccessTokenClaims {
            iss: "i".to_owned(),
            sub: "alice".to_owned(),
            aud: vec!["api".to_owned(), "https://other".to_owned()],
            exp: 500,
            iat: 0,
            jti: "j".to_owned(),
            client_id: ClientId::new("shop"),
            scope: Scopes::parse("openid orders:read admin").unwrap(),
            auth_time: Some(1),
            amr: vec!["pwd".to_owned()],
            acr: None,
            sid: Some(SessionId::new("s")),
            groups: None,
            act: None,
            further: serde_json::Map::new(),
            grant_id: Some(GrantId::new("g")),
        }
    }

    fn api() -> Client {
        Client {
            audiences: vec!["https://stock".to_owned(), "https://other".to_owned()],
            ..client("api")
        }
    }

    fn actor() -> AccessTokenClaims {
        AccessTokenClaims {
            sub: "api".to_owned(),
            client_id: ClientId::new("api"),
            exp: 400,
            further: serde_json::Map::new(),
            grant_id: None,
            ..subject()
        }
    }

    fn request(more: &str) -> Request {
        Request::parse(&form(&format!("subject_token=t&subject_token_type={ACCESS_TOKEN}&{more}"))).unwrap()
    }

    fn decide(more: &str, subject: &AccessTokenClaims, actor: Option<&AccessTokenClaims>) -> Result<Granted, OAuthError> {
        request(more).decide(&api(), "i", subject, actor)
    }

    #[test]
    fn impersonates_within_scope_audience_time_and_grant() {
        let granted = decide("scope=orders:read&audience=https://stock", &subject(), None).unwrap();
        assert_eq!((granted.sub.as_str(), granted.act.clone()), ("alice", None));
        assert_eq!(granted.scopes.to_string(), "orders:read");
        assert_eq!(granted.audience, ["https://stock"]);
        assert_eq!(granted.grant, Some(GrantId::new("g")), "it ends with the grant");
        assert_eq!(granted.not_after, Some(at(500)));
        let claims = granted.access_token("i", &api(), "j".to_owned(), at(0)).unwrap();
        assert_eq!((claims.exp, claims.client_id.as_str()), (500, "api"));
    }

    #[test]
    fn without_a_scope_it_takes_what_token_and_client_share() {
        assert_eq!(decide("", &subject(), None).unwrap().scopes.to_string(), "openid orders:read");
        let foreign = AccessTokenClaims {
            scope: Scopes::parse("admin").unwrap(),
            ..subject()
        };
        assert_eq!(decide("", &foreign, None).unwrap_err().code, ErrorCode::InvalidScope);
    }

    #[test]
    fn delegation_names_the_actor_and_keeps_those_before() {
        let first = decide("", &subject(), Some(&actor())).unwrap();
        let act = first.act.unwrap();
        assert_eq!((act.sub.as_str(), act.depth()), ("api", 1));
        assert_eq!(first.not_after, Some(at(400)), "nor does it outlive the actor's token");
        let again = AccessTokenClaims {
            act: Some(ActorClaim {
                sub: "gateway".to_owned(),
                client_id: None,
                act: None,
            }),
            ..subject()
        };
        let chain = decide("", &again, Some(&actor())).unwrap().act.unwrap();
        assert_eq!(
            serde_json::to_value(&chain).unwrap(),
            serde_json::json!({"sub": "api", "client_id": "api", "act": {"sub": "gateway"}})
        );
        assert_eq!(
            decide("", &again, None).unwrap().act.unwrap().sub,
            "gateway",
            "impersonation does not hide who acted before"
        );
    }

    #[test]
    fn a_chain_of_actors_has_an_end() {
        let mut long = subject();
        for _ in 0..MAX_ACTORS {
            long.act = Some(ActorClaim {
                sub: "x".to_owned(),
                client_id: None,
                act: long.act.take().map(Box::new),
            });
        }
        assert_eq!(decide("", &long, Some(&actor())).unwrap_err().code, ErrorCode::InvalidRequest);
    }

    #[test]
    fn refuses_a_token_that_the_client_merely_got_hold_of() {
        let stolen = AccessTokenClaims {
            aud: vec!["https://elsewhere".to_owned(), "i".to_owned()],
            ..subject()
        };
        assert_eq!(decide("", &stolen, None).unwrap_err().code, ErrorCode::InvalidRequest);
        let own = AccessTokenClaims {
            client_id: ClientId::new("api"),
            ..stolen
        };
        assert!(
            decide("", &own, None).is_ok(),
            "a token that was issued to the client is its to narrow"
        );
    }

    #[test]
    fn refuses_an_actor_token_of_someone_else_or_of_a_delegation() {
        let foreign = AccessTokenClaims {
            client_id: ClientId::new("shop"),
            ..actor()
        };
        let delegated = AccessTokenClaims {
            act: Some(ActorClaim {
                sub: "x".to_owned(),
                client_id: None,
                act: None,
            }),
            ..actor()
        };
        for bad in [foreign, delegated] {
            assert_eq!(decide("", &subject(), Some(&bad)).unwrap_err().code, ErrorCode::InvalidRequest);
        }
    }

    #[test]
    fn refuses_to_widen() {
        for (more, code) in [
            ("scope=orders:write", ErrorCode::InvalidScope),
            ("scope=admin", ErrorCode::InvalidScope),
            ("audience=https://elsewhere", ErrorCode::InvalidTarget),
            ("resource=i", ErrorCode::InvalidTarget),
        ] {
            assert_eq!(decide(more, &subject(), None).unwrap_err().code, code, "{more}");
        }
    }

    #[test]
    fn refuses_a_public_client() {
        let public = Client {
            client_type: ClientType::Public,
            ..api()
        };
        let error = request("").decide(&public, "i", &subject(), None).unwrap_err();
        assert_eq!(error.code, ErrorCode::UnauthorizedClient);
    }

    #[test]
    fn takes_and_issues_access_tokens_only() {
        let parse = |text: &str| Request::parse(&form(text)).map(drop).map_err(|error| error.code);
        let base = format!("subject_token=t&subject_token_type={ACCESS_TOKEN}");
        assert_eq!(parse(&format!("{base}&requested_token_type={ACCESS_TOKEN}")), Ok(()));
        for bad in [
            "subject_token=t".to_owned(),
            "subject_token=t&subject_token_type=urn:ietf:params:oauth:token-type:id_token".to_owned(),
            format!("subject_token_type={ACCESS_TOKEN}"),
            format!("{base}&requested_token_type=urn:ietf:params:oauth:token-type:refresh_token"),
            format!("{base}&actor_token=a"),
            format!("{base}&actor_token_type={ACCESS_TOKEN}"),
            format!("{base}&actor_token=a&actor_token_type=urn:ietf:params:oauth:token-type:jwt"),
        ] {
            assert_eq!(parse(&bad), Err(ErrorCode::InvalidRequest), "{bad}");
        }
    }
}

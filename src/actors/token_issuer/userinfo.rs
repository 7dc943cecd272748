//! Says who is behind an access token (OpenID Connect Core §5.3).

use super::messages::UserInfoAnswer;
use super::{Services, person};
use crate::actors::fault::Fault;
use crate::oauth::claim_rules;
use crate::oauth::claims::PersonClaims;
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::ids::UserId;

fn refused(code: ErrorCode, description: &str) -> Fault {
    Fault::OAuth(OAuthError::new(code, description))
}

impl Services {
    pub(super) async fn userinfo(&self, token: &str) -> Result<UserInfoAnswer, Fault> {
        let now = self.clock.now();
        let snapshot = self.snapshot()?;
        let invalid = || refused(ErrorCode::InvalidToken, "this is not an access token of this server that holds now");
        let claims = self.live_access_token(token, &snapshot, now).await?.ok_or_else(invalid)?;
        if !claims.scope.contains("openid") {
            return Err(refused(
                ErrorCode::InsufficientScope,
                "this endpoint needs an access token with the scope openid",
            ));
        }
        let person = match self.reads.user(&UserId::new(claims.sub.as_str()), now).await? {
            Some(person) => Some(self.directories.current(person).await),
            None => None,
        };
        let person = person.filter(|person| !person.profile.disabled).ok_or_else(invalid)?;
        let profile = person::profile(&person, &snapshot);
        let mut told = PersonClaims::for_scopes(&profile, &claims.scope);
        let rules = &snapshot.claim_rules;
        let (further, left_out) = claim_rules::for_userinfo(rules, &profile, claims.client_id.as_str(), &mut told);
        person::tell(&left_out);
        Ok(UserInfoAnswer {
            sub: claims.sub,
            further,
            person: told,
        })
    }
}

//! Who a grant stands for, and whether that person may still use the client.

use super::Services;
use crate::actors::fault::Fault;
use crate::config::snapshot::Snapshot;
use crate::oauth::claim_rules::LeftOut;
use crate::oauth::claims::Profile;
use crate::oauth::client::Client;
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::grants::{Granted, Login};
use crate::oauth::ids::UserId;
use crate::oauth::scope::Scopes;
use crate::store::records::{GrantRecord, UserRecord};
use jiff::Timestamp;

impl Services {
    /// The person behind a grant.
    ///
    /// # Errors
    /// `invalid_grant` if there is no such person any more, they are disabled, or the client is no longer for their groups.
    pub(super) async fn person(&self, user: &UserId, client: &Client) -> Result<UserRecord, Fault> {
        let refused = |why: &str| Fault::OAuth(OAuthError::new(ErrorCode::InvalidGrant, why));
        let person = self
            .reads
            .user(user, self.clock.now())
            .await?
            .ok_or_else(|| refused("the person behind this grant is gone"))?;
        let person = self.directories.current(person).await;
        if person.profile.disabled {
            return Err(refused("the person behind this grant may no longer log in"));
        }
        if let Some(allowed) = &client.allowed_groups
            && !person.profile.groups.iter().any(|group| allowed.contains(group))
        {
            return Err(refused("the person behind this grant may no longer use this client"));
        }
        Ok(person)
    }
}

/// What a person's grant amounts to.
pub(super) fn granted(
    grant: &GrantRecord,
    person: &UserRecord,
    scopes: Scopes,
    audience: Vec<String>,
    nonce: Option<String>,
    not_after: Timestamp,
    snapshot: &Snapshot,
) -> Granted {
    Granted {
        sub: grant.user.as_str().to_owned(),
        login: Some(Login {
            session: Some(grant.session.clone()),
            auth_time: grant.auth_time.as_second(),
            amr: grant.amr.clone(),
        }),
        grant: Some(grant.id.clone()),
        scopes,
        audience,
        not_after: Some(not_after),
        act: None,
        profile: Some(profile(person, snapshot)),
        carried: None,
        nonce,
        with_id_token: true,
    }
}

/// Says in the log which claims are not there that a ClaimMapper has for these tokens.
pub(super) fn tell(left_out: &[LeftOut]) {
    for LeftOut { mapper, claim, failure } in left_out {
        tracing::warn!(mapper, claim, %failure, "a claim is left out: its ClaimMapper has no value for somebody");
    }
}

/// The person as claims.
pub(super) fn profile(person: &UserRecord, snapshot: &Snapshot) -> Profile {
    let profile = &person.profile;
    let roles = snapshot.roles_of(&person.store, &profile.username, &profile.groups);
    Profile {
        username: profile.username.clone(),
        name: profile.display_name.clone(),
        given_name: profile.given_name.clone(),
        family_name: profile.family_name.clone(),
        email: profile.email.clone(),
        email_verified: profile.email_verified,
        attributes: profile.attributes.clone(),
        groups: profile.groups.clone(),
        roles: roles.into_iter().map(str::to_owned).collect(),
        updated_at: person.updated_at.as_second(),
    }
}

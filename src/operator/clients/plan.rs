//! What has to be done about the Secret of one client: pure.

use super::generated::{Content, Dated, Unfit};
use crate::config::input::Key;
use crate::config::rotation::next_rotation;
use crate::config::verdict::{Rotation, WantedSecret};
use crate::operator::settings::{MANAGED_BY, NAUTHERA};
use crate::operator::world::SecretView;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use std::time::Duration;

/// The secret before stays in force for so long at least, whatever a policy says: a caller that read it just now must get through.
pub const SHORTEST_OVERLAP: Duration = Duration::from_secs(10);

/// How far the next secret has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every serving replica accepts it, or it waited as long as it may for one that cannot be reached
    Everywhere,
    /// Not yet
    Underway,
}

/// What is known of a client and its Secret.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The Secret's namespace and name
    pub secret: &'a Key,
    /// The AuthClient's uid
    pub uid: &'a str,
    /// The Secret as it is
    pub view: Option<&'a SecretView>,
    /// What it held when it was last as it should be
    pub known: Option<&'a Content>,
    /// What `compile` asks for, if it asks
    pub wanted: Option<&'a WantedSecret>,
    /// When it is renewed
    pub rotation: Option<&'a Rotation>,
    /// How far the next secret has come
    pub reach: Reach,
    /// The time
    pub now: Timestamp,
}

/// Why a Secret is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its client's id or issuer has changed
    Renamed,
    /// Somebody had changed it; what it held is put back
    PutBack,
    /// Somebody had changed it, and what it held is not known any more
    MadeAnew,
    /// Somebody had deleted it
    Deleted,
    /// A next secret is there, to be made known to the replicas
    Begun,
    /// The next secret has taken over
    Rotated,
    /// The previous secret is out of force
    Forgotten,
}

/// What to do.
#[derive(Clone, Debug)]
pub enum Step {
    /// Nothing, until then or until something changes
    Rest(Option<Timestamp>),
    /// Make the Secret
    Create(Box<Content>),
    /// Write it
    Write(Box<Content>, Cause),
    /// It is another's
    Conflict,
}

/// The system's random generator has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gave no random bits")]
pub struct NoEntropy;

/// The next step. `fresh` makes a new secret.
///
/// # Errors
/// [`NoEntropy`]
pub fn step(facts: &Facts<'_>, fresh: impl Fn() -> Option<SecretString>) -> Result<Step, NoEntropy> {
    let fresh = || fresh().ok_or(NoEntropy);
    let Some(view) = facts.view else {
        let Some(wanted) = facts.wanted else {
            return Ok(Step::Rest(None));
        };
        return Ok(Step::Create(Box::new(new_content(wanted, fresh()?, facts.now))));
    };
    if view.deletion_timestamp.is_some() {
        return Ok(Step::Rest(None));
    }
    let is_owned = view.owner.as_ref().is_some_and(|owner| owner.uid == facts.uid);
    let content = match Content::read(facts.secret, view) {
        Ok(_) if view.owner.is_some() && !is_owned => return Ok(Step::Conflict),
        Ok(content) => content,
        Err(Unfit::Foreign | Unfit::Edited) if is_owned => return put_back(facts, fresh),
        Err(_) => return Ok(Step::Conflict),
    };
    if let Some(wanted) = facts.wanted.filter(|wanted| wanted.client != content.client) {
        // Two clients want one Secret; `compile` says which of them has it.
        tracing::debug!(secret = %wanted.secret, client = %wanted.client, "a Secret was made for another client");
        return Ok(Step::Conflict);
    }
    if let Some(wanted) = facts.wanted
        && (wanted.client_id != content.client_id || wanted.issuer != content.issuer)
    {
        let renamed = Content {
            client_id: wanted.client_id.clone(),
            issuer: wanted.issuer.clone(),
            ..content
        };
        return Ok(Step::Write(Box::new(renamed), Cause::Renamed));
    }
    if !is_owned || !is_dressed(view, &content) {
        return Ok(Step::Write(Box::new(content), Cause::PutBack));
    }
    rotate(facts, content, fresh)
}

fn new_content(wanted: &WantedSecret, secret: SecretString, now: Timestamp) -> Content {
    Content::new(wanted.client.clone(), wanted.client_id.clone(), wanted.issuer.clone(), secret, now)
}

/// Whether the labels and annotations are as they were written.
fn is_dressed(view: &SecretView, content: &Content) -> bool {
    let annotated = content
        .annotations()
        .into_iter()
        .all(|(name, value)| view.annotations.get(name) == value.as_ref());
    annotated && view.labels.get(MANAGED_BY).is_some_and(|value| value == NAUTHERA)
}

/// What a Secret held is put back if it is known, else it gets a new secret: one that somebody made up is never accepted.
fn put_back(facts: &Facts<'_>, fresh: impl Fn() -> Result<SecretString, NoEntropy>) -> Result<Step, NoEntropy> {
    if let Some(known) = facts.known {
        return Ok(Step::Write(Box::new(known.clone()), Cause::PutBack));
    }
    match facts.wanted {
        Some(wanted) => Ok(Step::Write(Box::new(new_content(wanted, fresh()?, facts.now)), Cause::MadeAnew)),
        None => Ok(Step::Rest(None)),
    }
}

/// Two steps, so that whoever reads the Secret gets through at every replica: a next secret is written beside the one that
/// applications use, and takes over when the replicas accept it. Each step is in the Secret, so an operator that ends between
/// them is followed by one that goes on.
fn rotate(facts: &Facts<'_>, mut content: Content, fresh: impl Fn() -> Result<SecretString, NoEntropy>) -> Result<Step, NoEntropy> {
    if let Some(next) = content.next.take() {
        if facts.reach == Reach::Underway {
            return Ok(Step::Rest(None));
        }
        let overlap = facts
            .rotation
            .map_or(SHORTEST_OVERLAP, |rotation| rotation.overlap)
            .max(SHORTEST_OVERLAP);
        let overlap = SignedDuration::try_from(overlap).unwrap_or(SignedDuration::MAX);
        content.previous = Some(Dated {
            secret: std::mem::replace(&mut content.secret, next.secret),
            at: facts.now.saturating_add(overlap).unwrap_or(Timestamp::MAX),
        });
        content.rotated_at = facts.now;
        return Ok(Step::Write(Box::new(content), Cause::Rotated));
    }
    let previous_until = content.previous.as_ref().map(|previous| previous.at);
    let due = facts.rotation.and_then(|rotation| {
        next_rotation(
            &rotation.schedule,
            &rotation.time_zone,
            rotation.jitter,
            &content.client,
            content.rotated_at,
        )
    });
    // A third generation has to wait until the first is out of force, even if the schedule is tighter than the overlap.
    if let Some(until) = previous_until {
        if until > facts.now {
            return Ok(Step::Rest(Some(until)));
        }
        content.previous = None;
        if due.is_none_or(|due| due > facts.now) {
            return Ok(Step::Write(Box::new(content), Cause::Forgotten));
        }
    }
    match due {
        Some(due) if due <= facts.now => {
            content.next = Some(Dated {
                secret: fresh()?,
                at: facts.now,
            });
            Ok(Step::Write(Box::new(content), Cause::Begun))
        }
        due => Ok(Step::Rest(due)),
    }
}

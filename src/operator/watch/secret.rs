//! Secrets, as the index wants them.

use super::decode::key_of;
use crate::config::input::Key;
use crate::operator::world::{Owner, SecretView};
use k8s_openapi::api::core::v1::Secret;

/// Reads a Secret.
pub fn view(secret: Secret) -> (Key, SecretView) {
    let meta = secret.metadata;
    let key = key_of(&meta);
    let data = secret.data.unwrap_or_default();
    let owner = Owner::of(&meta);
    let mut view = SecretView::new(data.into_iter().map(|(key, value)| (key, value.0)).collect());
    view.uid = meta.uid.unwrap_or_default();
    view.resource_version = meta.resource_version.unwrap_or_default();
    view.labels = meta.labels.unwrap_or_default();
    view.annotations = meta.annotations.unwrap_or_default();
    view.owner = owner;
    view.created = meta.creation_timestamp.map(|time| time.0);
    view.deletion_timestamp = meta.deletion_timestamp.map(|time| time.0);
    (key, view)
}

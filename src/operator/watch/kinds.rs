//! The kinds that are watched, as the API server names them.

use crate::config::input::Kind;
use crate::resources::{GROUP, VERSION};
use kube::api::ApiResource;
use kube::core::GroupVersionKind;

/// Every kind of ours.
pub const KINDS: &[Kind] = Kind::ALL;

/// Where the API server has this kind.
pub fn api_resource(kind: Kind) -> ApiResource {
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(GROUP, VERSION, kind.as_str()), kind.plural())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_crd_is_watched_under_its_own_name() {
        let ours: BTreeSet<(String, String)> = KINDS
            .iter()
            .map(|kind| (kind.as_str().to_owned(), kind.plural().to_owned()))
            .collect();
        let crds = crate::resources::crd::all()
            .into_iter()
            .map(|crd| (crd.spec.names.kind, crd.spec.names.plural))
            .collect();
        assert_eq!(ours, crds);
    }
}

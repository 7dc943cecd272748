//! The custom resources of `auth.nauthera.io/v1alpha1`, one file a kind. Imports nothing of ours.

//! Where users come from. Imports `accounts` and `store`.

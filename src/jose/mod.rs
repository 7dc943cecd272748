//! Signing keys with their parsed material, JWS and JWKS. Imports `oauth` and `config::snapshot`.

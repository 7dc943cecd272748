//! actix-web: routes, extractors, answers, pages. Thin: parse, one message, render.

pub mod answer;
mod cors;
mod discovery;
pub mod form;
mod headers;
mod health;
mod introspect;
mod jwks;
pub mod limits;
mod observe;
mod revoke;
mod routes;
pub mod server;
pub mod state;
mod token;
pub mod trace;
mod userinfo;

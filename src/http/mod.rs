//! actix-web: routes, extractors, answers, pages. Thin: parse, one message, render.

pub mod form;
mod headers;
mod health;
pub mod limits;
mod observe;
mod routes;
pub mod server;
pub mod state;
pub mod trace;

//! actix-web: routes, extractors, answers, pages. Thin: parse, one message, render.

//! The browser's way through the real server: login, consent, code, tokens, logout, and what goes wrong on it.

mod attacks;
mod forged_forms;
mod known_browsers;
mod logout;
mod new_password;
mod pages;
mod prompts;
mod round;
mod sessions;

const BROWSER: &str = "nauthera_browser";

//! The platform's own pages, as a person uses them. The selectors are a contract with password managers and screen readers more than
//! with these tests.

use super::browser::Browser;

pub const USERNAME_FIELD: &str = "input[autocomplete~='username']";
pub const PASSWORD_FIELD: &str = "input[autocomplete~='current-password']";
pub const SUBMIT: &str = "form button[type='submit']";
pub const ALLOW: &str = "button[name='decision'][value='allow']";
pub const DENY: &str = "button[name='decision'][value='deny']";
pub const ALERT: &str = "[role='alert']";

/// Fills in the login form and sends it.
pub async fn log_in(browser: &Browser, username: &str, password: &str) {
    browser.type_into(USERNAME_FIELD, username).await;
    browser.type_into(PASSWORD_FIELD, password).await;
    browser.click(SUBMIT).await;
}

//! What people do by keyboard: the focus starts in the right place, is to be seen wherever it goes, and goes in the order of the page.

mod account;
mod keyboard;
mod login;
mod passkeys;
mod security;

//! Files that hold a URL, which may hold a password.

use anyhow::{Context, ensure};
use secrecy::SecretString;
use std::path::Path;
use zeroize::Zeroizing;

/// Nobody's URL is longer.
const LONGEST_URL: u64 = 64 * 1024;

/// The URL that the file of a flag holds, without the white space around it: editors end files with a line feed.
///
/// # Errors
/// It cannot be read, or holds no text. Never quotes what it holds.
pub fn read(flag: &str, file: &Path) -> anyhow::Result<SecretString> {
    let shown = file.display();
    let complaint = || format!("{flag} {shown} cannot be read");
    let size = std::fs::metadata(file).with_context(complaint)?.len();
    ensure!(size <= LONGEST_URL, "{flag} {shown} has {size} bytes: that is no URL");
    let text = Zeroizing::new(std::fs::read(file).with_context(complaint)?);
    let text = std::str::from_utf8(&text)
        .ok()
        .with_context(|| format!("{flag} {shown} does not hold a text"))?;
    ensure!(!text.trim().is_empty(), "{flag} {shown} is empty");
    Ok(SecretString::from(text.trim().to_owned()))
}

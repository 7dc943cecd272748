//! Passwords for one login: made, or read from standard input.

use crate::accounts::password;
use crate::accounts::password_policy::{self, Rules};
use crate::store::records::PasswordRecord;
use anyhow::{Context, anyhow, bail};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use std::io::Read;

/// A password for one login.
pub struct OneTime {
    /// The password
    password: SecretString,
    /// It was made here, so it has to be told
    is_made: bool,
}

impl OneTime {
    /// Reads the first line of standard input, if that is where it comes from; else makes one.
    pub fn get(from_stdin: bool) -> anyhow::Result<Self> {
        if from_stdin {
            let password = read(&mut std::io::stdin().lock())?;
            return Ok(Self { password, is_made: false });
        }
        let mut entropy = [0; password::ONE_TIME_BYTES];
        aws_lc_rs::rand::fill(&mut entropy).map_err(|_| anyhow!("the system gives no random numbers"))?;
        Ok(Self {
            password: password::one_time(entropy),
            is_made: true,
        })
    }

    /// Holds a password that somebody thought of against the rules. Those of the server are in its policies, which are not in the database: they
    /// count when the person chooses their own.
    pub fn judge<'a>(&self, known: impl IntoIterator<Item = &'a str>) -> anyhow::Result<()> {
        if self.is_made {
            return Ok(());
        }
        password_policy::judge(self.password.expose_secret(), Rules::default(), known)
            .map_err(|weakness| anyhow!("the password will not do: {weakness}. Leave --password-stdin out to have one made"))
    }

    /// What is to be stored.
    pub fn record(&self, declared_hash: Option<String>, now: Timestamp) -> anyhow::Result<PasswordRecord> {
        let mut salt = [0; 16];
        aws_lc_rs::rand::fill(&mut salt).map_err(|_| anyhow!("the system gives no random numbers"))?;
        Ok(PasswordRecord {
            hash: password::hash(self.password.expose_secret(), salt)?,
            declared_hash,
            changed_at: now,
            must_change: true,
        })
    }

    /// The lines that tell it, this once.
    pub fn lines(&self, username: &str) -> Vec<String> {
        let mut lines = Vec::new();
        if self.is_made {
            lines.push(format!("  One-time password  {}", self.password.expose_secret()));
        }
        let shown = if self.is_made { " It is not shown again." } else { "" };
        lines.push(format!("It is good for one login, at which {username} chooses their own.{shown}"));
        lines
    }
}

fn read(input: &mut impl Read) -> anyhow::Result<SecretString> {
    let mut text = String::new();
    let most = u64::try_from(password::MAX_BYTES).unwrap_or(u64::MAX).saturating_add(2);
    input
        .take(most)
        .read_to_string(&mut text)
        .context("standard input holds no text, or not as UTF-8")?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        bail!("standard input is empty: it has to hold the password in one line");
    }
    Ok(SecretString::from(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_the_first_line_and_no_more_is_read_than_can_be_one() {
        let read = |text: &str| read(&mut text.as_bytes()).map(|password| password.expose_secret().to_owned());
        assert_eq!(read("correct horse \r\nmore").unwrap(), "correct horse ");
        assert!(read("").is_err());
        assert_eq!(read(&"x".repeat(100_000)).unwrap().len(), password::MAX_BYTES + 2);
    }
}

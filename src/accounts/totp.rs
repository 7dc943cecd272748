//! Codes of an authenticator app: TOTP (RFC 6238) with SHA-1, six digits and 30 seconds, which is what every app reads.

use jiff::Timestamp;
use totp_rs::{Builder, Secret, Totp};

/// Bytes of a seed (RFC 4226 §4: 160 bits are recommended).
pub const SEED_BYTES: usize = 20;
/// A clock may be so many steps off, either way (RFC 6238 §5.2).
const SKEW: u16 = 1;
const STEP_SECONDS: u64 = 30;
const DIGITS: u8 = 6;

/// What an app needs to know once. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// `otpauth:` address, for a QR code
    pub uri: String,
    /// The seed as people type it: base32 in groups of four
    pub typed: String,
}

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Enrolment")
    }
}

fn totp(seed: &[u8], issuer: &str, account: &str) -> Option<Totp> {
    Builder::new()
        .with_digits(DIGITS)
        .with_skew(SKEW)
        .with_step_duration(STEP_SECONDS)
        .with_secret(Secret::from(seed.to_vec()))
        .with_account_name(account)
        .with_issuer(Some(issuer))
        .build()
        .ok()
}

/// What the app of a new seed is told. `issuer` and `account` are what it shows; a colon parts them there, so theirs are replaced.
/// `None` for a seed that is too short, or an empty name.
pub fn enrolment(seed: &[u8], issuer: &str, account: &str) -> Option<Enrolment> {
    let shown = |text: &str| text.replace(':', " ");
    let totp = totp(seed, &shown(issuer), &shown(account))?;
    let base32 = totp.secret().to_base32();
    let mut typed = String::with_capacity(base32.len() + base32.len() / 4);
    for (index, character) in base32.chars().enumerate() {
        if index > 0 && index % 4 == 0 {
            typed.push(' ');
        }
        typed.push(character);
    }
    Some(Enrolment {
        uri: totp.to_url().ok()?,
        typed,
    })
}

/// The step that a code is of, if it is one that is good now. Whoever takes it remembers the step, so that no code of it or of one before is taken
/// again (RFC 6238 §5.2).
pub fn step(seed: &[u8], code: &str, now: Timestamp) -> Option<i64> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).take(usize::from(DIGITS) + 1).collect();
    if digits.len() != usize::from(DIGITS) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let step = totp(seed, "-", "-")?.check(&digits, u64::try_from(now.as_second()).ok()?)?;
    i64::try_from(step).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B: the seed of its SHA-1 vectors.
    const SEED: &[u8] = b"12345678901234567890";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn takes_the_codes_of_the_standards_vectors() {
        // Their last six digits.
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(step(SEED, code, at(second)), Some(second / 30), "{code}");
        }
    }

    #[test]
    fn a_clock_may_be_half_a_minute_off_and_no_more() {
        let now = 1_111_111_109;
        assert_eq!(step(SEED, "081804", at(now + 30)), Some(now / 30));
        assert_eq!(step(SEED, "081804", at(now - 30)), Some(now / 30));
        assert_eq!(step(SEED, "081804", at(now + 61)), None);
        assert_eq!(step(SEED, "081804", at(now - 60)), None);
    }

    #[test]
    fn people_may_type_spaces_and_nothing_else() {
        assert!(step(SEED, " 081 804 ", at(1_111_111_109)).is_some());
        for code in ["", "08180", "0818040", "08180x", "٠٨١٨٠٤", "-81804", "+81804"] {
            assert_eq!(step(SEED, code, at(1_111_111_109)), None, "{code}");
        }
    }

    #[test]
    fn an_app_is_told_everything_and_debug_shows_nothing() {
        let enrolment = enrolment(SEED, "Example: Inc", "al:ice@example.org").unwrap();
        assert!(
            enrolment
                .uri
                .starts_with("otpauth://totp/Example%20%20Inc:al%20ice%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
            "{}",
            enrolment.uri
        );
        assert!(enrolment.typed.starts_with("GEZD GNBV GY3T"), "{}", enrolment.typed);
        assert_eq!(format!("{enrolment:?}"), "Enrolment");
    }

    #[test]
    fn a_short_seed_is_no_seed() {
        assert_eq!(step(b"short", "287082", at(59)), None);
        assert_eq!(super::enrolment(b"short", "a", "b"), None);
    }
}

//! Password hashing: argon2id (RFC 9106) with OWASP's parameters, as PHC strings.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::SecretString;

/// Memory of one hash, in KiB (OWASP Password Storage Cheat Sheet: 19 MiB with two passes).
pub const MEMORY_KIB: u32 = 19 * 1024;
/// Passes.
pub const PASSES: u32 = 2;
/// Lanes.
pub const LANES: u32 = 1;
/// The longest password that is looked at, in bytes.
pub const MAX_BYTES: usize = 1024;
/// The most that a PHC string of a manifest may ask for, in KiB: a declared hash must not exhaust the server.
pub const MAX_MEMORY_KIB: u32 = 64 * 1024;
/// The most passes that a PHC string of a manifest may ask for.
pub const MAX_PASSES: u32 = 8;
/// The most lanes that a PHC string of a manifest may ask for.
pub const MAX_LANES: u32 = 8;
/// Stands where a hash would, of an account that no password opens.
pub const LOCKED: &str = "!";

/// Has our parameters and no known password: what a name that nobody has is verified against, so that it takes as long as any other.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What a verification found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// The password is right
    Correct {
        /// Its hash has older, weaker parameters than ours and should be made anew
        outdated: bool,
    },
    /// The password is wrong, or there is none
    Wrong,
}

impl Verification {
    /// Whether the password is right.
    pub const fn is_correct(self) -> bool {
        matches!(self, Self::Correct { .. })
    }
}

/// Why a password cannot be hashed, or a PHC string not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Longer than [`MAX_BYTES`]
    #[error("a password may have at most {MAX_BYTES} bytes")]
    TooLong,
    /// Nothing at all
    #[error("a password must not be empty")]
    Empty,
    /// Not a PHC string that this server verifies
    #[error("not an argon2id PHC string with m <= {MAX_MEMORY_KIB}, t <= {MAX_PASSES}, p <= {MAX_LANES}: {0}")]
    UnusableHash(String),
    /// The library refused
    #[error("argon2 failed: {0}")]
    Argon2(String),
}

/// Whether a declared credential is meant as a PHC string and not as a password.
pub fn is_phc(text: &str) -> bool {
    text.starts_with("$argon2")
}

/// Hashes a password under a salt that the caller drew.
///
/// # Errors
/// [`PasswordError`] if the password is empty or too long.
pub fn hash(password: &str, salt: [u8; 16]) -> Result<String, PasswordError> {
    if password.is_empty() {
        return Err(PasswordError::Empty);
    }
    if password.len() > MAX_BYTES {
        return Err(PasswordError::TooLong);
    }
    let failed = |error: &dyn std::fmt::Display| PasswordError::Argon2(error.to_string());
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| failed(&error))?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|error| failed(&error))
}

/// Random bytes that a password for one login is made of.
pub const ONE_TIME_BYTES: usize = 20;

/// A password for one login, with 100 random bits: letters and digits that nobody mistakes for one another, in groups that can be read out.
pub fn one_time(entropy: [u8; ONE_TIME_BYTES]) -> SecretString {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut text = String::with_capacity(ONE_TIME_BYTES + 3);
    for (place, byte) in entropy.into_iter().enumerate() {
        if place > 0 && place % 5 == 0 {
            text.push('-');
        }
        // Five bits of each byte: every letter is as likely as any other.
        let letter = LETTERS.get(usize::from(byte % 32)).copied().unwrap_or(b'x');
        text.push(char::from(letter));
    }
    SecretString::from(text)
}

/// Reads a PHC string and holds it against our limits. Returns the memory that verifying it takes, in KiB.
///
/// # Errors
/// [`PasswordError::UnusableHash`].
pub fn memory_kib(phc: &str) -> Result<u32, PasswordError> {
    read(phc).map(|(_, params)| params.m_cost())
}

fn read(phc: &str) -> Result<(PasswordHash, Params), PasswordError> {
    let unusable = |reason: &str| PasswordError::UnusableHash(reason.to_owned());
    let parsed = PasswordHash::new(phc).map_err(|error| unusable(&error.to_string()))?;
    if parsed.algorithm.as_str() != "argon2id" {
        return Err(unusable("another algorithm"));
    }
    if parsed.salt.is_none() || parsed.hash.is_none() {
        return Err(unusable("salt or hash is missing"));
    }
    let params = Params::try_from(&parsed).map_err(|error| unusable(&error.to_string()))?;
    if params.m_cost() > MAX_MEMORY_KIB || params.t_cost() > MAX_PASSES || params.p_cost() > MAX_LANES {
        return Err(unusable("its parameters are beyond the limits"));
    }
    Ok((parsed, params))
}

/// Verifies a password. Without a hash, with an unusable one, or with an empty or overlong password it does the same work and says
/// [`Verification::Wrong`].
pub fn verify(password: &str, phc: Option<&str>) -> Verification {
    let possible = !password.is_empty() && password.len() <= MAX_BYTES;
    let bytes: &[u8] = if possible { password.as_bytes() } else { b"-" };
    let Some((parsed, params)) = phc.and_then(|phc| read(phc).ok()) else {
        if let Ok(nobody) = PasswordHash::new(NOBODY) {
            let _ = Argon2::default().verify_password(bytes, &nobody);
        }
        return Verification::Wrong;
    };
    let correct = Argon2::default().verify_password(bytes, &parsed).is_ok();
    if correct && possible {
        Verification::Correct {
            outdated: params.m_cost() < MEMORY_KIB || params.t_cost() < PASSES,
        }
    } else {
        Verification::Wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verifies_what_it_hashed_with_the_documented_parameters() {
        let phc = hash("correct horse", [7; 16]).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert_eq!(verify("correct horse", Some(&phc)), Verification::Correct { outdated: false });
        assert_eq!(verify("correct horsf", Some(&phc)), Verification::Wrong);
        assert_eq!(verify("", Some(&phc)), Verification::Wrong);
    }

    #[test]
    fn a_password_for_one_login_can_be_read_out_and_is_as_random_as_its_bytes() {
        use secrecy::ExposeSecret;
        let entropy: [u8; ONE_TIME_BYTES] = std::array::from_fn(|place| u8::try_from(place * 7).unwrap());
        assert_eq!(one_time(entropy).expose_secret(), "ahqx6-dkt29-gpw5c-jsz8f");
        let letters: std::collections::BTreeSet<String> = (0..32)
            .map(|byte| one_time([byte; ONE_TIME_BYTES]).expose_secret().to_owned())
            .collect();
        assert_eq!(letters.len(), 32);
        assert!(letters.iter().all(|text| !text.contains(['l', 'o', '0', '1'])));
    }

    #[test]
    fn verifies_a_hash_that_another_implementation_made() {
        // From the reference implementation: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 (phc-winner-argon2, test.c)
        let phc = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(verify("password", Some(phc)).is_correct());
    }

    #[test]
    fn nobody_has_the_parameters_that_we_hash_with() {
        let (_, params) = read(NOBODY).unwrap();
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (MEMORY_KIB, PASSES, LANES));
        assert_eq!(verify("anything", None), Verification::Wrong);
        assert_eq!(verify("!", Some(LOCKED)), Verification::Wrong);
    }

    #[test]
    fn sees_a_hash_with_weaker_parameters() {
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8 * 1024, 1, 1, None).unwrap())
            .hash_password_with_salt(b"old", &[1; 16])
            .unwrap()
            .to_string();
        assert_eq!(verify("old", Some(&weak)), Verification::Correct { outdated: true });
    }

    #[test]
    fn refuses_hashes_that_would_exhaust_the_server() {
        for phc in [
            "$argon2id$v=19$m=1048576,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=19456,t=99,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$argon2i$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$",
            "plain",
        ] {
            assert!(memory_kib(phc).is_err(), "{phc}");
        }
    }
}

//! Whether a directory says that an account may not be used.

use super::entry::Entry;
use jiff::Timestamp;

/// The attributes to ask for.
pub const ATTRIBUTES: [&str; 5] = [
    "userAccountControl",
    "accountExpires",
    "pwdAccountLockedTime",
    "nsAccountLock",
    "loginDisabled",
];

/// `ADS_UF_ACCOUNTDISABLE` (MS-ADTS §2.2.16).
const ACCOUNT_DISABLE: i64 = 2;
/// Locked by an administrator for good (draft-behera-ldap-password-policy §5.3.3); another value is the time of a passing lock-out, which ends by
/// itself and is the directory's own answer to a login.
const LOCKED_FOR_GOOD: &str = "000001010000Z";
/// 100 ns ticks between 1601-01-01 and 1970-01-01.
const TICKS_TO_1970: i64 = 116_444_736_000_000_000;

/// Whether the account is disabled, or over: Active Directory, OpenLDAP's ppolicy, 389 Directory Server and FreeIPA, eDirectory.
pub fn is_disabled(entry: &Entry, now: Timestamp) -> bool {
    let control = number(entry, "userAccountControl").unwrap_or(0);
    control & ACCOUNT_DISABLE != 0
        || has_expired(entry, now)
        || entry.texts("pwdAccountLockedTime").any(|time| time == LOCKED_FOR_GOOD)
        || entry.is_true("nsAccountLock")
        || entry.is_true("loginDisabled")
}

/// `accountExpires` counts ticks since 1601; 0 and the largest number mean never (MS-ADA1 §2.2).
fn has_expired(entry: &Entry, now: Timestamp) -> bool {
    match number(entry, "accountExpires") {
        None | Some(0 | i64::MAX) => false,
        Some(ticks) => i128::from(ticks.saturating_sub(TICKS_TO_1970)) * 100 <= now.as_nanosecond(),
    }
}

fn number(entry: &Entry, attribute: &str) -> Option<i64> {
    entry.text(attribute)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(attribute: &str, value: &str) -> bool {
        let entry = Entry::new("cn=a", [(attribute, vec![value.as_bytes().to_vec()])]);
        is_disabled(&entry, "2026-11-25T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn active_directory_says_so_by_a_bit() {
        // As dsa.msc writes them: normal, disabled, password never expires, both.
        for (value, wanted) in [("512", false), ("514", true), ("66048", false), ("66050", true), ("x", false)] {
            assert_eq!(is("userAccountControl", value), wanted, "{value}");
        }
    }

    #[test]
    fn an_active_directory_account_ends_at_its_time() {
        for (value, wanted) in [
            ("0", false),
            ("9223372036854775807", false),
            ("134000000000000000", true),
            ("139000000000000000", false),
            ("-5", true),
        ] {
            assert_eq!(is("accountExpires", value), wanted, "{value}");
        }
    }

    #[test]
    fn others_say_so_in_their_own_ways() {
        assert!(is("nsAccountLock", "true"));
        assert!(is("loginDisabled", "TRUE"));
        assert!(is("pwdAccountLockedTime", "000001010000Z"));
        assert!(
            !is("pwdAccountLockedTime", "20261125115900Z"),
            "a passing lock-out is no disabled account"
        );
        assert!(!is("cn", "a"));
    }
}

//! What result codes mean (RFC 4511 §4.1.9, Appendix A).

use super::fault::LdapFault;

/// What a directory said of a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bind {
    /// It is this person's
    Accepted,
    /// The person may not log in with it
    Refused(Refusal),
}

/// Why a password was not taken. For the log and the audit trail: whoever tries learns nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Wrong password, or the account is not there any more
    Wrong,
    /// It is right, and has to be changed first: Active Directory looks at that only after the password, as it does at all but a lock
    PasswordExpired,
    /// Disabled, or over
    AccountDisabled,
    /// Too many tries, as the directory counts them
    AccountLocked,
    /// Not at this time, or not from here
    NotNow,
    /// The directory does not let this account log in this way
    NotAllowed,
}

impl Refusal {
    /// A stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wrong => "wrong password",
            Self::PasswordExpired => "the password has expired or must be changed",
            Self::AccountDisabled => "the account is disabled or has expired",
            Self::AccountLocked => "the directory has locked the account",
            Self::NotNow => "the directory does not let the account in at this time or from here",
            Self::NotAllowed => "the directory does not let the account log in",
        }
    }
}

/// What the answer to a bind says of the password.
///
/// # Errors
/// [`LdapFault`] if it says nothing of it: that must never count as a wrong password.
pub fn of_bind(code: u32, text: &str) -> Result<Bind, LdapFault> {
    let refused = |refusal| Ok(Bind::Refused(refusal));
    match code {
        0 => Ok(Bind::Accepted),
        // invalidCredentials
        49 => refused(active_directory(text)),
        // noSuchObject, invalidDNSyntax, inappropriateAuthentication (it has no password)
        32 | 34 | 48 => refused(Refusal::Wrong),
        // constraintViolation: how 389 Directory Server says that there were too many tries
        19 => refused(Refusal::AccountLocked),
        // insufficientAccessRights, unwillingToPerform: among others, how 389 Directory Server says that an account is inactive
        50 | 53 => refused(Refusal::NotAllowed),
        code => Err(fault("bind", code, text)),
    }
}

/// Active Directory writes the reason into the message: `80090308: LdapErr: DSID-…, comment: AcceptSecurityContext error, data 52e, v4563`.
fn active_directory(text: &str) -> Refusal {
    let data = text.split(',').find_map(|part| part.trim().strip_prefix("data "));
    match data.map(str::trim) {
        Some("530" | "531") => Refusal::NotNow,
        Some("532" | "773") => Refusal::PasswordExpired,
        Some("533" | "701") => Refusal::AccountDisabled,
        Some("775") => Refusal::AccountLocked,
        // 525: no such user; 52e: wrong password
        _ => Refusal::Wrong,
    }
}

/// Why an operation did not succeed.
pub fn fault(operation: &str, code: u32, text: &str) -> LdapFault {
    let said = said(code, text);
    match code {
        // busy, unavailable, other; operationsError, timeLimitExceeded, adminLimitExceeded
        51 | 52 | 80 | 1 | 3 | 11 => LdapFault::Unavailable(format!("the directory cannot {operation} now: {said}")),
        8 | 13 => LdapFault::Refused(format!(
            "the directory refuses to {operation} on this connection: {said}. It wants TLS: write ldaps:// or startTLS: true"
        )),
        10 => LdapFault::Refused(format!(
            "the directory refers to another server for this {operation}: {said}. Referrals are ignored: name a server that has the entries, and a baseDN that it holds"
        )),
        32 => LdapFault::Refused(format!(
            "the directory has no entry where to {operation}: {said}. Is the baseDN right?"
        )),
        49 | 50 => LdapFault::Refused(format!(
            "the directory does not let the reader {operation}: {said}. Are bindDN and its password right?"
        )),
        _ => LdapFault::Refused(format!("the directory refused to {operation}: {said}")),
    }
}

/// A code with the start of the directory's own words, on one line.
fn said(code: u32, text: &str) -> String {
    let words: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
    if words.is_empty() {
        format!("result code {code}")
    } else {
        format!("result code {code}, {words:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ad(data: &str) -> String {
        format!("80090308: LdapErr: DSID-0C090446, comment: AcceptSecurityContext error, data {data}, v4563\0")
    }

    #[test]
    fn active_directory_tells_why() {
        for (data, wanted) in [
            ("525", Refusal::Wrong),
            ("52e", Refusal::Wrong),
            ("530", Refusal::NotNow),
            ("531", Refusal::NotNow),
            ("532", Refusal::PasswordExpired),
            ("533", Refusal::AccountDisabled),
            ("701", Refusal::AccountDisabled),
            ("773", Refusal::PasswordExpired),
            ("775", Refusal::AccountLocked),
            ("999", Refusal::Wrong),
        ] {
            assert_eq!(of_bind(49, &ad(data)), Ok(Bind::Refused(wanted)), "{data}");
        }
    }

    #[test]
    fn only_success_is_success() {
        assert_eq!(of_bind(0, ""), Ok(Bind::Accepted));
        for code in 1..200 {
            assert_ne!(of_bind(code, ""), Ok(Bind::Accepted), "{code}");
        }
    }

    #[test]
    fn a_directory_that_cannot_answer_says_nothing_of_the_password() {
        for code in [1, 3, 8, 10, 11, 13, 51, 52, 80, 118] {
            assert!(of_bind(code, "").is_err(), "{code}");
        }
        assert!(matches!(of_bind(52, "down"), Err(LdapFault::Unavailable(_))));
    }

    #[test]
    fn the_directorys_words_are_one_short_line() {
        let LdapFault::Refused(text) = fault("search", 32, &format!("a\nb\u{1b}[31m{}", "x".repeat(1000))) else {
            panic!();
        };
        assert!(text.len() < 400 && !text.contains('\n') && !text.contains('\u{1b}'), "{text}");
    }
}

//! Whether a person has to prove more than they did: what their client's policies want, what `acr_values` wants, and what they set up themselves.

use super::acr::Acr;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// How a second factor is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FactorMethod {
    /// A code of an authenticator app (RFC 6238), or a recovery code in its place
    Totp,
    /// A passkey or a security key
    Webauthn,
}

impl FactorMethod {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Totp, Self::Webauthn];

    /// As policies write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Webauthn => "webauthn",
        }
    }

    /// As policies wrote it.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }
}

/// What the policies of a client say of second factors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwoFactor {
    /// Nobody gets in without one
    pub required: bool,
    /// Which count
    pub methods: BTreeSet<FactorMethod>,
    /// How long a browser is not asked again; zero: it is asked each time
    pub remember: Duration,
}

impl Default for TwoFactor {
    /// Where no policy says anything: people decide for themselves.
    fn default() -> Self {
        Self {
            required: false,
            methods: FactorMethod::ALL.into(),
            remember: Duration::ZERO,
        }
    }
}

/// What a person proved, and what they could.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// How they proved themselves (RFC 8176)
    pub amr: Vec<String>,
    /// What they have set up
    pub has: BTreeSet<FactorMethod>,
    /// The browser was remembered, and the policies let it be
    pub remembered: bool,
}

/// What is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Nothing
    Nothing,
    /// A proof by one of these, which the person has
    Proof(BTreeSet<FactorMethod>),
    /// The person has to set up one of these first
    Enrolment(BTreeSet<FactorMethod>),
    /// What was asked for cannot be had: no method that the policies let count amounts to it
    Unattainable,
}

/// Whether a proof by this method amounts to a class, on top of a first factor.
fn attains(method: FactorMethod, acr: Acr) -> bool {
    match method {
        FactorMethod::Totp => acr <= Acr::TwoFactors,
        FactorMethod::Webauthn => true,
    }
}

fn proved_by(amr: &[String]) -> BTreeSet<FactorMethod> {
    if Acr::of(amr) == Acr::OneFactor {
        return BTreeSet::new();
    }
    amr.iter()
        .filter_map(|method| match method.as_str() {
            "otp" => Some(FactorMethod::Totp),
            "hwk" | "swk" => Some(FactorMethod::Webauthn),
            _ => None,
        })
        .collect()
}

/// What these methods lack for this request; cheap, and the first question: only if something is lacking it matters what the person has.
pub fn lacks(rule: &TwoFactor, wanted: &[Acr], amr: &[String]) -> bool {
    let enough = |least: &Acr| Acr::of(amr) >= *least;
    let by_policy = rule.required && proved_by(amr).is_disjoint(&rule.methods);
    let by_request = !wanted.is_empty() && !wanted.iter().any(enough);
    by_policy || by_request
}

/// What is missing. `wanted` are the classes of `acr_values`, the most wanted first: one of them is enough.
///
/// Whoever set up a second factor is asked for one at each login, whatever the policies say; and nobody sets up another one without proving one
/// of those that they have, so that a stolen password alone adds none.
pub fn missing(rule: &TwoFactor, wanted: &[Acr], standing: &Standing) -> Missing {
    let proved = Acr::of(&standing.amr);
    let asked = match wanted.first() {
        Some(most_wanted) if !wanted.iter().any(|least| proved >= *least) => Some(*most_wanted),
        _ => None,
    };
    let by_policy = rule.required && !standing.remembered && proved_by(&standing.amr).is_disjoint(&rule.methods);
    let by_choice = !standing.has.is_empty() && proved == Acr::OneFactor && !standing.remembered;
    if asked.is_none() && !by_policy {
        return if by_choice {
            Missing::Proof(standing.has.clone())
        } else {
            Missing::Nothing
        };
    }
    let useful = |method: &FactorMethod| rule.methods.contains(method) && asked.is_none_or(|acr| attains(*method, acr));
    let possible: BTreeSet<FactorMethod> = FactorMethod::ALL.into_iter().filter(useful).collect();
    if possible.is_empty() {
        return Missing::Unattainable;
    }
    let at_hand: BTreeSet<FactorMethod> = possible.intersection(&standing.has).copied().collect();
    if !at_hand.is_empty() {
        Missing::Proof(at_hand)
    } else if !standing.has.is_empty() && proved == Acr::OneFactor {
        Missing::Proof(standing.has.clone())
    } else {
        Missing::Enrolment(possible)
    }
}

#[cfg(test)]
mod tests {
    use super::FactorMethod::{Totp, Webauthn};
    use super::*;

    const PASSWORD: &[&str] = &["pwd"];
    const APP: &[&str] = &["pwd", "otp", "mfa"];
    const KEY: &[&str] = &["hwk", "user", "mfa"];

    fn rule(required: bool, methods: &[FactorMethod]) -> TwoFactor {
        TwoFactor {
            required,
            methods: methods.iter().copied().collect(),
            ..TwoFactor::default()
        }
    }

    fn standing(amr: &[&str], has: &[FactorMethod]) -> Standing {
        Standing {
            amr: amr.iter().map(|method| (*method).to_owned()).collect(),
            has: has.iter().copied().collect(),
            remembered: false,
        }
    }

    fn proof(methods: &[FactorMethod]) -> Missing {
        Missing::Proof(methods.iter().copied().collect())
    }

    fn enrolment(methods: &[FactorMethod]) -> Missing {
        Missing::Enrolment(methods.iter().copied().collect())
    }

    #[test]
    fn whoever_set_one_up_is_asked_whatever_the_policies_say() {
        let free = TwoFactor::default();
        assert_eq!(missing(&free, &[], &standing(PASSWORD, &[])), Missing::Nothing);
        assert_eq!(missing(&free, &[], &standing(PASSWORD, &[Totp])), proof(&[Totp]));
        let totp_alone_counts = rule(false, &[Totp]);
        assert_eq!(
            missing(&totp_alone_counts, &[], &standing(PASSWORD, &[Webauthn])),
            proof(&[Webauthn])
        );
        assert_eq!(missing(&free, &[], &standing(APP, &[Totp])), Missing::Nothing);
        assert_eq!(missing(&free, &[], &standing(KEY, &[Totp, Webauthn])), Missing::Nothing);
    }

    #[test]
    fn a_policy_that_requires_one_is_obeyed() {
        let strict = rule(true, &[Totp, Webauthn]);
        assert_eq!(missing(&strict, &[], &standing(PASSWORD, &[])), enrolment(&[Totp, Webauthn]));
        assert_eq!(missing(&strict, &[], &standing(PASSWORD, &[Totp])), proof(&[Totp]));
        assert_eq!(missing(&strict, &[], &standing(APP, &[Totp])), Missing::Nothing);
        assert!(lacks(&strict, &[], &standing(PASSWORD, &[]).amr));
        assert!(!lacks(&strict, &[], &standing(APP, &[]).amr));
    }

    #[test]
    fn a_method_that_does_not_count_is_not_enough_but_guards_what_does() {
        let keys_only = rule(true, &[Webauthn]);
        assert_eq!(
            missing(&keys_only, &[], &standing(PASSWORD, &[Totp])),
            proof(&[Totp]),
            "a stolen password must not add a key"
        );
        assert_eq!(missing(&keys_only, &[], &standing(APP, &[Totp])), enrolment(&[Webauthn]));
        assert_eq!(missing(&keys_only, &[], &standing(APP, &[Totp, Webauthn])), proof(&[Webauthn]));
        assert_eq!(missing(&rule(true, &[Totp]), &[], &standing(KEY, &[Webauthn])), enrolment(&[Totp]));
    }

    #[test]
    fn a_request_may_want_more_than_the_policies() {
        let free = TwoFactor::default();
        let two = [Acr::TwoFactors];
        let resistant = [Acr::PhishingResistant];
        assert_eq!(missing(&free, &two, &standing(PASSWORD, &[])), enrolment(&[Totp, Webauthn]));
        assert_eq!(
            missing(&free, &two, &standing(KEY, &[Webauthn])),
            Missing::Nothing,
            "more than was asked for"
        );
        assert_eq!(missing(&free, &resistant, &standing(APP, &[Totp])), enrolment(&[Webauthn]));
        assert_eq!(
            missing(&free, &[Acr::PhishingResistant, Acr::OneFactor], &standing(APP, &[Totp])),
            Missing::Nothing,
            "one of those is enough"
        );
        assert_eq!(
            missing(&rule(false, &[Totp]), &resistant, &standing(APP, &[Totp])),
            Missing::Unattainable
        );
        assert!(lacks(&free, &resistant, &standing(APP, &[]).amr) && !lacks(&free, &two, &standing(APP, &[]).amr));
    }

    #[test]
    fn a_remembered_browser_stands_for_the_second_factor_and_not_for_a_class() {
        let remembered = Standing {
            remembered: true,
            ..standing(PASSWORD, &[Totp])
        };
        assert_eq!(missing(&rule(true, &[Totp]), &[], &remembered), Missing::Nothing);
        assert_eq!(missing(&TwoFactor::default(), &[Acr::TwoFactors], &remembered), proof(&[Totp]));
    }
}

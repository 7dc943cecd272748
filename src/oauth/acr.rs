//! How well a person has proved who they are: `acr` (OpenID Connect Core §2) by the methods of `amr` (RFC 8176).

/// Proved by one factor; two; or by two of which a phishing site gets nothing. Each is worth more than those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Acr {
    /// One factor
    OneFactor,
    /// Two factors
    TwoFactors,
    /// A key that signs for this server's origin alone, opened by a PIN or a finger (OpenID Connect EAP ACR Values 1.0 §2)
    PhishingResistant,
}

impl Acr {
    /// Names of all, the least first.
    pub const NAMES: [&'static str; 3] = ["urn:nauthera:acr:1fa", "urn:nauthera:acr:2fa", "phr"];

    /// As it stands in tokens and in `acr_values`.
    pub const fn as_str(self) -> &'static str {
        let [one, two, resistant] = Self::NAMES;
        match self {
            Self::OneFactor => one,
            Self::TwoFactors => two,
            Self::PhishingResistant => resistant,
        }
    }

    /// The class with this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::OneFactor, Self::TwoFactors, Self::PhishingResistant]
            .into_iter()
            .find(|acr| acr.as_str() == name)
    }

    /// What these methods amount to.
    pub fn of<S: AsRef<str>>(amr: &[S]) -> Self {
        let has = |name: &str| amr.iter().any(|method| method.as_ref() == name);
        if !has("mfa") {
            Self::OneFactor
        } else if has("hwk") || has("swk") {
            Self::PhishingResistant
        } else {
            Self::TwoFactors
        }
    }

    /// What `acr_values` asks for: the names that are known here, the most wanted first. Names that are not known say nothing (§3.1.2.1: the
    /// claim is voluntary).
    pub fn wanted(acr_values: &str) -> Vec<Self> {
        acr_values.split(' ').filter_map(Self::parse).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_amount_to_a_class() {
        for (amr, acr) in [
            (&["pwd"][..], Acr::OneFactor),
            (&["fed"], Acr::OneFactor),
            (&["pwd", "otp", "mfa"], Acr::TwoFactors),
            (&["pwd", "hwk", "user", "mfa"], Acr::PhishingResistant),
            (&["swk", "user", "mfa"], Acr::PhishingResistant),
            // A key without a second factor is one factor.
            (&["hwk"], Acr::OneFactor),
            (&[], Acr::OneFactor),
        ] {
            assert_eq!(Acr::of(amr), acr, "{amr:?}");
        }
        assert!(Acr::OneFactor < Acr::TwoFactors && Acr::TwoFactors < Acr::PhishingResistant);
    }

    #[test]
    fn unknown_classes_are_passed_over() {
        assert_eq!(
            Acr::wanted("urn:other phr urn:nauthera:acr:2fa  "),
            [Acr::PhishingResistant, Acr::TwoFactors]
        );
        assert!(Acr::wanted("").is_empty());
        for name in Acr::NAMES {
            assert_eq!(Acr::parse(name).unwrap().as_str(), name);
        }
    }
}

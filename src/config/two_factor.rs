//! What policies say of second factors, and how that combines: requirements add up, methods intersect, times take the shortest.

use crate::oauth::two_factor::{FactorMethod, TwoFactor};
use crate::resources::auth_policy::{TwoFactorMethod, TwoFactorRules};
use crate::resources::time_span::Spread;
use std::collections::BTreeSet;
use std::time::Duration;

/// What some policies say. `None` means that none of them says anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TwoFactorRule {
    /// Whether one of them wants a second factor
    pub required: Option<bool>,
    /// Methods that all of them let count
    pub methods: Option<BTreeSet<FactorMethod>>,
    /// The shortest time for which a browser is remembered
    pub remember: Option<Spread>,
}

impl TwoFactorRule {
    /// What one policy says.
    pub fn of(rules: Option<&TwoFactorRules>) -> Self {
        let Some(rules) = rules else {
            return Self::default();
        };
        Self {
            required: rules.required,
            methods: rules
                .methods
                .as_ref()
                .map(|methods| methods.iter().map(|method| of(*method)).collect()),
            remember: rules.remember_device_for,
        }
    }

    /// Both at once.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            required: match (self.required, other.required) {
                (Some(a), Some(b)) => Some(a || b),
                (a, b) => a.or(b),
            },
            methods: match (self.methods, other.methods) {
                (Some(a), Some(b)) => Some(a.intersection(&b).copied().collect()),
                (a, b) => a.or(b),
            },
            remember: match (self.remember, other.remember) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            },
        }
    }

    /// Baseline included.
    pub fn in_force(&self) -> TwoFactor {
        let baseline = TwoFactor::default();
        TwoFactor {
            required: self.required.unwrap_or(baseline.required),
            methods: self.methods.clone().unwrap_or(baseline.methods),
            remember: self.remember.map_or(Duration::ZERO, Spread::duration),
        }
    }
}

fn of(method: TwoFactorMethod) -> FactorMethod {
    match method {
        TwoFactorMethod::Totp => FactorMethod::Totp,
        TwoFactorMethod::Webauthn => FactorMethod::Webauthn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(json: serde_json::Value) -> TwoFactorRule {
        TwoFactorRule::of(Some(&serde_json::from_value(json).unwrap()))
    }

    #[test]
    fn requirements_add_up_methods_intersect_and_times_take_the_shortest() {
        let a = rule(serde_json::json!({"required": true, "methods": ["totp", "webauthn"], "rememberDeviceFor": "720h"}));
        let b = rule(serde_json::json!({"required": false, "methods": ["webauthn"], "rememberDeviceFor": "24h"}));
        let both = a.clone().and(b.clone()).in_force();
        assert!(both.required);
        assert_eq!(both.methods, BTreeSet::from([FactorMethod::Webauthn]));
        assert_eq!(both.remember, Duration::from_secs(24 * 3600));
        assert_eq!(b.and(a).in_force(), both, "order does not matter");
    }

    #[test]
    fn where_no_policy_says_anything_people_decide_and_are_asked_each_time() {
        assert_eq!(TwoFactorRule::default().in_force(), TwoFactor::default());
        let never = rule(serde_json::json!({"rememberDeviceFor": "0s"}));
        let month = rule(serde_json::json!({"rememberDeviceFor": "720h"}));
        assert_eq!(month.and(never).in_force().remember, Duration::ZERO);
    }
}

//! A length of time as manifests write it: `15m`, `24h`, `1h30m`, `90s`.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::time::Duration;

/// The longest span that a manifest may name: ten years. Far beyond any use, and safe to add to any date.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// A length of time of at least a second, written like Kubernetes' own (`h`, `m` and `s`, largest unit first).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeSpan(Duration);

/// How far something is spread in time: like a [`TimeSpan`], or not at all (`0s`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spread(Duration);

/// Text that is no [`TimeSpan`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeSpanError {
    /// Not numbers with units
    #[error("is not a time span: write numbers with the units h, m and s, largest first, such as 15m, 24h or 1h30m")]
    Malformed,
    /// Below a second
    #[error("must be at least 1s")]
    TooShort,
    /// Beyond ten years
    #[error("must be at most 87600h")]
    TooLong,
}

impl TimeSpan {
    /// Lifetime of access tokens where no policy says another.
    pub const BASELINE_ACCESS: Self = Self(Duration::from_secs(15 * 60));
    /// Lifetime of refresh tokens where no policy says another.
    pub const BASELINE_REFRESH: Self = Self(Duration::from_secs(24 * 3600));
    /// Lifetime of ID tokens where no policy says another.
    pub const BASELINE_ID: Self = Self(Duration::from_secs(5 * 60));
    /// How long a key signs where its server says nothing.
    pub const KEY_ROTATION: Self = Self(Duration::from_secs(720 * 3600));
    /// How long a key is published before and after where its server says nothing.
    pub const KEY_OVERLAP: Self = Self(Duration::from_secs(48 * 3600));

    /// How long a client's secret before the newest stays in force where no policy says another.
    pub const SECRET_OVERLAP: Self = Self(Duration::from_secs(3600));

    /// How long a connection to a directory may take where its UserStore says nothing.
    pub const CONNECT: Self = Self(Duration::from_secs(3));
    /// How long an operation of a directory may take where its UserStore says nothing.
    pub const OPERATION: Self = Self(Duration::from_secs(5));
    /// How long what a directory said is believed where its UserStore says nothing.
    pub const DIRECTORY_CACHE: Self = Self(Duration::from_secs(60));

    /// A span of whole seconds; `None` for zero and beyond ten years.
    pub fn from_secs(seconds: u64) -> Option<Self> {
        let span = Duration::from_secs(seconds);
        (seconds > 0 && span <= LONGEST).then_some(Self(span))
    }

    /// The span as the standard library's type.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl Spread {
    /// How far renewals of client secrets are spread where no policy says another.
    pub const ROTATION: Self = Self(Duration::from_secs(5 * 60));

    /// The spread as the standard library's type.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for TimeSpan {
    type Err = TimeSpanError;

    fn from_str(text: &str) -> Result<Self, TimeSpanError> {
        match read(text)? {
            Duration::ZERO => Err(TimeSpanError::TooShort),
            span => Ok(Self(span)),
        }
    }
}

impl FromStr for Spread {
    type Err = TimeSpanError;

    fn from_str(text: &str) -> Result<Self, TimeSpanError> {
        read(text).map(Self)
    }
}

fn read(text: &str) -> Result<Duration, TimeSpanError> {
    let mut seconds: u64 = 0;
    let mut number: Option<u64> = None;
    let mut smallest_unit = u64::MAX;
    for character in text.chars() {
        if let Some(digit) = character.to_digit(10) {
            number = Some(
                number
                    .unwrap_or(0)
                    .checked_mul(10)
                    .and_then(|n| n.checked_add(u64::from(digit)))
                    .ok_or(TimeSpanError::TooLong)?,
            );
            continue;
        }
        let unit = match character {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return Err(TimeSpanError::Malformed),
        };
        if unit >= smallest_unit {
            return Err(TimeSpanError::Malformed);
        }
        smallest_unit = unit;
        let part = number
            .take()
            .ok_or(TimeSpanError::Malformed)?
            .checked_mul(unit)
            .ok_or(TimeSpanError::TooLong)?;
        seconds = seconds.checked_add(part).ok_or(TimeSpanError::TooLong)?;
    }
    if number.is_some() || smallest_unit == u64::MAX {
        return Err(TimeSpanError::Malformed);
    }
    let span = Duration::from_secs(seconds);
    if span <= LONGEST { Ok(span) } else { Err(TimeSpanError::TooLong) }
}

fn write(span: Duration, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let seconds = span.as_secs();
    for (amount, unit) in [(seconds / 3600, 'h'), (seconds / 60 % 60, 'm'), (seconds % 60, 's')] {
        if amount > 0 {
            write!(f, "{amount}{unit}")?;
        }
    }
    Ok(())
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self.0, f)
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_zero() { f.write_str("0s") } else { write(self.0, f) }
    }
}

impl Serialize for TimeSpan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Spread {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeSpan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Spread {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written(PhantomData))
    }
}

/// Takes text. A bare number, which YAML does not read as text, gets the same answer as one in quotes.
struct Written<T>(PhantomData<T>);

impl<T: FromStr<Err = TimeSpanError>> Visitor<'_> for Written<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time span such as 15m")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse()
            .map_err(|error: TimeSpanError| E::custom(format_args!("{text:?} {error}")))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }
}

/// The form, and a rule of the API server's for the rest, so that it refuses what [`read`] would.
fn schema(rule: &str, message: &str) -> Schema {
    json_schema!({
        "type": "string",
        "pattern": "^([0-9]+h)?([0-9]+m)?([0-9]+s)?$",
        "minLength": 2,
        "maxLength": 20,
        "x-kubernetes-validations": [{"rule": rule, "message": message}]
    })
}

impl JsonSchema for TimeSpan {
    fn schema_name() -> Cow<'static, str> {
        "TimeSpan".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schema(
            "duration(self) >= duration('1s') && duration(self) <= duration('87600h')",
            "a time span is at least 1s and at most 87600h",
        )
    }
}

impl JsonSchema for Spread {
    fn schema_name() -> Cow<'static, str> {
        "Spread".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schema("duration(self) <= duration('87600h')", "a time span is at most 87600h")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_manifests_write() {
        for (text, seconds) in [
            ("15m", 900),
            ("24h", 86_400),
            ("720h", 2_592_000),
            ("90s", 90),
            ("1h30m", 5400),
            ("1h0m5s", 3605),
        ] {
            assert_eq!(
                text.parse::<TimeSpan>().map(TimeSpan::duration),
                Ok(Duration::from_secs(seconds)),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_could_be_misread() {
        for text in ["", "15", "m", "15 m", "-15m", "1.5h", "15M", "1d", "5m5m", "30m1h", "٣m"] {
            assert_eq!(text.parse::<TimeSpan>(), Err(TimeSpanError::Malformed), "{text:?}");
        }
        assert_eq!("0s".parse::<TimeSpan>(), Err(TimeSpanError::TooShort));
        for text in ["87601h", "99999999999999999999h", "18446744073709551615h"] {
            assert_eq!(text.parse::<TimeSpan>(), Err(TimeSpanError::TooLong), "{text}");
        }
    }

    #[test]
    fn a_spread_may_be_none_and_is_else_a_time_span() {
        assert_eq!("0s".parse::<Spread>().map(Spread::duration), Ok(Duration::ZERO));
        assert_eq!("0h0m".parse::<Spread>().unwrap().to_string(), "0s");
        assert_eq!("90s".parse::<Spread>().unwrap().to_string(), "1m30s");
        assert_eq!("0".parse::<Spread>(), Err(TimeSpanError::Malformed));
        assert_eq!("87601h".parse::<Spread>(), Err(TimeSpanError::TooLong));
    }

    #[test]
    fn writes_what_it_reads() {
        for text in ["15m", "24h", "1h30m", "1m30s", "1s"] {
            assert_eq!(text.parse::<TimeSpan>().unwrap().to_string(), text);
        }
    }
}

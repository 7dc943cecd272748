//! The id by which one request is found again in the logs.

use actix_web::dev::ServiceRequest;
use actix_web::{HttpMessage, HttpRequest};
use aws_lc_rs::rand;

/// A W3C trace id: 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceId(String);

impl TraceId {
    /// The id that a well-formed `traceparent` brought (W3C Trace Context §3.2), else a fresh one.
    pub fn of(request: &ServiceRequest) -> Self {
        request
            .headers()
            .get("traceparent")
            .and_then(|value| value.to_str().ok())
            .and_then(Self::from_traceparent)
            .unwrap_or_else(Self::fresh)
    }

    /// The id of a request that runs, as the middleware noted it.
    pub fn current(request: &HttpRequest) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or_else(Self::fresh)
    }

    /// The 32 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn from_traceparent(value: &str) -> Option<Self> {
        let mut parts = value.split('-');
        let (version, id, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let hex = |text: &str, length| text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let well_formed = hex(version, 2) && version != "ff" && hex(id, 32) && hex(parent, 16) && hex(flags, 2);
        (well_formed && id.bytes().any(|b| b != b'0')).then(|| Self(id.to_owned()))
    }

    fn fresh() -> Self {
        let mut bytes = [0; 16];
        // Without randomness the id says nothing, but the request is still answered.
        let _ = rand::fill(&mut bytes);
        Self(format!("{:032x}", u128::from_be_bytes(bytes)))
    }
}

impl std::fmt::Display for TraceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_well_formed_traceparent_and_nothing_else() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(
            TraceId::from_traceparent(&format!("00-{id}-00f067aa0ba902b7-01")).unwrap().as_str(),
            id
        );
        for bad in [
            "",
            "00-x",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-<script>-00f067aa0ba902b7-01",
            &format!("ff-{id}-00f067aa0ba902b7-01"),
        ] {
            assert_eq!(TraceId::from_traceparent(bad), None, "{bad}");
        }
    }

    #[test]
    fn two_fresh_ids_differ() {
        assert_ne!(TraceId::fresh(), TraceId::fresh());
    }
}

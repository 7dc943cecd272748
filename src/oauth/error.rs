//! Protocol errors and their HTTP answers: the one table (RFC 6749 §4.1.2.1, §5.2; RFC 6750 §3.1; OpenID Connect Core §3.1.2.6).

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, $status:literal;)+) => {
        /// A registered error code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$doc])* $variant,)+ }

        impl ErrorCode {
            /// Every code, for tests and documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The registered name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The status of a direct (not redirected) answer.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }
        }
    };
}

error_codes! {
    /// RFC 6749 §5.2
    InvalidRequest = "invalid_request", 400;
    /// RFC 6749 §5.2; 401 whichever way the client authenticated
    InvalidClient = "invalid_client", 401;
    /// RFC 6749 §5.2
    InvalidGrant = "invalid_grant", 400;
    /// RFC 6749 §5.2
    UnauthorizedClient = "unauthorized_client", 400;
    /// RFC 6749 §5.2
    UnsupportedGrantType = "unsupported_grant_type", 400;
    /// RFC 6749 §5.2
    InvalidScope = "invalid_scope", 400;
    /// RFC 8707 §2
    InvalidTarget = "invalid_target", 400;
    /// RFC 7009 §2.2.1, RFC 8693 §2.2.2
    UnsupportedTokenType = "unsupported_token_type", 400;
    /// RFC 6749 §4.1.2.1
    AccessDenied = "access_denied", 403;
    /// RFC 6749 §4.1.2.1
    UnsupportedResponseType = "unsupported_response_type", 400;
    /// RFC 6749 §4.1.2.1
    ServerError = "server_error", 500;
    /// RFC 6749 §4.1.2.1
    TemporarilyUnavailable = "temporarily_unavailable", 503;
    /// OpenID Connect Core §3.1.2.6
    LoginRequired = "login_required", 400;
    /// OpenID Connect Core §3.1.2.6
    ConsentRequired = "consent_required", 400;
    /// OpenID Connect Core §3.1.2.6
    InteractionRequired = "interaction_required", 400;
    /// OpenID Connect Core §3.1.2.6
    AccountSelectionRequired = "account_selection_required", 400;
    /// OpenID Connect Core §3.1.2.6
    RequestNotSupported = "request_not_supported", 400;
    /// OpenID Connect Core §3.1.2.6
    RequestUriNotSupported = "request_uri_not_supported", 400;
    /// OpenID Connect Core §3.1.2.6
    RegistrationNotSupported = "registration_not_supported", 400;
    /// OpenID Connect Core Error Code unmet_authentication_requirements 1.0 §2
    UnmetAuthenticationRequirements = "unmet_authentication_requirements", 400;
    /// RFC 6750 §3.1
    InvalidToken = "invalid_token", 401;
    /// RFC 6750 §3.1
    InsufficientScope = "insufficient_scope", 403;
}

/// A protocol error: a code for the machine and a sentence for the person who has to mend the request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct OAuthError {
    /// The registered code
    pub code: ErrorCode,
    /// What was wrong and what to change. Never a secret, never text that the request brought, ASCII without `"` and `\`
    /// (RFC 6749 §5.2).
    pub description: String,
}

impl OAuthError {
    /// An error with its explanation.
    pub fn new(code: ErrorCode, description: impl Into<String>) -> Self {
        Self {
            code,
            description: description.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_the_status_that_its_specification_names() {
        for code in ErrorCode::ALL {
            let expected = match code.as_str() {
                "invalid_client" | "invalid_token" => 401,
                "access_denied" | "insufficient_scope" => 403,
                "server_error" => 500,
                "temporarily_unavailable" => 503,
                _ => 400,
            };
            assert_eq!(code.status(), expected, "{}", code.as_str());
        }
    }
}

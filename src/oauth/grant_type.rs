//! Grant types, response types and client authentication methods: closed sets with their registered names.

use serde::{Deserialize, Serialize};

macro_rules! registered {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every member, in the order of this file.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The registered name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                match text { $($text => Ok(Self::$variant),)+ _ => Err(()) }
            }
        }
    };
}

registered! {
    /// `grant_type` of a token request.
    GrantType {
        /// RFC 6749 §4.1
        AuthorizationCode = "authorization_code",
        /// RFC 6749 §4.2
        Implicit = "implicit",
        /// OpenID Connect Core §3.3
        Hybrid = "hybrid",
        /// RFC 6749 §4.4
        ClientCredentials = "client_credentials",
        /// RFC 6749 §6
        RefreshToken = "refresh_token",
        /// RFC 8628
        DeviceCode = "urn:ietf:params:oauth:grant-type:device_code",
        /// RFC 8693
        TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange",
        /// RFC 7523
        JwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer",
        /// OpenID Connect CIBA
        Ciba = "urn:openid:params:grant-type:ciba",
    }
}

registered! {
    /// `response_type` of an authorization request that this server answers (RFC 6749 §3.1.1).
    ResponseType {
        /// Authorization code flow
        Code = "code",
    }
}

registered! {
    /// How a client proves itself at the token endpoint (RFC 8414 `token_endpoint_auth_methods_supported`).
    ClientAuthMethod {
        /// RFC 6749 §2.3.1, HTTP Basic
        ClientSecretBasic = "client_secret_basic",
        /// RFC 6749 §2.3.1, in the form
        ClientSecretPost = "client_secret_post",
        /// RFC 7523 §2.2
        PrivateKeyJwt = "private_key_jwt",
        /// RFC 8705 §2.1
        TlsClientAuth = "tls_client_auth",
        /// RFC 8705 §2.2
        SelfSignedTlsClientAuth = "self_signed_tls_client_auth",
        /// A Kubernetes ServiceAccount token
        ServiceAccountToken = "kubernetes_service_account",
        /// A public client: it only names itself
        None = "none",
    }
}

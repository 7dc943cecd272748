//! What the client wants the person to be asked (OpenID Connect Core §3.1.2.1 `prompt`).

/// The set of prompts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prompts {
    /// Ask nothing; fail if something would have to be asked
    pub none: bool,
    /// The person proves themselves again
    pub login: bool,
    /// The person is asked for consent again
    pub consent: bool,
    /// The person chooses an account
    pub select_account: bool,
}

impl Prompts {
    /// The registered names of the prompts, for discovery.
    pub const NAMES: [&'static str; 4] = ["none", "login", "consent", "select_account"];
}

//! Why a write came to nothing.

/// Why a write came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Something of that name is there and was made for something else
    #[error("{0} is there and was not made for this AuthServer; delete or rename it, or make an AuthServer of another name")]
    Foreign(String),
    /// It is on its way out: what belongs to an earlier AuthServer of the same name, or what somebody deletes
    #[error("{0} is being deleted; it is made when that has ended")]
    Leaving(String),
    /// Something was written meanwhile: what is known has to catch up
    #[error("{0} was changed meanwhile")]
    Overtaken(String),
    /// The API server refuses it
    #[error("the API server refuses {what}: {why}")]
    Refused {
        /// Kind and name
        what: String,
        /// Its words
        why: String,
    },
    /// The API server cannot be reached
    #[error("the API server did not take {what}: {why}")]
    Unreachable {
        /// Kind and name
        what: String,
        /// Why
        why: String,
    },
}

impl Failure {
    /// From what a request came to.
    pub fn of(what: &str, error: kube::Error) -> Self {
        let what = what.to_owned();
        match error {
            kube::Error::Api(status) if status.code == 409 => Self::Overtaken(what),
            kube::Error::Api(status) if status.code < 500 && status.code != 429 => Self::Refused {
                what,
                why: status.message.clone(),
            },
            kube::Error::Api(status) => Self::Unreachable {
                what,
                why: status.message.clone(),
            },
            error => Self::Unreachable {
                what,
                why: error.to_string(),
            },
        }
    }

    /// One word for a condition.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Foreign(_) => "NameConflict",
            Self::Leaving(_) | Self::Overtaken(_) => "Applying",
            Self::Refused { .. } => "ApplyRefused",
            Self::Unreachable { .. } => "ApplyFailed",
        }
    }
}

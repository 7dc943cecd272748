-- Sessions that began at an upstream provider, to be found when it says that they ended there (OpenID Connect Back-Channel Logout).

CREATE TABLE session_origins (
    session_id text  NOT NULL PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    provider   text  NOT NULL,
    subject    bytea NOT NULL, -- digest of the provider's `iss` and `sub`
    sid        bytea           -- digest of the provider's `iss` and `sid`, if it has one
);
CREATE INDEX session_origins_subject ON session_origins (provider, subject);
CREATE INDEX session_origins_sid ON session_origins (provider, sid) WHERE sid IS NOT NULL;

-- Sessions that began at an upstream provider, to be found when it says that they ended there (OpenID Connect Back-Channel Logout).

CREATE TABLE session_origins (
    session_id TEXT NOT NULL PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    provider   TEXT NOT NULL,
    subject    BLOB NOT NULL, -- digest of the provider's `iss` and `sub`
    sid        BLOB           -- digest of the provider's `iss` and `sid`, if it has one
) STRICT, WITHOUT ROWID;
CREATE INDEX session_origins_subject ON session_origins (provider, subject);
CREATE INDEX session_origins_sid ON session_origins (provider, sid) WHERE sid IS NOT NULL;

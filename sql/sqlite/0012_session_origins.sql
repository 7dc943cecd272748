-- Sessions that began at an upstream provider, to be found when it says that they ended there (OpenID Connect Back-Channel Logout).

CREATE TABLE session_origins (
    session_id TEXT    NOT NULL PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    provider   TEXT    NOT NULL,
    subject    BLOB    NOT NULL, -- digest of the provider's `iss` and `sub`
    sid        BLOB,             -- digest of the provider's `iss` and `sid`, if its ID token had one
    began_at   INTEGER NOT NULL  -- when the provider said so, by its own clock
) STRICT, WITHOUT ROWID;
CREATE INDEX session_origins_subject ON session_origins (provider, subject);
CREATE INDEX session_origins_sid ON session_origins (provider, sid) WHERE sid IS NOT NULL;

-- What ended there lately: whoever is still on the way here from a session that began before does not arrive.
CREATE TABLE upstream_departures (
    key        BLOB    NOT NULL PRIMARY KEY,
    at         INTEGER NOT NULL, -- by the provider's clock
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX upstream_departures_expiry ON upstream_departures (expires_at);

-- Sessions that began at an upstream provider, to be found when it says that they ended there (OpenID Connect Back-Channel Logout).

CREATE TABLE session_origins (
    session_id text        NOT NULL PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    provider   text        NOT NULL,
    subject    bytea       NOT NULL, -- digest of the provider's `iss` and `sub`
    sid        bytea,                -- digest of the provider's `iss` and `sid`, if its ID token had one
    began_at   timestamptz NOT NULL  -- when the provider said so, by its own clock
);
CREATE INDEX session_origins_subject ON session_origins (provider, subject);
CREATE INDEX session_origins_sid ON session_origins (provider, sid) WHERE sid IS NOT NULL;

-- What ended there lately: whoever is still on the way here from a session that began before does not arrive.
CREATE TABLE upstream_departures (
    key        bytea       NOT NULL PRIMARY KEY,
    at         timestamptz NOT NULL, -- by the provider's clock
    expires_at timestamptz NOT NULL
);
CREATE INDEX upstream_departures_expiry ON upstream_departures (expires_at);

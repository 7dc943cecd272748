-- Times are microseconds since 1970 (UTC). Lists are JSON arrays. Digests are SHA-256, 32 bytes.

CREATE TABLE users (
    id           TEXT    NOT NULL PRIMARY KEY,
    store        TEXT    NOT NULL,
    name_digest  BLOB    NOT NULL, -- of the lower-cased username: any name fits an index
    username     TEXT    NOT NULL,
    email        TEXT,
    email_verified INTEGER NOT NULL,
    display_name TEXT,
    given_name   TEXT,
    family_name  TEXT,
    groups       TEXT    NOT NULL,
    disabled     INTEGER NOT NULL,
    declared     INTEGER NOT NULL, -- a manifest declares this user at present
    updated_at   INTEGER NOT NULL,
    UNIQUE (store, name_digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX users_declared ON users (store) WHERE declared = 1;

CREATE TABLE passwords (
    user_id       TEXT    NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    hash          TEXT    NOT NULL,
    declared_hash TEXT,
    changed_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    id         TEXT    NOT NULL PRIMARY KEY,
    token      BLOB    NOT NULL UNIQUE,
    user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    auth_time  INTEGER NOT NULL,
    amr        TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE consents (
    user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id  TEXT    NOT NULL,
    scopes     TEXT    NOT NULL,
    given_at   INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, client_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE codes (
    hash           BLOB    NOT NULL PRIMARY KEY,
    grant_id       TEXT    NOT NULL,
    client_id      TEXT    NOT NULL,
    user_id        TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    session_id     TEXT    NOT NULL,
    offline        INTEGER NOT NULL,
    scopes         TEXT    NOT NULL,
    resources      TEXT    NOT NULL,
    auth_time      INTEGER NOT NULL,
    amr            TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    redirect_uri   TEXT    NOT NULL,
    redirect_uri_was_sent INTEGER NOT NULL,
    nonce          TEXT,
    code_challenge TEXT,
    expires_at     INTEGER NOT NULL,
    consumed_at    INTEGER,
    forget_at      INTEGER NOT NULL -- a consumed code is remembered a while, to see a replay
) STRICT, WITHOUT ROWID;
CREATE INDEX codes_user ON codes (user_id, client_id);
CREATE INDEX codes_forget ON codes (forget_at);

CREATE TABLE grants (
    id         TEXT    NOT NULL PRIMARY KEY,
    client_id  TEXT    NOT NULL,
    user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    session_id TEXT    NOT NULL,
    offline    INTEGER NOT NULL,
    scopes     TEXT    NOT NULL,
    resources  TEXT    NOT NULL,
    auth_time  INTEGER NOT NULL,
    amr        TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_session ON grants (session_id);
CREATE INDEX grants_user ON grants (user_id, client_id);
CREATE INDEX grants_expiry ON grants (expires_at);

CREATE TABLE refresh_tokens (
    hash        BLOB    NOT NULL PRIMARY KEY,
    grant_id    TEXT    NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    expires_at  INTEGER NOT NULL,
    consumed_at INTEGER,
    successor   BLOB,            -- what took its place
    retried     INTEGER NOT NULL -- its one retry has been used, or it never has one
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_grant ON refresh_tokens (grant_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);

CREATE TABLE revoked_tokens (
    jti_digest BLOB    NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX revoked_tokens_expiry ON revoked_tokens (expires_at);

CREATE TABLE reference_tokens (
    hash       BLOB    NOT NULL PRIMARY KEY,
    claims     TEXT    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX reference_tokens_expiry ON reference_tokens (expires_at);

CREATE TABLE signing_keys (
    kid         TEXT    NOT NULL PRIMARY KEY,
    purpose     TEXT    NOT NULL,
    generation  INTEGER NOT NULL, -- counts within a purpose; the highest is the newest
    material    BLOB    NOT NULL,
    created_at  INTEGER NOT NULL,
    active_from INTEGER NOT NULL,
    retires_at  INTEGER,
    expires_at  INTEGER,
    UNIQUE (purpose, generation)
) STRICT, WITHOUT ROWID;

CREATE TABLE failed_logins (
    key        BLOB    NOT NULL PRIMARY KEY,
    failures   TEXT    NOT NULL, -- the newest hundred times within the window
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX failed_logins_expiry ON failed_logins (expires_at);

CREATE TABLE audit (
    seq       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at        INTEGER NOT NULL,
    kind      TEXT    NOT NULL,
    user_id   TEXT,
    client_id TEXT,
    details   TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_at ON audit (at);

CREATE TABLE leases (
    name       TEXT    NOT NULL PRIMARY KEY,
    holder     TEXT    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

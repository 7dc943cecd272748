-- Second factors, what stands in for them, and what was used once.

CREATE TABLE factors (
    id         TEXT    NOT NULL PRIMARY KEY,
    user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind       TEXT    NOT NULL, -- totp, passkey
    name       TEXT    NOT NULL, -- what its owner calls it
    material   BLOB    NOT NULL, -- a seed, or a public key
    key_id     TEXT,             -- the key-encryption key that sealed it; NULL: it is in the clear
    credential BLOB    UNIQUE,   -- digest of a passkey's credential id
    position   INTEGER NOT NULL, -- the last step of an app, the counter of a key
    created_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX factors_user ON factors (user_id);

CREATE TABLE recovery_codes (
    hash    BLOB NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX recovery_codes_user ON recovery_codes (user_id);

CREATE TABLE remembered_devices (
    hash          BLOB    NOT NULL PRIMARY KEY, -- of the browser's cookie
    user_id       TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    remembered_at INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX remembered_devices_user ON remembered_devices (user_id);
CREATE INDEX remembered_devices_expiry ON remembered_devices (expires_at);

CREATE TABLE used_once (
    key        BLOB    NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX used_once_expiry ON used_once (expires_at);

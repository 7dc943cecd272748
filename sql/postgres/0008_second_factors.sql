-- Second factors, what stands in for them, and what was used once.

CREATE TABLE factors (
    id         text        NOT NULL PRIMARY KEY,
    user_id    text        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind       text        NOT NULL, -- totp, passkey
    name       text        NOT NULL, -- what its owner calls it
    material   bytea       NOT NULL, -- a seed, or a public key
    key_id     text,                 -- the key-encryption key that sealed it; NULL: it is in the clear
    credential bytea       UNIQUE,   -- digest of a passkey's credential id
    position   bigint      NOT NULL, -- the last step of an app, the counter of a key
    created_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX factors_user ON factors (user_id);

CREATE TABLE recovery_codes (
    hash    bytea NOT NULL PRIMARY KEY,
    user_id text  NOT NULL REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX recovery_codes_user ON recovery_codes (user_id);

CREATE TABLE remembered_devices (
    hash          bytea       NOT NULL PRIMARY KEY, -- of the browser's cookie
    user_id       text        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    remembered_at timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL
);
CREATE INDEX remembered_devices_user ON remembered_devices (user_id);
CREATE INDEX remembered_devices_expiry ON remembered_devices (expires_at);

CREATE TABLE used_once (
    key        bytea       NOT NULL PRIMARY KEY,
    expires_at timestamptz NOT NULL
);
CREATE INDEX used_once_expiry ON used_once (expires_at);

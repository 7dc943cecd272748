-- Digests are SHA-256, 32 bytes. `json` and not `jsonb`: only the former takes the escape of a NUL.
-- In texts, NUL is written as U+0001 0 and U+0001 as U+0001 1 (PostgreSQL has no NUL).

CREATE TABLE users (
    id           text        NOT NULL PRIMARY KEY,
    store        text        NOT NULL,
    name_digest  bytea       NOT NULL, -- of the lower-cased username: any name fits an index
    username     text        NOT NULL,
    email        text,
    email_verified boolean   NOT NULL,
    display_name text,
    given_name   text,
    family_name  text,
    groups       json        NOT NULL,
    disabled     boolean     NOT NULL,
    declared     boolean     NOT NULL, -- a manifest declares this user at present
    updated_at   timestamptz NOT NULL,
    UNIQUE (store, name_digest)
);
CREATE INDEX users_declared ON users (store) WHERE declared;

CREATE TABLE passwords (
    user_id       text        NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    hash          text        NOT NULL,
    declared_hash text,
    changed_at    timestamptz NOT NULL
);

CREATE TABLE sessions (
    id         text        NOT NULL PRIMARY KEY,
    token      bytea       NOT NULL UNIQUE,
    user_id    text        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    auth_time  timestamptz NOT NULL,
    amr        json        NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE consents (
    user_id    text        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id  text        NOT NULL,
    scopes     text[]      NOT NULL,
    given_at   timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, client_id)
);

CREATE TABLE codes (
    hash           bytea       NOT NULL PRIMARY KEY,
    grant_id       text        NOT NULL,
    client_id      text        NOT NULL,
    user_id        text        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    session_id     text        NOT NULL,
    offline        boolean     NOT NULL,
    scopes         text[]      NOT NULL,
    resources      json        NOT NULL,
    auth_time      timestamptz NOT NULL,
    amr            json        NOT NULL,
    created_at     timestamptz NOT NULL,
    redirect_uri   text        NOT NULL,
    redirect_uri_was_sent boolean NOT NULL,
    nonce          text,
    code_challenge text,
    expires_at     timestamptz NOT NULL,
    consumed_at    timestamptz,
    forget_at      timestamptz NOT NULL -- a consumed code is remembered a while, to see a replay
);
CREATE INDEX codes_user ON codes (user_id, client_id);
CREATE INDEX codes_forget ON codes (forget_at);

CREATE TABLE grants (
    id         text        NOT NULL PRIMARY KEY,
    client_id  text        NOT NULL,
    user_id    text        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    session_id text        NOT NULL,
    offline    boolean     NOT NULL,
    scopes     text[]      NOT NULL,
    resources  json        NOT NULL,
    auth_time  timestamptz NOT NULL,
    amr        json        NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz
);
CREATE INDEX grants_session ON grants (session_id);
CREATE INDEX grants_user ON grants (user_id, client_id);
CREATE INDEX grants_expiry ON grants (expires_at);

CREATE TABLE refresh_tokens (
    hash        bytea       NOT NULL PRIMARY KEY,
    grant_id    text        NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    expires_at  timestamptz NOT NULL,
    consumed_at timestamptz,
    successor   bytea,               -- what took its place
    retried     boolean     NOT NULL -- its one retry has been used, or it never has one
);
CREATE INDEX refresh_tokens_grant ON refresh_tokens (grant_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);

CREATE TABLE revoked_tokens (
    jti_digest bytea       NOT NULL PRIMARY KEY,
    expires_at timestamptz NOT NULL
);
CREATE INDEX revoked_tokens_expiry ON revoked_tokens (expires_at);

CREATE TABLE reference_tokens (
    hash       bytea       NOT NULL PRIMARY KEY,
    claims     json        NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX reference_tokens_expiry ON reference_tokens (expires_at);

CREATE TABLE signing_keys (
    kid         text        NOT NULL PRIMARY KEY,
    purpose     text        NOT NULL,
    generation  bigint      NOT NULL, -- counts within a purpose; the highest is the newest
    material    bytea       NOT NULL,
    created_at  timestamptz NOT NULL,
    active_from timestamptz NOT NULL,
    retires_at  timestamptz,
    expires_at  timestamptz,
    UNIQUE (purpose, generation)
);

CREATE TABLE failed_logins (
    key        bytea         NOT NULL PRIMARY KEY,
    failures   timestamptz[] NOT NULL, -- the newest hundred within the window
    expires_at timestamptz   NOT NULL
);
CREATE INDEX failed_logins_expiry ON failed_logins (expires_at);

CREATE TABLE audit (
    seq       bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL,
    kind      text        NOT NULL,
    user_id   text,
    client_id text,
    details   json        NOT NULL
);
CREATE INDEX audit_at ON audit (at);

CREATE TABLE leases (
    name       text        NOT NULL PRIMARY KEY,
    holder     text        NOT NULL,
    expires_at timestamptz NOT NULL
);

-- The configuration that was in force last, for a replica that starts while the operator is away.

CREATE TABLE configurations (
    server   text        NOT NULL PRIMARY KEY, -- NAMESPACE/NAME of the AuthServer
    fence    bigint      NOT NULL, -- the position: the leader's term, then the order within it
    sequence bigint      NOT NULL,
    revision text        NOT NULL,
    key_id   text        NOT NULL, -- the key-encryption key that sealed it
    sealed   bytea       NOT NULL,
    saved_at timestamptz NOT NULL
);
-- It is sealed, and does not compress.
ALTER TABLE configurations ALTER COLUMN sealed SET STORAGE EXTERNAL;

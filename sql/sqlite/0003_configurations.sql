-- The configuration that was in force last, for a replica that starts while the operator is away.

CREATE TABLE configurations (
    server   TEXT    NOT NULL PRIMARY KEY, -- NAMESPACE/NAME of the AuthServer
    fence    INTEGER NOT NULL, -- the position: the leader's term, then the order within it
    sequence INTEGER NOT NULL,
    revision TEXT    NOT NULL,
    key_id   TEXT    NOT NULL, -- the key-encryption key that sealed it
    sealed   BLOB    NOT NULL,
    saved_at INTEGER NOT NULL
) STRICT;

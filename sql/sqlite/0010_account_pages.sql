-- What people see of their own account: where they are signed in, and what happened.

CREATE TABLE session_devices (
    session_id TEXT NOT NULL PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    agent      TEXT NOT NULL, -- what the browser calls itself
    address    TEXT NOT NULL  -- from where it logged in; empty: not known
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_user ON audit (user_id, seq) WHERE user_id IS NOT NULL;

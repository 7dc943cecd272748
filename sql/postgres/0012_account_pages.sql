-- What people see of their own account: where they are signed in, and what happened.

CREATE TABLE session_devices (
    session_id text NOT NULL PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    agent      text NOT NULL, -- what the browser calls itself
    address    text NOT NULL  -- from where it logged in; empty: not known
);

CREATE INDEX audit_user ON audit (user_id, seq) WHERE user_id IS NOT NULL;

-- Who is told when a login session ends (OpenID Connect Back-Channel Logout), and what has yet to be told.

-- Clients that were given an ID token of a session, and want to be told of its end. Without a foreign key: the trigger below moves the rows.
CREATE TABLE session_clients (
    session_id TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    joined_at  INTEGER NOT NULL,
    PRIMARY KEY (session_id, client_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_clients_client ON session_clients (client_id);

CREATE TABLE logouts (
    id         TEXT    NOT NULL PRIMARY KEY,
    session_id TEXT    NOT NULL,
    user_id    TEXT    NOT NULL,
    client_id  TEXT    NOT NULL,
    joined_at  INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    due_at     INTEGER NOT NULL DEFAULT 0,
    forget_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX logouts_due ON logouts (due_at);
CREATE INDEX logouts_forget ON logouts (forget_at);
CREATE INDEX logouts_client ON logouts (client_id);

-- However a session ends. A sweep of expired ones takes their rows of `session_clients` away before.
CREATE TRIGGER sessions_logged_out AFTER DELETE ON sessions BEGIN
    INSERT INTO logouts (id, session_id, user_id, client_id, joined_at, forget_at)
    SELECT lower(hex(randomblob(16))), session_id, OLD.user_id, client_id, joined_at, OLD.expires_at + 86400000000
    FROM session_clients WHERE session_id = OLD.id;
    DELETE FROM session_clients WHERE session_id = OLD.id;
END;

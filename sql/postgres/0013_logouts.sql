-- Who is told when a login session ends (OpenID Connect Back-Channel Logout), and what has yet to be told.

-- Clients that were given an ID token of a session, and want to be told of its end. Without a foreign key: the trigger below moves the rows.
CREATE TABLE session_clients (
    session_id text NOT NULL,
    client_id  text NOT NULL,
    joined_at  timestamptz NOT NULL,
    PRIMARY KEY (session_id, client_id)
);
CREATE INDEX session_clients_client ON session_clients (client_id);

CREATE TABLE logouts (
    id         text        NOT NULL PRIMARY KEY,
    session_id text        NOT NULL,
    user_id    text        NOT NULL,
    client_id  text        NOT NULL,
    joined_at  timestamptz NOT NULL,
    attempts   integer     NOT NULL DEFAULT 0,
    due_at     timestamptz NOT NULL DEFAULT 'epoch',
    forget_at  timestamptz NOT NULL
);
CREATE INDEX logouts_due ON logouts (due_at);
CREATE INDEX logouts_forget ON logouts (forget_at);
CREATE INDEX logouts_client ON logouts (client_id);

-- However a session ends, whichever release ends it, and whatever schema whoever ends it looks in; but not when it has expired and is swept
-- (`nauthera.sweeps`).
CREATE FUNCTION note_logouts() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    WITH moved AS (
        DELETE FROM session_clients c USING touched t WHERE c.session_id = t.id
        RETURNING c.session_id, c.client_id, c.joined_at, t.user_id, t.expires_at
    )
    INSERT INTO logouts (id, session_id, user_id, client_id, joined_at, forget_at)
    SELECT gen_random_uuid()::text, session_id, user_id, client_id, joined_at, expires_at + interval '1 day' FROM moved
    WHERE current_setting('nauthera.sweeps', true) IS DISTINCT FROM 'yes';
    RETURN NULL;
END
$$;
CREATE TRIGGER sessions_logged_out AFTER DELETE ON sessions
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION note_logouts();

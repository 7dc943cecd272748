-- People of a directory who have logged in.
-- In `users`, their `name_digest` is made of the directory's id: their name is the directory's to find, and may pass to somebody else.

CREATE TABLE directory_people (
    user_id     TEXT    NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    external_id TEXT    NOT NULL, -- what the directory knows them by for ever: `entryUUID:…`
    checked_at  INTEGER NOT NULL  -- when the directory last said what `users` says
) STRICT, WITHOUT ROWID;

-- People whom no manifest declares, and passwords that somebody else set.

ALTER TABLE users ADD COLUMN own INTEGER NOT NULL DEFAULT 0; -- made by hand: no manifest takes the row over
ALTER TABLE passwords ADD COLUMN must_change INTEGER NOT NULL DEFAULT 0; -- to be changed at the next login

-- The order in which they are listed.
CREATE INDEX users_listed ON users (store, substr(username, 1, 64), id);

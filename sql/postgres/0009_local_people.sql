-- People whom no manifest declares, and passwords that somebody else set.

ALTER TABLE users ADD COLUMN own boolean NOT NULL DEFAULT false; -- made by hand: no manifest takes the row over
ALTER TABLE passwords ADD COLUMN must_change boolean NOT NULL DEFAULT false; -- to be changed at the next login

-- The order in which they are listed. The beginning of a name: a whole one may be too long for an index.
CREATE INDEX users_listed ON users (store, (left(username, 64)) COLLATE "C", id);

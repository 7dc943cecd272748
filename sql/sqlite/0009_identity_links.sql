-- People of an upstream provider who are people of a UserStore. Decided once, at their first login.

CREATE TABLE identity_links (
    provider    TEXT    NOT NULL, -- `idp:NAMESPACE/NAME`
    digest      BLOB    NOT NULL, -- of what the provider knows them by for ever
    external_id TEXT    NOT NULL,
    user_id     TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    linked_at   INTEGER NOT NULL,
    PRIMARY KEY (provider, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX identity_links_user ON identity_links (user_id);

-- Who has an address. `lower` knows ASCII letters alone: no letter of another alphabet is taken for one of them.
CREATE INDEX users_verified_email ON users (lower(email)) WHERE email_verified = 1;

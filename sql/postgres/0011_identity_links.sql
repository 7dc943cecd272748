-- People of an upstream provider who are people of a UserStore. Decided once, at their first login.

CREATE TABLE identity_links (
    provider    text        NOT NULL, -- `idp:NAMESPACE/NAME`
    digest      bytea       NOT NULL, -- of what the provider knows them by for ever
    external_id text        NOT NULL,
    user_id     text        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    linked_at   timestamptz NOT NULL,
    PRIMARY KEY (provider, digest)
);
CREATE INDEX identity_links_user ON identity_links (user_id);

-- Who has an address. Case matters for ASCII letters alone ("C"): no letter of another alphabet is taken for one of them. Longer texts are no addresses.
CREATE INDEX users_verified_email ON users (lower(left(email, 320) COLLATE "C")) WHERE email_verified;

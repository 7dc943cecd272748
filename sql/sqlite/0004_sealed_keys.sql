-- The key-encryption key that sealed a key; NULL: it is in the clear.

ALTER TABLE signing_keys ADD COLUMN key_id TEXT;

-- Servers keep copies of sessions and keys. Whoever writes tells the others, in the same transaction; an older release that runs beside this
-- one tells too, since the database does it. The channel is the schema's own: servers of other schemas do not hear of it.

CREATE FUNCTION tell_servers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM touched) THEN
        PERFORM pg_notify('nauthera_' || left(encode(sha256(convert_to(TG_TABLE_SCHEMA, 'UTF8')), 'hex'), 32), TG_ARGV[0]);
    END IF;
    RETURN NULL;
END
$$;

-- It ended, or has another cookie.
CREATE TRIGGER sessions_renewed AFTER UPDATE ON sessions
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION tell_servers('sessions');
CREATE TRIGGER sessions_ended AFTER DELETE ON sessions
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION tell_servers('sessions');

-- Disabled, or other groups.
CREATE TRIGGER users_changed AFTER UPDATE ON users
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION tell_servers('sessions');

CREATE TRIGGER signing_keys_made AFTER INSERT ON signing_keys
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION tell_servers('keys');
CREATE TRIGGER signing_keys_changed AFTER UPDATE ON signing_keys
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION tell_servers('keys');

-- Servers that share a cache want to know which session and which person changed: said before the kind, which servers of the release before wait for.
-- What is swept is none of it: everybody knows when it expired.

CREATE OR REPLACE FUNCTION tell_servers() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    channel text := 'nauthera_' || left(encode(sha256(convert_to(TG_TABLE_SCHEMA, 'UTF8')), 'hex'), 32);
    number bigint;
    which text;
BEGIN
    IF current_setting('nauthera.sweeps', true) = 'yes' THEN
        RETURN NULL;
    END IF;
    IF TG_TABLE_NAME = 'sessions' THEN
        SELECT count(*), string_agg(encode(token, 'hex'), ',') INTO number, which FROM touched;
        which := 's:' || CASE WHEN number <= 100 THEN which ELSE '*' END;
    ELSIF TG_TABLE_NAME = 'users' THEN
        SELECT count(*), string_agg(id, ',') INTO number, which FROM touched;
        which := 'u:' || CASE WHEN number <= 100 AND octet_length(which) < 7000 THEN which ELSE '*' END;
    ELSE
        SELECT count(*) INTO number FROM touched;
    END IF;
    IF number = 0 THEN
        RETURN NULL;
    END IF;
    IF which IS NOT NULL THEN
        PERFORM pg_notify(channel, which);
    END IF;
    PERFORM pg_notify(channel, TG_ARGV[0]);
    RETURN NULL;
END
$$;

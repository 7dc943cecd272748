-- What there is of one client, for the day on which it is deleted.

CREATE INDEX grants_client ON grants (client_id) WHERE ended_at IS NULL;
CREATE INDEX codes_client ON codes (client_id) WHERE consumed_at IS NULL;
CREATE INDEX consents_client ON consents (client_id);

-- Portable: PostgreSQL and SQLite read this alike. Hashes, nonces and sealed text are hexadecimal.

ALTER TABLE events ADD COLUMN request_id TEXT;
ALTER TABLE events ADD COLUMN facts TEXT;
-- What the row takes, roughly: the sum is kept below a bound.
ALTER TABLE events ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;
-- 1 where addresses have been shortened.
ALTER TABLE events ADD COLUMN shortened BIGINT NOT NULL DEFAULT 0;
UPDATE events SET bytes = 256 + LENGTH(client) + LENGTH(COALESCE(target, '')) + LENGTH(COALESCE(user_agent, ''))
    + LENGTH(signals);
INSERT INTO counters (tenant, name, value) SELECT tenant, 'events.bytes', SUM(bytes) FROM events GROUP BY tenant;
CREATE INDEX events_request ON events (tenant, request_id) WHERE request_id IS NOT NULL;
CREATE INDEX events_full_address ON events (tenant, time) WHERE shortened = 0;
-- The score is in the index so that a reputation is read from it alone.
DROP INDEX events_client;
CREATE INDEX events_client ON events (tenant, client, time, id, score);

CREATE TABLE api_keys (
    tenant BIGINT NOT NULL,
    id BIGINT NOT NULL,
    hash TEXT NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    last_chars TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, hash)
);

-- Only ever appended to. hash covers every other column and the hash of the line before.
CREATE TABLE audit_lines (
    tenant BIGINT NOT NULL,
    id BIGINT NOT NULL,
    time BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL,
    sealed TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
);

-- The key of each person's fields in audit_lines. Erasing a person deletes the row, and no line changes.
CREATE TABLE audit_subjects (
    tenant BIGINT NOT NULL,
    id BIGINT NOT NULL,
    subject TEXT NOT NULL,
    data_key TEXT NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, subject)
);

CREATE TABLE rollups (
    tenant BIGINT NOT NULL,
    minute BIGINT NOT NULL,
    site BIGINT NOT NULL,
    action TEXT NOT NULL,
    class TEXT NOT NULL,
    requests BIGINT NOT NULL,
    bots BIGINT NOT NULL,
    PRIMARY KEY (tenant, minute, site, action, class)
);

CREATE TABLE escalations (
    tenant BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    free_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX escalations_free ON escalations (tenant, kind, id, free_at);

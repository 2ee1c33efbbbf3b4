-- Portable: PostgreSQL and SQLite read this alike. Hashes are hexadecimal, hostnames stand with blanks between.

-- Site keys share the numbers of API keys: a number means one thing on the command line.
CREATE TABLE site_keys (
    tenant BIGINT NOT NULL,
    id BIGINT NOT NULL,
    site_key TEXT NOT NULL,
    name TEXT NOT NULL,
    hostnames TEXT NOT NULL,
    secret TEXT NOT NULL,
    -- The secret before, and until when it is taken.
    previous TEXT,
    previous_until BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, site_key)
);

-- Portable: PostgreSQL and SQLite read this alike. Moments are microseconds since 1970, words are spelled out.

-- Numbers are given per tenant and never twice.
CREATE TABLE counters (
    tenant BIGINT NOT NULL,
    name TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (tenant, name)
);

CREATE TABLE list_entries (
    tenant BIGINT NOT NULL,
    id BIGINT NOT NULL,
    network TEXT NOT NULL,
    effect TEXT NOT NULL,
    per_minute BIGINT,
    expires_at BIGINT,
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, network, effect)
);
CREATE INDEX list_entries_expiry ON list_entries (tenant, expires_at);

CREATE TABLE events (
    tenant BIGINT NOT NULL,
    id BIGINT NOT NULL,
    time BIGINT NOT NULL,
    site BIGINT NOT NULL,
    client TEXT NOT NULL,
    method TEXT,
    target TEXT,
    user_agent TEXT,
    status BIGINT,
    score BIGINT NOT NULL,
    action TEXT NOT NULL,
    enforced TEXT NOT NULL,
    rule TEXT NOT NULL,
    identity_class TEXT NOT NULL,
    identity_claimed TEXT,
    identity_status TEXT NOT NULL,
    signals TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX events_time ON events (tenant, time, id);
CREATE INDEX events_client ON events (tenant, client, time, id);

CREATE TABLE labels (
    tenant BIGINT NOT NULL,
    id BIGINT NOT NULL,
    subject TEXT NOT NULL,
    verdict TEXT NOT NULL,
    source TEXT NOT NULL,
    weight DOUBLE PRECISION NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, subject, source)
);

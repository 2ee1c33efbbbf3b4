-- Portable: PostgreSQL and SQLite read this alike. data is JSON without keys, values and names of fields.

CREATE TABLE interactions (
    tenant BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    time BIGINT NOT NULL,
    data TEXT NOT NULL,
    label TEXT,
    source TEXT NOT NULL,
    score DOUBLE PRECISION,
    -- What the row takes, roughly: the sum is kept below a bound.
    bytes BIGINT NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, name)
);
CREATE INDEX interactions_time ON interactions (tenant, time);
CREATE INDEX interactions_label ON interactions (tenant, label) WHERE label IS NOT NULL;

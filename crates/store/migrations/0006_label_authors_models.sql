-- Portable: PostgreSQL and SQLite read this alike. Bytes are hexadecimal where they are short, a blob where they are a file.

-- Two authors may contradict each other, so the author is part of what makes a label one; SQLite cannot change that in place.
CREATE TABLE labels_by_author (
    tenant BIGINT NOT NULL,
    id BIGINT NOT NULL,
    subject TEXT NOT NULL,
    verdict TEXT NOT NULL,
    source TEXT NOT NULL,
    weight DOUBLE PRECISION NOT NULL,
    created_at BIGINT NOT NULL,
    author TEXT NOT NULL,
    basis TEXT NOT NULL,
    withdrawn_at BIGINT,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, subject, source, author)
);
-- What was stored before says by its weight whether it repeats a decision of ours.
INSERT INTO labels_by_author
    SELECT tenant, id, subject, verdict, source, weight, created_at, '',
        CASE WHEN source = 'challenge' THEN 'work' WHEN weight <= 0.1 THEN 'decision' ELSE 'told' END, NULL
    FROM labels;
DROP TABLE labels;
ALTER TABLE labels_by_author RENAME TO labels;

CREATE TABLE models (
    tenant BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    data_sha256 TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    metrics TEXT NOT NULL,
    status TEXT NOT NULL,
    -- The version that was live before this one; empty where none was.
    before_id BIGINT,
    size BIGINT NOT NULL,
    -- Ranges of label numbers, as 1-5,9.
    labels TEXT NOT NULL,
    file BLOB NOT NULL,
    PRIMARY KEY (tenant, id)
);

-- Only ever appended to, and gone with its version.
CREATE TABLE model_changes (
    tenant BIGINT NOT NULL,
    id BIGINT NOT NULL,
    model BIGINT NOT NULL,
    time BIGINT NOT NULL,
    before_status TEXT,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    author TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX model_changes_model ON model_changes (tenant, model, id);

-- Clients that never train, in numbers, under a keyed hash. A row stays as it was put.
CREATE TABLE frozen_rows (
    tenant BIGINT NOT NULL,
    id BIGINT NOT NULL,
    client TEXT NOT NULL,
    schema_id TEXT NOT NULL,
    verdict TEXT NOT NULL,
    label BIGINT NOT NULL,
    vantage TEXT NOT NULL,
    requests BIGINT NOT NULL,
    by_rules DOUBLE PRECISION NOT NULL,
    feature_values BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, schema_id, client)
);

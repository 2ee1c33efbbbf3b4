-- Portable: PostgreSQL and SQLite read this alike. A pass is named by 32 hexadecimal digits.

CREATE TABLE revoked_passes (
    tenant BIGINT NOT NULL,
    pass TEXT NOT NULL,
    -- When it would have ended; the row is of no use after that.
    until BIGINT NOT NULL,
    PRIMARY KEY (tenant, pass)
);

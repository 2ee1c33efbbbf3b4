-- What the numbers of frozen rows are called: a release with one detector more still reads those of the release before. One list
-- for each release that froze some, as a JSON array. Rows of before this step have none: their list is number 0.
CREATE TABLE frozen_features (
    tenant BIGINT NOT NULL,
    id BIGINT NOT NULL,
    names TEXT NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, names)
);
ALTER TABLE frozen_rows ADD COLUMN features BIGINT NOT NULL DEFAULT 0;

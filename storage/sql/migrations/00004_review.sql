-- +goose Up

-- What officials need of an application: who has it, who approved it first,
-- what a search looks through; and the code that opens its status page.
ALTER TABLE applications ADD COLUMN reviewer TEXT NOT NULL DEFAULT '';
ALTER TABLE applications ADD COLUMN proposal TEXT NOT NULL DEFAULT '';
ALTER TABLE applications ADD COLUMN search TEXT NOT NULL DEFAULT '';
ALTER TABLE applications ADD COLUMN status_code TEXT NOT NULL DEFAULT '';
ALTER TABLE applications ADD COLUMN status_code_expires BIGINT NOT NULL DEFAULT 0;
ALTER TABLE applications ADD COLUMN status_code_failures BIGINT NOT NULL DEFAULT 0;
CREATE INDEX applications_queue ON applications (state, submitted_at, id);
CREATE INDEX applications_reviewer ON applications (reviewer);

-- What was done with an application. Each act makes a version of it.
CREATE TABLE decisions (
    application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    version        BIGINT NOT NULL,
    member         TEXT NOT NULL,
    kind           TEXT NOT NULL,
    reason         TEXT NOT NULL,
    text           TEXT NOT NULL,
    at             BIGINT NOT NULL,
    PRIMARY KEY (application_id, version)
);

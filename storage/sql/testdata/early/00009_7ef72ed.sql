-- +goose Up

-- What sent applications are found by (package application, SearchTerms), in
-- hexadecimal like account_terms: its order is the same in every collation,
-- so that the index serves the beginnings of words.
CREATE TABLE application_terms (
    term           TEXT NOT NULL,
    application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    PRIMARY KEY (term, application_id)
);
CREATE INDEX application_terms_application ON application_terms (application_id);
ALTER TABLE applications DROP COLUMN search;

-- Each queue in its order (queue.go). The conditions are those of the queues,
-- word for word.
DROP INDEX applications_queue;
DROP INDEX applications_reviewer;
CREATE INDEX applications_queue ON applications (reviewer, submitted_at, id, proposal, state) WHERE state IN ('submitted', 'in_review', 'more_information');
CREATE INDEX applications_asked ON applications (state, submitted_at, id) WHERE state = 'more_information';
CREATE INDEX applications_done ON applications (decided_at, id) WHERE decided_at > 0;
CREATE INDEX applications_sent ON applications (submitted_at, id) WHERE reference IS NOT NULL;

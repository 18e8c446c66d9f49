-- +goose Up

-- Addresses that were replaced less than seven days ago (pkg/account,
-- PreviousAddress), as JSON, and when the first of them is erased; '' and 0 for
-- none.
ALTER TABLE accounts ADD COLUMN previous TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN previous_ends BIGINT NOT NULL DEFAULT 0;
CREATE INDEX accounts_previous_ends ON accounts (previous_ends) WHERE previous_ends > 0;

-- Hash of the link that cancels the last unblock; '' for none.
ALTER TABLE accounts ADD COLUMN cancel_hash TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX accounts_cancel_hash ON accounts (cancel_hash) WHERE cancel_hash <> '';

-- The code that was last mailed for an enrolment after an unblock (pkg/account,
-- Mailed).
CREATE TABLE mailed_codes (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    enrolment  BIGINT NOT NULL,
    epoch      BIGINT NOT NULL,
    hash       TEXT NOT NULL,
    expires    BIGINT NOT NULL,
    used_by    TEXT NOT NULL,
    sent       BIGINT NOT NULL,
    sent_at    BIGINT NOT NULL,
    failures   BIGINT NOT NULL
);

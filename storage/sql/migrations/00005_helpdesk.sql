-- +goose Up

ALTER TABLE accounts ADD COLUMN unblocked_at BIGINT NOT NULL DEFAULT 0;

-- What accounts are found by (package helpdesk, Terms), in hexadecimal: its
-- order is the same in every collation, so that the index serves prefixes.
CREATE TABLE account_terms (
    term       TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    PRIMARY KEY (term, account_id)
);
CREATE INDEX account_terms_account ON account_terms (account_id);
CREATE INDEX applications_account ON applications (account_id);

CREATE TABLE unblock_cases (
    id         TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    epoch      BIGINT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('open', 'proposed', 'done', 'refused', 'cancelled')),
    second     BOOLEAN NOT NULL,
    answers    TEXT NOT NULL DEFAULT '{}',
    code_right BOOLEAN NOT NULL DEFAULT FALSE,
    rights     BIGINT NOT NULL DEFAULT 0,
    wrongs     BIGINT NOT NULL DEFAULT 0,
    reason     TEXT NOT NULL DEFAULT '',
    ticket     TEXT NOT NULL DEFAULT '',
    opened_by  TEXT NOT NULL,
    opened_at  BIGINT NOT NULL,
    decided_by TEXT NOT NULL DEFAULT '',
    decided_at BIGINT NOT NULL DEFAULT 0,
    version    BIGINT NOT NULL DEFAULT 1,
    -- Nothing is done without an identified caller and a reason, nor a
    -- company's account by one person.
    CHECK (state <> 'done' OR (code_right AND rights >= 3 AND reason <> '')),
    CHECK (state <> 'done' OR NOT second OR decided_by <> opened_by)
);
CREATE UNIQUE INDEX unblock_cases_live ON unblock_cases (account_id) WHERE state IN ('open', 'proposed');
CREATE INDEX unblock_cases_state ON unblock_cases (state, opened_at);

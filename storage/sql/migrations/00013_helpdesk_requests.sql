-- +goose Up

-- What the helpdesk changes about an account (pkg/helpdesk, Request). It takes
-- the place of unblock_cases and account_changes. Older servers go on with
-- those (deploy/decisions/012-one-helpdesk-request.md); a later version copies
-- what they wrote and drops them.
CREATE TABLE helpdesk_requests (
    id           TEXT PRIMARY KEY,
    reference    TEXT NOT NULL DEFAULT '',
    account_id   TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    epoch        BIGINT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('unblock', 'address', 'closing')),
    state        TEXT NOT NULL CHECK (state IN ('open', 'proposed', 'confirmed', 'done', 'refused', 'cancelled')),
    second       BOOLEAN NOT NULL,
    answers      TEXT NOT NULL DEFAULT '{}',
    code_asked   BOOLEAN NOT NULL DEFAULT FALSE,
    code_right   BOOLEAN NOT NULL DEFAULT FALSE,
    rights       BIGINT NOT NULL DEFAULT 0,
    wrongs       BIGINT NOT NULL DEFAULT 0,
    reason       TEXT NOT NULL DEFAULT '',
    ticket       TEXT NOT NULL DEFAULT '',
    email        TEXT NOT NULL DEFAULT '',
    tries        BIGINT NOT NULL DEFAULT 0,
    opened_by    TEXT NOT NULL,
    opened_at    BIGINT NOT NULL,
    confirmed_by TEXT NOT NULL DEFAULT '',
    valid_from   BIGINT NOT NULL DEFAULT 0,
    valid_until  BIGINT NOT NULL DEFAULT 0,
    decided_by   TEXT NOT NULL DEFAULT '',
    decided_at   BIGINT NOT NULL DEFAULT 0,
    version      BIGINT NOT NULL DEFAULT 1,
    -- The helpdesk hands no account over without an identified caller, and does
    -- nothing without a reason, nor what takes two officials with one.
    CHECK (kind <> 'unblock' OR code_asked),
    CHECK (kind <> 'address' OR second),
    CHECK (kind = 'address' OR state <> 'confirmed'),
    CHECK (state NOT IN ('confirmed', 'done') OR kind = 'closing' OR (rights >= 3 AND (code_right OR NOT code_asked))),
    CHECK (state NOT IN ('confirmed', 'done') OR reason <> ''),
    CHECK (state NOT IN ('confirmed', 'done') OR confirmed_by <> '' AND (NOT second OR confirmed_by <> opened_by)),
    -- An address changes in the time in which its holder may confirm it.
    CHECK (state NOT IN ('confirmed', 'done') OR kind <> 'address' OR email <> ''),
    CHECK (state <> 'done' OR kind <> 'address' OR (valid_from <= decided_at AND decided_at < valid_until))
);
CREATE UNIQUE INDEX helpdesk_requests_reference ON helpdesk_requests (reference) WHERE reference <> '';
-- An account has one unblock and one change at a time.
CREATE UNIQUE INDEX helpdesk_requests_unblock ON helpdesk_requests (account_id) WHERE kind = 'unblock' AND state IN ('open', 'proposed');
CREATE UNIQUE INDEX helpdesk_requests_change ON helpdesk_requests (account_id) WHERE kind <> 'unblock' AND state IN ('open', 'proposed', 'confirmed');
CREATE INDEX helpdesk_requests_account ON helpdesk_requests (account_id, decided_at);
CREATE INDEX helpdesk_requests_state ON helpdesk_requests (state, opened_at);

INSERT INTO helpdesk_requests (id, account_id, epoch, kind, state, second, answers, code_asked, code_right, rights, wrongs, reason, ticket,
        opened_by, opened_at, confirmed_by, decided_by, decided_at, version)
    SELECT id, account_id, epoch, 'unblock', state, second, answers, TRUE, code_right, rights, wrongs, reason, ticket,
        opened_by, opened_at, CASE WHEN state = 'done' THEN decided_by ELSE '' END, decided_by, decided_at, version
    FROM unblock_cases;
INSERT INTO helpdesk_requests (id, reference, account_id, epoch, kind, state, second, answers, code_asked, code_right, rights, wrongs, reason, ticket,
        email, tries, opened_by, opened_at, confirmed_by, valid_from, valid_until, decided_by, decided_at, version)
    SELECT id, reference, account_id, epoch, kind, state, second, answers, code_asked, code_right, rights, wrongs, reason, ticket,
        email, tries, opened_by, opened_at, confirmed_by, valid_from, valid_until, decided_by, decided_at, version
    FROM account_changes;

-- +goose Up

-- A reference names one block. Two of eight random characters were never
-- seen alike; should there be any, the later account's gets a tail.
UPDATE accounts SET block_ref = block_ref || '-' || substr(id, 1, 4)
    WHERE block_ref <> '' AND EXISTS (SELECT 1 FROM accounts AS o WHERE o.block_ref = accounts.block_ref AND o.id < accounts.id);
CREATE UNIQUE INDEX accounts_block_ref_once ON accounts (block_ref) WHERE block_ref <> '';

ALTER TABLE accounts ADD COLUMN closed_at BIGINT NOT NULL DEFAULT 0;

-- What the helpdesk changes about an account and a colleague confirms: its
-- e-mail address, or that it ends.
CREATE TABLE account_changes (
    id           TEXT PRIMARY KEY,
    reference    TEXT NOT NULL UNIQUE,
    account_id   TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    epoch        BIGINT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('address', 'closing')),
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
    -- No address changes without an identified caller, a reason and two people.
    CHECK (kind <> 'address' OR state NOT IN ('confirmed', 'done')
        OR (rights >= 3 AND (code_right OR NOT code_asked) AND reason <> '' AND email <> '' AND confirmed_by NOT IN ('', opened_by))),
    CHECK (kind <> 'closing' OR state <> 'done' OR (reason <> '' AND (NOT second OR confirmed_by NOT IN ('', opened_by))))
);
CREATE UNIQUE INDEX account_changes_live ON account_changes (account_id) WHERE state IN ('open', 'proposed', 'confirmed');
CREATE INDEX account_changes_state ON account_changes (state, opened_at);

-- What officials looked at lately, and when one of them looked at too much.
CREATE INDEX audit_events_staff ON audit_events (actor_id, at) WHERE actor_kind = 'staff';
CREATE TABLE staff_alarms (
    member TEXT PRIMARY KEY,
    at     BIGINT NOT NULL,
    files  BIGINT NOT NULL
);

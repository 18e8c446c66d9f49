-- +goose Up

-- Addresses that an account had until less than account.PreviousTime ago, one row for
-- each in accounts.previous: no other account can take them.
CREATE TABLE previous_addresses (
    email      TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    until      BIGINT NOT NULL,
    PRIMARY KEY (email, account_id)
);
CREATE INDEX previous_addresses_account ON previous_addresses (account_id);
CREATE INDEX previous_addresses_until ON previous_addresses (until);

-- The change of address that a holder last asked for (account.AddressChange).
CREATE TABLE address_changes (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    sid        TEXT NOT NULL,
    epoch      BIGINT NOT NULL,
    email      TEXT NOT NULL,
    taken      BOOLEAN NOT NULL,
    code_hash  TEXT NOT NULL,
    asked_at   BIGINT NOT NULL,
    failures   BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX address_changes_asked_at ON address_changes (asked_at);

-- The changes that a mailed link can undo (account.AddressUndo).
CREATE TABLE address_undos (
    id          TEXT PRIMARY KEY,
    hash        TEXT NOT NULL UNIQUE,
    account_id  TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    email       TEXT NOT NULL,
    at          BIGINT NOT NULL,
    until       BIGINT NOT NULL,
    password    TEXT NOT NULL,
    password_at BIGINT NOT NULL,
    factors     TEXT NOT NULL,
    used_at     BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX address_undos_account ON address_undos (account_id);
CREATE INDEX address_undos_until ON address_undos (until);

-- Which addresses have an application under way.
CREATE INDEX applications_email ON applications (email) WHERE state IN ('submitted', 'in_review', 'more_information');

-- +goose Up

-- When the holder last changed the password and the data of the account, 0 for never;
-- and whether a new password has to be chosen ('due') or may be chosen by a mailed link
-- alone ('lost'), see account.Renewal.
ALTER TABLE accounts ADD COLUMN password_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN renewal TEXT NOT NULL DEFAULT '';

-- Until when a browser is known; 0 for those that logged in, which have no end.
ALTER TABLE devices ADD COLUMN until BIGINT NOT NULL DEFAULT 0;

-- The sessions of an account, for the list that its holder sees (session.Entry). What
-- decides whether a session is live is elsewhere.
CREATE TABLE logins (
    sid        TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    epoch      BIGINT NOT NULL,
    key        TEXT NOT NULL,
    agent      TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    expires    BIGINT NOT NULL
);
CREATE INDEX logins_account ON logins (account_id);
CREATE INDEX logins_expires ON logins (expires);

-- The last link that was mailed to an address for a new password
-- (account.PasswordLink). An address that no account has gets a row as well, with a
-- link that is not mailed.
CREATE TABLE password_links (
    key        TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    epoch      BIGINT NOT NULL,
    hash       TEXT NOT NULL UNIQUE,
    client_id  TEXT NOT NULL,
    sent       BIGINT NOT NULL,
    sent_at    BIGINT NOT NULL,
    opened_at  BIGINT NOT NULL
);
CREATE INDEX password_links_sent_at ON password_links (sent_at);

-- Choosing a new password in the browser that used such a link (account.Reset).
CREATE TABLE password_resets (
    browser    TEXT PRIMARY KEY,
    key        TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    epoch      BIGINT NOT NULL,
    client_id  TEXT NOT NULL,
    opened_at  BIGINT NOT NULL,
    code_at    BIGINT NOT NULL DEFAULT 0,
    used_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX password_resets_opened_at ON password_resets (opened_at);
CREATE INDEX password_resets_account ON password_resets (account_id);

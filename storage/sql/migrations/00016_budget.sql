-- +goose Up

-- What strangers had mailed to a mailbox (pkg/limit): the key is the hash of its
-- address without tags. Mails to it are spaced; the latest code stays valid for
-- whoever can read the mailbox.
CREATE TABLE mailboxes (
    key     TEXT PRIMARY KEY,
    mails   BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    code    TEXT NOT NULL DEFAULT ''
);
CREATE INDEX mailboxes_last_at ON mailboxes (last_at);

-- When a person was last told that somebody tries passwords at their address; the
-- key is that of the lanes.
CREATE TABLE told_tries (
    key TEXT PRIMARY KEY,
    at  BIGINT NOT NULL
);
CREATE INDEX told_tries_at ON told_tries (at);

-- +goose Up

-- How often codes were tried since the latest one was mailed to the mailbox: it is
-- void after limit.MailboxTries.
ALTER TABLE mailboxes ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;

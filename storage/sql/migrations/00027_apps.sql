-- +goose Up

-- What is stored of an account's authenticator apps besides the columns totp_…
-- (account.Apps, as JSON); '' for one app that was never named or replaced.
ALTER TABLE accounts ADD COLUMN apps TEXT NOT NULL DEFAULT '';

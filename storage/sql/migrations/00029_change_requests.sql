-- +goose Up

-- A change request of an account's holder is an application with the account that it
-- asks to change. No account is made of it: the check holds for every server, also one
-- of a version that does not know the column, which takes it for an application. Such a
-- server cannot approve it, nor let a password be chosen, without which it sends no
-- draft in.
ALTER TABLE applications ADD COLUMN changes TEXT NOT NULL DEFAULT '' CHECK (changes = '' OR (account_id = '' AND password_hash = ''));

-- An account has one draft or undecided request.
CREATE UNIQUE INDEX applications_changes_once ON applications (changes)
    WHERE changes <> '' AND state IN ('email_confirmed', 'submitted', 'in_review', 'more_information');
CREATE INDEX applications_changes ON applications (changes, submitted_at) WHERE changes <> '';

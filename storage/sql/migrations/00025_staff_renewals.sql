-- +goose Up

-- The proposal of one administrator to invite a member again who has joined
-- before, as JSON, and who made it (pkg/staff, Renewal); '' for none.
ALTER TABLE staff ADD COLUMN renewal TEXT NOT NULL DEFAULT '';
ALTER TABLE staff ADD COLUMN renewal_by TEXT NOT NULL DEFAULT '';

-- +goose Up

-- For the removal of a client, which revokes its grants, and for that of an account,
-- which removes them.
CREATE INDEX grants_client ON grants (client_id);
CREATE INDEX grants_account ON grants (account_id);

-- For the job that destroys documents, which looks for those that are left.
CREATE INDEX documents_kept ON documents (application_id) WHERE destroyed_at = 0;

-- 1 once every account and application has its search terms, so that a start need not
-- look for those without. Every binary that may use this schema writes the terms of
-- what it adds.
ALTER TABLE schema_floor ADD COLUMN terms BIGINT NOT NULL DEFAULT 0;

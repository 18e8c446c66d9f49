-- +goose Up

-- What the scanner said of a document: pending, clean or infected.
ALTER TABLE documents ADD COLUMN verdict TEXT NOT NULL DEFAULT 'pending';
ALTER TABLE documents ADD COLUMN signature TEXT NOT NULL DEFAULT '';
ALTER TABLE documents ADD COLUMN scanned_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX documents_verdict ON documents (verdict, created_at);

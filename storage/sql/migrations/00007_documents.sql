-- +goose Up

-- When the content of a document was destroyed; its facts stay.
ALTER TABLE documents ADD COLUMN destroyed_at BIGINT NOT NULL DEFAULT 0;

-- Tickets to look at a document, each good for one look.
CREATE TABLE document_tickets (
    hash        TEXT PRIMARY KEY,
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    expires     BIGINT NOT NULL
);
CREATE INDEX document_tickets_document ON document_tickets (document_id);
CREATE INDEX document_tickets_expires ON document_tickets (expires);
CREATE INDEX applications_decided ON applications (decided_at);

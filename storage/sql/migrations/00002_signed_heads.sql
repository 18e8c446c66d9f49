-- +goose Up

-- Signed ends of the audit chain (pkg/audit, SignedHead).
CREATE TABLE audit_signed_heads (
    seq       BIGINT PRIMARY KEY,
    hash      TEXT NOT NULL,
    at        BIGINT NOT NULL,
    signature TEXT NOT NULL
);

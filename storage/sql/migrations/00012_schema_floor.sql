-- +goose Up

-- The newest migration that a binary has to know at least to use these tables
-- (pkg/installation, Schema). Only a migration that removes something raises it.
CREATE TABLE schema_floor (
    id      BIGINT PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL
);
INSERT INTO schema_floor (id, version) VALUES (1, 11);

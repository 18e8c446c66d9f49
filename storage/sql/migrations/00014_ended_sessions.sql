-- +goose Up

-- Sessions that have ended, by their sid. A grant of one of them is neither
-- issued nor redeemed, also while the end of the session is being written
-- (pkg/grant).
CREATE TABLE ended_sessions (
    sid     TEXT PRIMARY KEY,
    expires BIGINT NOT NULL
);
CREATE INDEX ended_sessions_expires ON ended_sessions (expires);

-- +goose Up

CREATE TABLE staff (
    id             TEXT PRIMARY KEY,
    name           TEXT NOT NULL,
    email          TEXT NOT NULL UNIQUE,
    lang           TEXT NOT NULL,
    roles          TEXT NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('invited', 'active', 'blocked', 'removed')),
    password_hash  TEXT NOT NULL DEFAULT '',
    epoch          BIGINT NOT NULL,
    totp_sealed    BYTEA,
    totp_last_step BIGINT NOT NULL DEFAULT 0,
    totp_failures  BIGINT NOT NULL DEFAULT 0,
    totp_next_try  BIGINT NOT NULL DEFAULT 0,
    invite         TEXT UNIQUE,
    invite_expires BIGINT NOT NULL DEFAULT 0,
    created_at     BIGINT NOT NULL,
    last_login_at  BIGINT NOT NULL DEFAULT 0,
    -- Nobody is active without both factors.
    CHECK (state <> 'active' OR (password_hash <> '' AND totp_sealed IS NOT NULL))
);

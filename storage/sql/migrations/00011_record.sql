-- +goose Up

-- The record is read by time, newest first, with any filter (pkg/audit, Filter).
CREATE INDEX audit_events_at ON audit_events (at, seq);
CREATE INDEX audit_events_actor ON audit_events (actor_kind, at, seq);
CREATE INDEX audit_events_member ON audit_events (actor_id, at, seq);
CREATE INDEX audit_events_action ON audit_events (action, at, seq);
CREATE INDEX audit_events_refused ON audit_events (at, seq) WHERE outcome <> 'ok';

-- Where the record begins, once its first part was removed (pkg/audit, Anchor).
CREATE TABLE audit_anchor (
    id        BIGINT PRIMARY KEY CHECK (id = 1),
    seq       BIGINT NOT NULL,
    hash      TEXT NOT NULL,
    at        BIGINT NOT NULL,
    signature TEXT NOT NULL
);

-- What this database was made for (pkg/installation).
CREATE TABLE installation (
    id          BIGINT PRIMARY KEY CHECK (id = 1),
    environment TEXT NOT NULL CHECK (environment IN ('production', 'practice')),
    issuer      TEXT NOT NULL
);

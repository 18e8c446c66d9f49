-- +goose Up

-- Files that officials saw in a list, without an event for each; kept for as
-- long as they are counted (staff.WatchTime).
CREATE TABLE staff_seen (
    member TEXT   NOT NULL,
    file   TEXT   NOT NULL, -- object kind and id, as in audit_events
    at     BIGINT NOT NULL,
    PRIMARY KEY (member, file)
);
CREATE INDEX staff_seen_at ON staff_seen (at);

-- Refused passwords by address (the key of its lanes), whether or not somebody
-- has it; kept for signin.SeriesTime.
CREATE TABLE refusals (
    key      TEXT PRIMARY KEY,
    realm    TEXT   NOT NULL,
    who      TEXT   NOT NULL, -- id of an account or a member; '' = nobody's address
    origin   TEXT   NOT NULL, -- network prefix of the first one
    tries    BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at  BIGINT NOT NULL,
    told     BIGINT NOT NULL DEFAULT 0, -- 1 = the event about the first one is written
    locks    BIGINT NOT NULL DEFAULT 0, -- events about locks that are written
    locked   BIGINT NOT NULL DEFAULT 0  -- the end of the latest of them
);
CREATE INDEX refusals_untold ON refusals (first_at) WHERE told = 0 AND who <> '';
CREATE INDEX refusals_first_at ON refusals (first_at);
CREATE INDEX lanes_locked_until ON lanes (locked_until);

-- What people have to be told by mail, gathered from the audit log.
CREATE TABLE notices (
    realm     TEXT   NOT NULL,
    who       TEXT   NOT NULL,
    codes     BIGINT NOT NULL,
    browsers  BIGINT NOT NULL,
    first_at  BIGINT NOT NULL, -- 0 = nothing is gathered
    last_at   BIGINT NOT NULL,
    mailed_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (realm, who)
);
CREATE INDEX notices_first_at ON notices (first_at);

-- The last event of the audit log that notices were gathered from.
CREATE TABLE notices_read (
    id  BIGINT PRIMARY KEY,
    seq BIGINT NOT NULL
);
INSERT INTO notices_read (id, seq) SELECT 1, seq FROM audit_head WHERE id = 1;

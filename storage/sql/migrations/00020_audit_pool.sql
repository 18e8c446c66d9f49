-- +goose Up

-- Events that have no place in the chain yet. Their transactions take no lock for
-- them; one server at a time moves them to audit_events (chain.go).
CREATE TABLE audit_pool (
    id          TEXT   PRIMARY KEY,
    place       BIGINT NOT NULL, -- of the transaction among the others: nanoseconds since 1970
    at          BIGINT NOT NULL,
    actor_kind  TEXT   NOT NULL,
    actor_id    TEXT   NOT NULL,
    origin      TEXT   NOT NULL,
    action      TEXT   NOT NULL,
    object_kind TEXT   NOT NULL,
    object_id   TEXT   NOT NULL,
    outcome     TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    request_id  TEXT   NOT NULL,
    details     TEXT   NOT NULL
);

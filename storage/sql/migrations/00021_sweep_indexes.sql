-- +goose Up

-- For the sweep of known browsers, which read them all.
CREATE INDEX devices_used_at ON devices (used_at);

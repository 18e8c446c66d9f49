-- +goose Up
-- Times are Unix milliseconds, 0 = never. One text serves SQLite and PostgreSQL.

CREATE TABLE accounts (
    id              TEXT PRIMARY KEY,
    kind            TEXT NOT NULL CHECK (kind IN ('natural_person', 'legal_person')),
    email           TEXT NOT NULL UNIQUE,
    profile         TEXT NOT NULL,
    lang            TEXT NOT NULL,
    password_hash   TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('awaiting_enrolment', 'qr_shown', 'active', 'blocked', 'closed')),
    block_reason    TEXT NOT NULL DEFAULT '',
    block_ref       TEXT NOT NULL DEFAULT '',
    epoch           BIGINT NOT NULL,
    totp_sealed     BYTEA,
    totp_last_step  BIGINT NOT NULL DEFAULT 0,
    totp_failures   BIGINT NOT NULL DEFAULT 0,
    totp_next_try   BIGINT NOT NULL DEFAULT 0,
    totp_shown_at   BIGINT NOT NULL DEFAULT 0,
    unblocks        BIGINT NOT NULL DEFAULT 0,
    created_at      BIGINT NOT NULL,
    last_login_at   BIGINT NOT NULL DEFAULT 0,
    -- Nobody is active without a second factor (TP-12).
    CHECK (state NOT IN ('qr_shown', 'active') OR totp_sealed IS NOT NULL),
    CHECK (state <> 'active' OR totp_last_step > 0)
);
CREATE INDEX accounts_block_ref ON accounts (block_ref);

CREATE TABLE applications (
    id            TEXT PRIMARY KEY,
    handle_hash   TEXT NOT NULL UNIQUE,
    kind          TEXT NOT NULL,
    lang          TEXT NOT NULL,
    email         TEXT NOT NULL,
    state         TEXT NOT NULL,
    taken         BOOLEAN NOT NULL,
    code_hash     TEXT NOT NULL,
    code_expires  BIGINT NOT NULL,
    code_failures BIGINT NOT NULL DEFAULT 0,
    codes_sent    BIGINT NOT NULL DEFAULT 1,
    password_hash TEXT NOT NULL DEFAULT '',
    answers       TEXT NOT NULL DEFAULT '{}',
    reference     TEXT UNIQUE,
    account_id    TEXT NOT NULL DEFAULT '',
    version       BIGINT NOT NULL DEFAULT 0,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    submitted_at  BIGINT NOT NULL DEFAULT 0,
    decided_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX applications_open ON applications (state, expires_at);

CREATE TABLE documents (
    id             TEXT PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    name           TEXT NOT NULL,
    type           TEXT NOT NULL,
    size           BIGINT NOT NULL,
    sha256         TEXT NOT NULL,
    sealed         BYTEA NOT NULL,
    created_at     BIGINT NOT NULL
);
CREATE INDEX documents_application ON documents (application_id);

CREATE TABLE clients (
    id   TEXT PRIMARY KEY,
    data TEXT NOT NULL
);

CREATE TABLE consents (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    client_id  TEXT NOT NULL,
    claims     TEXT NOT NULL,
    given_at   BIGINT NOT NULL,
    PRIMARY KEY (account_id, client_id)
);

CREATE TABLE grants (
    id           TEXT PRIMARY KEY,
    code_hash    TEXT NOT NULL UNIQUE,
    client_id    TEXT NOT NULL,
    account_id   TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    sid          TEXT NOT NULL,
    epoch        BIGINT NOT NULL,
    redirect_uri TEXT NOT NULL,
    scopes       TEXT NOT NULL,
    claims       TEXT NOT NULL,
    nonce        TEXT NOT NULL,
    challenge    TEXT NOT NULL,
    auth_time    BIGINT NOT NULL,
    acr          TEXT NOT NULL,
    issued_at    BIGINT NOT NULL,
    code_expires BIGINT NOT NULL,
    expires      BIGINT NOT NULL DEFAULT 0,
    redeemed_at  BIGINT NOT NULL DEFAULT 0,
    revoked_at   BIGINT NOT NULL DEFAULT 0,
    tries        BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX grants_sid ON grants (sid);
CREATE INDEX grants_code_expires ON grants (code_expires);

CREATE TABLE assertions (
    client_id TEXT NOT NULL,
    jti       TEXT NOT NULL,
    expires   BIGINT NOT NULL,
    PRIMARY KEY (client_id, jti)
);
CREATE INDEX assertions_expires ON assertions (expires);

CREATE TABLE signing_keys (
    id         TEXT PRIMARY KEY,
    alg        TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('next', 'active', 'retired', 'hints')),
    public     TEXT NOT NULL,
    sealed     BYTEA,
    created_at BIGINT NOT NULL,
    since      BIGINT NOT NULL
);
-- One key signs and one waits, for each algorithm.
CREATE UNIQUE INDEX signing_keys_active ON signing_keys (alg) WHERE state = 'active';
CREATE UNIQUE INDEX signing_keys_next ON signing_keys (alg) WHERE state = 'next';

CREATE TABLE lanes (
    key          TEXT NOT NULL,
    lane         TEXT NOT NULL,
    failures     BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    last_at      BIGINT NOT NULL,
    PRIMARY KEY (key, lane)
);
CREATE INDEX lanes_last_at ON lanes (last_at);

CREATE TABLE devices (
    key     TEXT NOT NULL,
    device  TEXT NOT NULL,
    used_at BIGINT NOT NULL,
    PRIMARY KEY (key, device)
);

CREATE TABLE outbox (
    id        TEXT PRIMARY KEY,
    recipient TEXT NOT NULL,
    lang      TEXT NOT NULL,
    kind      TEXT NOT NULL,
    subject   TEXT NOT NULL,
    sealed    BYTEA,
    at        BIGINT NOT NULL,
    expires   BIGINT NOT NULL,
    due       BIGINT NOT NULL,
    attempts  BIGINT NOT NULL DEFAULT 0,
    state     TEXT NOT NULL DEFAULT 'waiting',
    reason    TEXT NOT NULL DEFAULT ''
);
CREATE INDEX outbox_due ON outbox (state, due);

CREATE TABLE audit_events (
    seq         BIGINT PRIMARY KEY,
    at          BIGINT NOT NULL,
    actor_kind  TEXT NOT NULL,
    actor_id    TEXT NOT NULL,
    origin      TEXT NOT NULL,
    action      TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    object_id   TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    reason      TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    details     TEXT NOT NULL,
    prev_hash   TEXT NOT NULL,
    hash        TEXT NOT NULL
);
CREATE INDEX audit_events_object ON audit_events (object_kind, object_id, seq);

CREATE TABLE audit_head (
    id   BIGINT PRIMARY KEY CHECK (id = 1),
    seq  BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');

-- What Redis holds when there is one.
CREATE TABLE ephemeral (
    kind    TEXT NOT NULL,
    key     TEXT NOT NULL,
    value   TEXT NOT NULL,
    version BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX ephemeral_expires ON ephemeral (expires);

CREATE TABLE windows (
    name    TEXT NOT NULL,
    key     TEXT NOT NULL,
    count   BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    PRIMARY KEY (name, key)
);
CREATE INDEX windows_expires ON windows (expires);

-- Random values made once for this installation.
CREATE TABLE constants (
    name   TEXT PRIMARY KEY,
    sealed BYTEA NOT NULL
);

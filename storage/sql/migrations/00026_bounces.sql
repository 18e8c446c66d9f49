-- +goose Up

-- Mails that the relay accepted, for as long as a report about one may come.
CREATE TABLE sent_mails (
    id      TEXT   PRIMARY KEY, -- of the message
    mailbox TEXT   NOT NULL,    -- hash of the address
    kind    TEXT   NOT NULL,
    at      BIGINT NOT NULL
);
CREATE INDEX sent_mails_at ON sent_mails (at);

-- Addresses that refused mail: the last refusal of each kind of mail.
CREATE TABLE bounces (
    mailbox     TEXT   NOT NULL, -- hash of the address
    kind        TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    code        BIGINT NOT NULL, -- reply code; 0 if a report has none
    status      TEXT   NOT NULL, -- enhanced status code (RFC 3463), or ''
    source      TEXT   NOT NULL, -- relay or report
    accepted_at BIGINT NOT NULL DEFAULT 0, -- when the relay accepted a later mail, after a report
    PRIMARY KEY (mailbox, kind)
);
CREATE INDEX bounces_at ON bounces (at);
CREATE INDEX bounces_accepted ON bounces (accepted_at) WHERE accepted_at > 0;

-- +goose Up

-- The hash of the handle that is the access token of a grant; '' when the token is
-- a JWT.
ALTER TABLE grants ADD COLUMN access_hash TEXT NOT NULL DEFAULT '';

-- What access tokens are where neither client nor policy says it: JWTs in an
-- installation that was made before there were handles.
ALTER TABLE installation ADD COLUMN access_tokens TEXT NOT NULL DEFAULT 'jwt';

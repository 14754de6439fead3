-- Applications that sign people in, and what is issued to them. Marked like users, but for what changes with use.

CREATE TABLE clients (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    -- A keyed hash; NULL for one that can keep no secret.
    secret TEXT,
    redirect_uris TEXT NOT NULL,
    auth_method TEXT NOT NULL,
    alg TEXT NOT NULL,
    -- Since when it may leave out PKCE.
    pkce_waived_at BIGINT,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL,
    mac TEXT NOT NULL
);

-- Codes and tokens reference nothing: they live for minutes, and each use reads client, session and person again.
CREATE TABLE codes (
    code_hash TEXT NOT NULL PRIMARY KEY,
    -- Everything that is issued from this code carries it.
    grant_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    session_hash TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    -- Empty for a request without one.
    challenge TEXT NOT NULL,
    nonce TEXT,
    scope TEXT NOT NULL,
    proofs TEXT NOT NULL,
    security_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    mac TEXT NOT NULL,
    used_at BIGINT,
    failures BIGINT NOT NULL
);
CREATE INDEX codes_by_expiry ON codes (expires_at);
CREATE INDEX codes_by_client ON codes (client_id);

CREATE TABLE access_tokens (
    token_hash TEXT NOT NULL PRIMARY KEY,
    grant_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    session_hash TEXT NOT NULL,
    scope TEXT NOT NULL,
    security_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    mac TEXT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX access_tokens_by_grant ON access_tokens (grant_id);
CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at);
CREATE INDEX access_tokens_by_client ON access_tokens (client_id);

-- The public half is computed from the private one: a key that somebody else puts here is never published.
CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    alg TEXT NOT NULL,
    -- PKCS#8, sealed for this id and algorithm.
    private TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Published before, so that nobody meets a signature whose key they do not have.
    signs_at BIGINT NOT NULL,
    -- Since when it signs nothing new.
    retired_at BIGINT
);

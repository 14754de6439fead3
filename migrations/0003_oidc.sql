-- Applications that sign people in, and what is issued to them. Marked like users, but for what changes with use.

CREATE TABLE clients (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    -- A keyed hash; NULL for one that can keep no secret.
    secret TEXT,
    -- The one before, which is good for a while: nobody changes both sides at once.
    former_secret TEXT,
    former_until BIGINT,
    redirect_uris TEXT NOT NULL,
    auth_method TEXT NOT NULL,
    alg TEXT NOT NULL,
    -- Where it is told that somebody has signed out.
    logout_uri TEXT,
    -- What else there is to say of it, as JSON.
    settings TEXT NOT NULL,
    -- Since when it may leave out PKCE.
    pkce_waived_at BIGINT,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL,
    mac TEXT NOT NULL
);

-- What applications may be told of people beside name, address and groups.
CREATE TABLE profiles (
    -- A person's id, or `group:` and the name of a group whose members have it.
    owner TEXT NOT NULL PRIMARY KEY,
    -- JSON.
    claims TEXT NOT NULL,
    updated_at BIGINT,
    mac TEXT NOT NULL
);

-- What lets somebody else register clients, a few each.
CREATE TABLE initial_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    -- Whom it was given to.
    note TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    mac TEXT NOT NULL,
    -- How many clients have come of it.
    used BIGINT NOT NULL
);
CREATE INDEX initial_tokens_by_expiry ON initial_tokens (expires_at);

-- What people let applications learn that are not the organisation's own, as long as that is remembered.
CREATE TABLE consents (
    -- Whose it is, and the client.
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    -- JSON.
    disclosure TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    mac TEXT NOT NULL
);
CREATE INDEX consents_by_user ON consents (user_id);
CREATE INDEX consents_by_client ON consents (client_id);
CREATE INDEX consents_by_expiry ON consents (expires_at);

-- Grants and tokens reference nothing: each use reads client, session and person again. What is taken back is deleted, so
-- that nobody can bring it to life by hand.
CREATE TABLE grants (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    -- The session that it was given in. It ends with that, or, if it is offline, when somebody ends that.
    sid TEXT NOT NULL,
    offline BIGINT NOT NULL,
    -- The address that it was asked for from; empty where that is unknown.
    place TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    -- Empty for a request without one.
    challenge TEXT NOT NULL,
    nonce TEXT,
    scope TEXT NOT NULL,
    -- What the client has asked for by name beside that, as JSON.
    claims TEXT NOT NULL,
    proofs TEXT NOT NULL,
    security_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    code_hash TEXT NOT NULL,
    -- Of the one refresh token that is good; every use replaces it.
    refresh_hash TEXT,
    expires_at BIGINT NOT NULL,
    -- When the code was redeemed.
    used_at BIGINT,
    -- The thumbprint of the only key that it is good with.
    jkt TEXT,
    mac TEXT NOT NULL,
    -- Wrong redemptions.
    failures BIGINT NOT NULL
);
CREATE UNIQUE INDEX grants_by_code ON grants (code_hash);
CREATE INDEX grants_by_session ON grants (sid);
CREATE INDEX grants_by_expiry ON grants (expires_at);
CREATE INDEX grants_by_client ON grants (client_id);
CREATE INDEX grants_unused ON grants (created_at) WHERE used_at IS NULL;

CREATE TABLE access_tokens (
    -- A few letters that it has in common with those issued just before, and its hash.
    token_key TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL,
    -- All of these are absent where a client asked for itself.
    grant_id TEXT,
    user_id TEXT,
    security_version BIGINT,
    -- The session that it lives no longer than; absent if it is offline.
    sid TEXT,
    scope TEXT NOT NULL,
    -- What it tells at the userinfo endpoint beside that, by name.
    claims TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- The thumbprint of the key without which it is worth nothing.
    jkt TEXT,
    mac TEXT NOT NULL
);
CREATE INDEX access_tokens_by_grant ON access_tokens (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at);
CREATE INDEX access_tokens_by_client ON access_tokens (client_id);

-- People at applications behind a proxy: a ticket, which its browser changes for a cookie. Each use reads client, session
-- and person again.
CREATE TABLE visits (
    -- Of the ticket, then of the cookie.
    token_hash TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL,
    host TEXT NOT NULL,
    user_id TEXT NOT NULL,
    sid TEXT NOT NULL,
    -- The one that let them in.
    policy BIGINT NOT NULL,
    -- Of the browser that the ticket is for, and where that goes on. NULL for a cookie.
    nonce_hash TEXT,
    return_to TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    mac TEXT NOT NULL
);
CREATE INDEX visits_by_session ON visits (sid);
CREATE INDEX visits_by_user ON visits (user_id);
CREATE INDEX visits_by_client ON visits (client_id);
CREATE INDEX visits_by_expiry ON visits (expires_at);

-- Authorization requests that clients have pushed: used up when a code is issued, not by looking.
CREATE TABLE pushed_requests (
    uri_hash TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL,
    params TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    mac TEXT NOT NULL,
    used_at BIGINT
);
CREATE INDEX pushed_requests_by_expiry ON pushed_requests (expires_at);
CREATE INDEX pushed_requests_by_client ON pushed_requests (client_id);

-- Devices without a browser that wait for a person; deleted with the grant that comes of one.
CREATE TABLE device_requests (
    code_hash TEXT NOT NULL PRIMARY KEY,
    -- A keyed hash: what people type is short.
    user_code TEXT NOT NULL UNIQUE,
    client_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    -- The address that it was asked from; empty where that is unknown.
    place TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    mac TEXT NOT NULL,
    -- Not under the mark: a no gives nobody anything.
    denied_at BIGINT,
    -- Nor these: when it has asked last, and how long it has to wait before it does again.
    polled_at BIGINT,
    pause BIGINT NOT NULL
);
CREATE INDEX device_requests_by_expiry ON device_requests (expires_at);
CREATE INDEX device_requests_by_client ON device_requests (client_id);

-- What clients have signed to be taken once: hashes of whose it is and of its `jti`.
CREATE TABLE spent_jtis (
    hash TEXT NOT NULL PRIMARY KEY,
    -- From then on it is too old to be taken at all.
    expires_at BIGINT NOT NULL
);
CREATE INDEX spent_jtis_by_expiry ON spent_jtis (expires_at);

-- Whom clients have to be told of that their session has ended, and how that went.
CREATE TABLE logouts (
    -- That of a grant.
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    sid TEXT NOT NULL,
    at BIGINT NOT NULL,
    mac TEXT NOT NULL,
    tries BIGINT NOT NULL,
    -- NULL once it is settled.
    next_at BIGINT,
    told_at BIGINT,
    -- What hindered the last try.
    trouble TEXT
);
CREATE INDEX logouts_by_next ON logouts (next_at);
CREATE INDEX logouts_by_client ON logouts (client_id, at);
CREATE INDEX logouts_by_time ON logouts (at);

-- What happened how often with clients, by the hour: shown, and nothing is decided by it.
CREATE TABLE happenings (
    client_id TEXT NOT NULL,
    -- Of a closed list.
    what TEXT NOT NULL,
    -- When the hour began.
    hour BIGINT NOT NULL,
    count BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (client_id, what, hour)
);
CREATE INDEX happenings_by_hour ON happenings (hour);

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

-- What stands in for an authenticator app, and when.

CREATE TABLE recovery_codes (
    -- The set and the code's number in it, or `key`.
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- A PHC string.
    hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    mac TEXT NOT NULL,
    used_at BIGINT
);
CREATE INDEX recovery_codes_by_user ON recovery_codes (user_id);

-- One row for each code that was mailed; only the login or form that asked for it can use it.
CREATE TABLE email_codes (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Code, address, purpose and moment, sealed.
    sealed TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX email_codes_by_user ON email_codes (user_id);
CREATE INDEX email_codes_by_expiry ON email_codes (expires_at);

-- Browsers that are asked for the second factor less often. Read only after the right password.
CREATE TABLE devices (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- What the person had when it was remembered: it dies when password or authenticators change.
    credentials TEXT NOT NULL,
    name TEXT NOT NULL,
    place TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- Replaced at each use. The one before is kept: whoever shows that has a copy.
    secret_hash TEXT NOT NULL,
    former_hash TEXT,
    used_at BIGINT NOT NULL,
    mac TEXT NOT NULL
);
CREATE INDEX devices_by_user ON devices (user_id);
CREATE INDEX devices_by_expiry ON devices (expires_at);

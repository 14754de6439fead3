-- Sign-ins under way, sessions, and one-time links. Marked like users: whoever can write the database must not be able
-- to make himself one.

CREATE TABLE attempts (
    id_hash TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    proofs TEXT NOT NULL,
    -- What is pending in this sign-in only (an authenticator being set up), sealed.
    pending TEXT,
    -- The mailed code that this sign-in waits for, and when it was made.
    mailed TEXT,
    continue_to TEXT,
    client TEXT,
    -- What the web app asks for at the least, where policy asks for less.
    least TEXT NOT NULL,
    security_version BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    mac TEXT NOT NULL
);
CREATE INDEX attempts_by_expiry ON attempts (expires_at);

CREATE TABLE sessions (
    id_hash TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- What it is called before web apps; it stays when the cookie changes.
    sid TEXT NOT NULL UNIQUE,
    proofs TEXT NOT NULL,
    security_version BIGINT NOT NULL,
    -- From where it was begun.
    place TEXT NOT NULL,
    -- When a second factor was shown for what changes the account: no code of the sign-in counts for that.
    confirmed_at BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    mac TEXT NOT NULL,
    -- Not under the mark: they change with use.
    seen_at BIGINT NOT NULL,
    -- When the console was last used; it closes when nobody does.
    console_at BIGINT
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE links (
    token_hash TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    -- What the person had when it was made: it dies when password or authenticators change, also by its own use.
    credentials TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    mac TEXT NOT NULL,
    used_at BIGINT
);
CREATE INDEX links_by_user ON links (user_id);
CREATE INDEX links_by_expiry ON links (expires_at);

-- What programs show to act in a person's name at the admin API: what it may never exceeds what the person may.
CREATE TABLE api_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- That of the person when it was made: it dies with any change of what they sign in with, or of what they may.
    security_version BIGINT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    -- What it is for.
    note TEXT NOT NULL,
    -- Words with a space between them.
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    mac TEXT NOT NULL,
    -- Not under the mark: noted now and then.
    used_at BIGINT
);
CREATE INDEX api_tokens_by_user ON api_tokens (user_id);
CREATE INDEX api_tokens_by_expiry ON api_tokens (expires_at);

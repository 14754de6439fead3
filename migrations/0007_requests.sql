-- What people who have lost their second factor ask of administrators.

CREATE TABLE recovery_requests (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    why TEXT NOT NULL,
    -- Where it was asked, and from where.
    door TEXT NOT NULL,
    source TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- Where two have to approve: the first.
    agreed_by TEXT,
    -- Their user id; NULL for the command line.
    agreed_id TEXT,
    -- With which API token, where it was a program. Without it the approval counts for nothing.
    agreed_token TEXT,
    agreed_at BIGINT,
    answer TEXT,
    answered_at BIGINT,
    answered_by TEXT,
    note TEXT,
    mac TEXT NOT NULL,
    -- Not under the mark: whose, while it waits. Nobody has two that wait.
    waiting TEXT UNIQUE
);
CREATE INDEX recovery_requests_by_user ON recovery_requests (user_id, created_at);
CREATE INDEX recovery_requests_by_expiry ON recovery_requests (expires_at);

-- Who is told of it.
CREATE INDEX users_by_role ON users (role);

-- All that ends with a reset.
CREATE INDEX attempts_by_user ON attempts (user_id);
CREATE INDEX grants_by_user ON grants (user_id);
CREATE INDEX access_tokens_by_user ON access_tokens (user_id) WHERE user_id IS NOT NULL;

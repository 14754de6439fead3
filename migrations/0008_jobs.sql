-- What is done to many people at once: decided by somebody, done in batches by a server.

CREATE TABLE jobs (
    id TEXT NOT NULL PRIMARY KEY,
    -- What, to whom, decided by whom, and how far it is.
    document TEXT NOT NULL,
    -- Raised by every step: of two servers that take the same one, one does.
    turn BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    mac TEXT NOT NULL,
    -- Not under the mark: when it goes on. Who takes it moves this on first; NULL where it does not run.
    next_at BIGINT,
    -- Nor this: who has looked at it, as long as nobody has begun it.
    looked_at_by TEXT
);
CREATE INDEX jobs_by_next ON jobs (next_at);
CREATE INDEX jobs_by_looker ON jobs (looked_at_by, created_at);
CREATE INDEX jobs_by_creation ON jobs (created_at);

-- Whom it could not be done to.
CREATE TABLE job_failures (
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    user_name TEXT NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (job_id, user_name)
);

-- Mail that waits for the mail server. Address and text are sealed together, for this id, kind and end: a row that was
-- copied back later, or made to live longer, does not open.

CREATE TABLE mails (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- When it is worth nothing any more.
    dies_at BIGINT NOT NULL,
    -- When it is tried next. Who takes it to the mail server moves this on first: nobody else takes it meanwhile.
    next_at BIGINT NOT NULL,
    tries BIGINT NOT NULL
);
CREATE INDEX mails_by_next ON mails (next_at);
CREATE INDEX mails_by_expiry ON mails (dies_at);

-- What administrators are told of: made from audit records, each once, by the server that is first. Kept for two days.
CREATE TABLE alerts (
    id TEXT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL,
    at BIGINT NOT NULL,
    mac TEXT NOT NULL,
    -- Not under the mark: when it is posted next. NULL where that has been done, or is not asked for.
    next_at BIGINT,
    tries BIGINT NOT NULL
);
CREATE INDEX alerts_by_next ON alerts (next_at);
CREATE INDEX alerts_by_time ON alerts (at);

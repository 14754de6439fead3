-- Who there is, what they prove themselves with, what policy asks, and what was decided.

CREATE TABLE meta (
    id TEXT NOT NULL PRIMARY KEY,
    -- No time step that began before this moment is accepted; it only rises.
    replay_floor BIGINT NOT NULL,
    -- The latest moment that any server has seen.
    time_high BIGINT NOT NULL,
    -- Up to which moment the audit was read for alerts; 0 until that is asked for.
    alerts_until BIGINT NOT NULL,
    -- The oldest schema whose programs can use these tables. Every migration raises it to itself; one that leaves the
    -- program before it working sets it lower, by its last statement.
    serves_from BIGINT NOT NULL
);
INSERT INTO meta (id, replay_floor, time_high, alerts_until, serves_from) VALUES ('meta', 0, 0, 0, 1);

-- A known text sealed with each key: a wrong key is found out before anybody logs in.
CREATE TABLE canaries (
    key_id TEXT NOT NULL PRIMARY KEY,
    sealed TEXT NOT NULL
);

-- The servers that serve, and the ids of their keys, the sealing one's first: no key seals before all of them have it.
CREATE TABLE servers (
    instance TEXT NOT NULL PRIMARY KEY,
    host TEXT NOT NULL,
    key_ids TEXT NOT NULL,
    seen_at BIGINT NOT NULL
);

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    email TEXT,
    email_key TEXT UNIQUE,
    email_verified_at BIGINT,
    role TEXT NOT NULL,
    groups TEXT NOT NULL,
    level TEXT,
    methods TEXT,
    shared_at BIGINT,
    disabled_at BIGINT,
    password TEXT,
    must_change_at BIGINT,
    setup_until BIGINT NOT NULL,
    authenticators TEXT NOT NULL,
    email_codes_at BIGINT,
    recovery TEXT,
    recovery_due_at BIGINT,
    skipped BIGINT NOT NULL,
    language TEXT,
    security_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    restricted_until BIGINT,
    email_held_until BIGINT,
    email_held_by TEXT,
    mac TEXT NOT NULL,
    -- Not under the mark: what to ask for first.
    last_method TEXT,
    -- Nor this: the last login that no authenticator has noted.
    last_login_at BIGINT
);
-- All that lists are searched and sorted by: what is said of 100,000 rows is read from here.
CREATE INDEX users_for_lists ON users (name_key, id, role, level, methods, disabled_at, authenticators, email_codes_at,
    email_verified_at, email_key, last_login_at, created_at);

-- An index over users.groups; the list in the user's row is the truth.
CREATE TABLE memberships (
    group_name TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (group_name, user_id)
);
CREATE INDEX memberships_by_user ON memberships (user_id, group_name);

CREATE TABLE factors (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    secret TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    digits BIGINT NOT NULL,
    period BIGINT NOT NULL,
    drift BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    mac TEXT NOT NULL,
    -- Not under the mark: they change with every login.
    last_step BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX factors_by_user ON factors (user_id, last_used_at);

-- What is left to try, for one authenticator kind of one person, or for one source.
CREATE TABLE budgets (
    id TEXT NOT NULL PRIMARY KEY,
    fails BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    noted_at BIGINT NOT NULL,
    -- Tries that were not judged. Counting them also makes a refusal cost what a verdict costs.
    refused BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX budgets_by_change ON budgets (changed_at);
-- Those that somebody may have to wait for: few.
CREATE INDEX budgets_spent ON budgets (id, next_at, fails) WHERE next_at > 0 OR fails >= 100;

-- The policy in force: one row.
CREATE TABLE policies (
    version BIGINT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL,
    -- The ids of all exemptions, sorted: one that comes or goes by another hand is noticed.
    exemptions TEXT NOT NULL,
    author TEXT NOT NULL,
    at BIGINT NOT NULL,
    mac TEXT NOT NULL
);

-- Every version that there was, for people to look at and to make the next one from. Its mark is another one: a row that
-- is copied from here is no policy.
CREATE TABLE policy_versions (
    version BIGINT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL,
    author TEXT NOT NULL,
    at BIGINT NOT NULL,
    mac TEXT NOT NULL
);

CREATE TABLE exemptions (
    id TEXT NOT NULL PRIMARY KEY,
    subject_kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- Where: each that is not NULL is a limit.
    door TEXT,
    client TEXT,
    service TEXT,
    host TEXT,
    network TEXT,
    ssh_key TEXT,
    level TEXT NOT NULL,
    until BIGINT NOT NULL,
    reason TEXT NOT NULL,
    author TEXT NOT NULL,
    at BIGINT NOT NULL,
    mac TEXT NOT NULL
);
CREATE INDEX exemptions_by_subject ON exemptions (subject_kind, subject);

CREATE TABLE audit (
    instance TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    event TEXT NOT NULL,
    result TEXT NOT NULL,
    user_name TEXT,
    actor TEXT,
    door TEXT,
    host TEXT,
    source TEXT,
    factor TEXT,
    detail TEXT,
    attempt TEXT,
    mac TEXT NOT NULL,
    PRIMARY KEY (instance, seq)
);
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_user ON audit (user_name, at) WHERE user_name IS NOT NULL;
CREATE INDEX audit_by_event ON audit (event, at);
-- An attempt has one verdict.
CREATE UNIQUE INDEX audit_by_attempt ON audit (attempt) WHERE attempt IS NOT NULL;

-- What a server has linked of its own records: a range, how many, and the mark over them and the link before.
CREATE TABLE audit_links (
    instance TEXT NOT NULL,
    number BIGINT NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    records BIGINT NOT NULL,
    at BIGINT NOT NULL,
    mark TEXT NOT NULL,
    PRIMARY KEY (instance, number)
);

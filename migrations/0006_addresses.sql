-- Addresses that somebody had until lately. Notices go there too for a while: whoever takes an account over cannot keep
-- its owner from hearing of it by changing the address first.

CREATE TABLE former_addresses (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    address TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    mac TEXT NOT NULL
);
CREATE INDEX former_addresses_by_user ON former_addresses (user_id);
CREATE INDEX former_addresses_by_expiry ON former_addresses (expires_at);

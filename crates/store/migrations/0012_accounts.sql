-- Accounts: passwords, second factors, pictures, invitations, what was changed by whom.

ALTER TABLE users ADD COLUMN disabled_ms BIGINT;

CREATE TABLE passwords (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- Argon2id in the PHC string format.
    hash TEXT NOT NULL,
    changed_ms BIGINT NOT NULL
);

CREATE TABLE password_resets (
    hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_ms BIGINT NOT NULL,
    used_ms BIGINT
);

CREATE TABLE second_factors (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    sealed TEXT NOT NULL,
    -- Null: begun, and not yet proven by a first code.
    proven_ms BIGINT,
    -- The last step of time whose code was used: none that is older or the same is good again.
    last_step BIGINT NOT NULL
);

CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash TEXT NOT NULL,
    used_ms BIGINT,
    PRIMARY KEY (user_id, hash)
);

CREATE TABLE pictures (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    jpeg BYTEA NOT NULL,
    changed_ms BIGINT NOT NULL
);

CREATE TABLE invites (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    -- Empty: whoever has the link says which address is theirs.
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    -- The name of whoever invited; empty: they asked for it themselves.
    by_whom TEXT NOT NULL,
    made_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    used_ms BIGINT
);

-- Null: whoever has the link is the installation's owner.
ALTER TABLE owner_links ADD COLUMN user_id TEXT;

ALTER TABLE sessions ADD COLUMN from_address TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';

-- Without references: what was done stays when whoever did it is gone.
CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    -- Null: somebody who was not logged in.
    user_id TEXT,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    about TEXT NOT NULL,
    from_address TEXT NOT NULL
);

CREATE INDEX audit_by_time ON audit (at_ms);

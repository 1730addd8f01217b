-- Links by which somebody without an account may call from a browser.

CREATE TABLE phone_links (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    -- Whose assistant answers.
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- For whom it is, as its maker says.
    name TEXT NOT NULL,
    made_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    -- The hour whose calls are counted began then.
    hour_ms BIGINT NOT NULL DEFAULT 0,
    calls BIGINT NOT NULL DEFAULT 0
);

CREATE INDEX phone_links_by_user ON phone_links (user_id);

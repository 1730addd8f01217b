-- How far the owner trusts a number, and assistants that are only tried.

-- `known`, `stranger`, or empty: as the settings say.
ALTER TABLE callers ADD COLUMN trust TEXT NOT NULL DEFAULT '';

-- What an assistant would be if it were saved, as JSON.
CREATE TABLE drafts (
    id TEXT PRIMARY KEY,
    draft TEXT NOT NULL,
    made_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL
);

CREATE INDEX appointments_by_caller ON appointments (caller, starts_ms);

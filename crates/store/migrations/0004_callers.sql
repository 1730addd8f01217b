-- What the owner decided about callers, voicemail, and PINs that were wrong.

ALTER TABLE callers ADD COLUMN blocked BIGINT NOT NULL DEFAULT 0;
ALTER TABLE callers ADD COLUMN vip BIGINT NOT NULL DEFAULT 0;
ALTER TABLE callers ADD COLUMN note TEXT NOT NULL DEFAULT '';

CREATE INDEX calls_by_from ON calls (from_number, started_ms);
CREATE INDEX messages_by_caller ON messages (caller, taken_ms);

ALTER TABLE messages ADD COLUMN done_ms BIGINT;
-- How long its voicemail sounds; 0: there is none.
ALTER TABLE messages ADD COLUMN sound_ms BIGINT NOT NULL DEFAULT 0;

-- G.711 µ-law, 8 kHz. SQLite takes the type for what is in it.
CREATE TABLE voicemails (
    message_id TEXT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    ulaw BYTEA NOT NULL
);

CREATE TABLE pin_tries (
    who TEXT PRIMARY KEY,
    tries BIGINT NOT NULL,
    last_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL
);

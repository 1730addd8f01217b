-- What was said in calls, to be searched, and what was recorded of them.

-- A word in small letters, as bytes: both databases compare bytes alike, whatever language they were set up in.
CREATE TABLE call_words (
    word BYTEA NOT NULL,
    call_id TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    PRIMARY KEY (call_id, word)
);

CREATE INDEX call_words_by_word ON call_words (word, call_id);

-- How many of the call's notes have been looked at for words.
ALTER TABLE calls ADD COLUMN words_of BIGINT NOT NULL DEFAULT 0;

CREATE INDEX calls_in_order ON calls (started_ms, id);
CREATE INDEX appointment_changes_by_call ON appointment_changes (call_id);
CREATE INDEX messages_by_call ON messages (call_id);

CREATE TABLE recordings (
    call_id TEXT PRIMARY KEY REFERENCES calls (id) ON DELETE CASCADE,
    began_ms BIGINT NOT NULL,
    -- How long it is; 0 until the call is over.
    samples BIGINT NOT NULL DEFAULT 0,
    -- How loud each side was, as the server writes it; empty until the call is over.
    peaks BYTEA NOT NULL,
    -- JSON: what is missing from it, each [from, until] in milliseconds since the call's start.
    gaps TEXT NOT NULL DEFAULT '[]'
);

CREATE INDEX recordings_by_time ON recordings (began_ms);

CREATE TABLE recording_pieces (
    call_id TEXT NOT NULL REFERENCES recordings (call_id) ON DELETE CASCADE,
    -- 0: the caller; 1: the assistant.
    side BIGINT NOT NULL,
    -- Its first sample, counted from the call's start at 8 kHz, and how many there are.
    place BIGINT NOT NULL,
    samples BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (call_id, side, place)
);

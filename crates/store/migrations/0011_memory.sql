-- What may be remembered of callers between calls, what calls came to in a few lines, and the keys of programs.

CREATE TABLE memories (
    number TEXT NOT NULL,
    -- What it is about, in a word or two.
    topic TEXT NOT NULL,
    -- How far whoever said it was trusted: 0 stranger, 1 known, 2 owner. Less trusted ones are never told it.
    trust BIGINT NOT NULL,
    words TEXT NOT NULL,
    call_id TEXT,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (number, topic, trust)
);

CREATE TABLE call_briefs (
    call_id TEXT PRIMARY KEY REFERENCES calls (id) ON DELETE CASCADE,
    who TEXT NOT NULL,
    wanted TEXT NOT NULL,
    done TEXT NOT NULL,
    -- What is left to do; empty: nothing is.
    left_open TEXT NOT NULL,
    made_ms BIGINT NOT NULL
);

CREATE INDEX calls_by_end ON calls (ended_ms);

CREATE TABLE api_tokens (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- Whether it may change anything, or only read.
    acts BIGINT NOT NULL,
    made_ms BIGINT NOT NULL,
    used_ms BIGINT
);

-- Whose house is which. All that a house remembers is in a database of its own, this one or one beside it.
CREATE TABLE houses (
    -- Without a reference: a house that was somebody's never becomes another's.
    user_id TEXT PRIMARY KEY,
    -- What it is called in addresses; empty: it is this very database.
    name TEXT NOT NULL UNIQUE,
    -- It has something to do while nobody looks.
    busy BIGINT NOT NULL,
    made_ms BIGINT NOT NULL
);

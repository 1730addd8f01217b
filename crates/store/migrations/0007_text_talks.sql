-- Conversations by text: what was texted and what tools answered, as JSON, so that any instance can go on with them.

CREATE TABLE text_talks (
    number TEXT PRIMARY KEY,
    story TEXT NOT NULL,
    -- Grows with every change: whoever goes on says from which.
    version BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL
);

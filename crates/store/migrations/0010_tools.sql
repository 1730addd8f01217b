-- What the owner says of tools, against what they say of themselves.
CREATE TABLE tools (
    name TEXT PRIMARY KEY,
    -- 'reads', 'writes' or 'final'; empty: as it says of itself.
    class TEXT NOT NULL,
    -- 'known' or 'owner'; empty: likewise.
    trust TEXT NOT NULL,
    -- 1: nobody may use it.
    withheld BIGINT NOT NULL,
    changed_ms BIGINT NOT NULL
);

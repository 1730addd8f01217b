-- Servers of tools: what each offered last, how it fares, and what the owner consented to there.

CREATE TABLE mcp_servers (
    name TEXT PRIMARY KEY,
    -- What it is reached by, hashed: what was offered at another address is another's.
    address TEXT NOT NULL,
    listing TEXT NOT NULL,
    state TEXT NOT NULL,
    why TEXT NOT NULL,
    title TEXT NOT NULL,
    changed_ms BIGINT NOT NULL
);

CREATE TABLE mcp_grants (
    name TEXT PRIMARY KEY,
    address TEXT NOT NULL,
    sealed TEXT NOT NULL,
    changed_ms BIGINT NOT NULL
);

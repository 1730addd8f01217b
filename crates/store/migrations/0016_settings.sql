-- What the owner added on pages: servers of tools, tools, secrets for them. All of it is sealed before it comes here.
CREATE TABLE added (
    -- 'mcp', 'tool' or 'secret'.
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    sealed TEXT NOT NULL,
    changed_ms BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    PRIMARY KEY (kind, name)
);

-- Programs that are told of what happens.
CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    about TEXT NOT NULL,
    -- Kinds of events, with spaces between them; empty: all.
    events TEXT NOT NULL,
    -- What deliveries are signed with, sealed.
    secret TEXT NOT NULL,
    -- 1: it is told.
    told BIGINT NOT NULL,
    -- Why it is told no longer, where that was not the owner's wish.
    why TEXT NOT NULL,
    made_ms BIGINT NOT NULL,
    changed_ms BIGINT NOT NULL,
    -- Since when every delivery failed.
    failing_since_ms BIGINT,
    -- Nothing is tried before this time.
    rests_until_ms BIGINT NOT NULL,
    delivered_ms BIGINT
);

CREATE TABLE webhook_deliveries (
    id TEXT PRIMARY KEY,
    webhook_id TEXT NOT NULL,
    -- The same event is told to several.
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- Whom it is about, so that it can be forgotten with them; may be empty.
    number TEXT NOT NULL,
    body TEXT NOT NULL,
    -- 'waiting', 'delivered' or 'failed'.
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    -- How often it was begun anew.
    round BIGINT NOT NULL,
    -- The last answer's HTTP status; 0: there was none.
    status BIGINT NOT NULL,
    why TEXT NOT NULL,
    queued_ms BIGINT NOT NULL,
    tried_ms BIGINT,
    UNIQUE (webhook_id, event_id)
);

CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (webhook_id, queued_ms);

-- What programs were answered that may ask again: an Idempotency-Key, and the answer, sealed.
CREATE TABLE api_answers (
    key TEXT PRIMARY KEY,
    -- What was asked, hashed.
    asked TEXT NOT NULL,
    -- Empty while it is being done.
    answer TEXT NOT NULL,
    made_ms BIGINT NOT NULL
);

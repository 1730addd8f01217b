-- One text for SQLite and Postgres: ids are TEXT, times BIGINT milliseconds since 1970, booleans BIGINT 0 or 1, JSON is TEXT.

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    created_ms BIGINT NOT NULL
);

CREATE TABLE sessions (
    hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    made_ms BIGINT NOT NULL,
    idle_ms BIGINT NOT NULL,
    idle_expires_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL
);

CREATE TABLE owner_links (
    hash TEXT PRIMARY KEY,
    expires_ms BIGINT NOT NULL,
    used_ms BIGINT
);

CREATE TABLE calls (
    id TEXT PRIMARY KEY,
    carrier TEXT NOT NULL,
    carrier_call TEXT NOT NULL,
    from_number TEXT NOT NULL,
    to_number TEXT NOT NULL,
    outbound BIGINT NOT NULL,
    engine TEXT NOT NULL,
    trust TEXT NOT NULL,
    started_ms BIGINT NOT NULL,
    answered_ms BIGINT,
    ended_ms BIGINT,
    ending TEXT,
    notes BIGINT NOT NULL DEFAULT 0,
    UNIQUE (carrier, carrier_call)
);

CREATE INDEX calls_by_start ON calls (started_ms);

CREATE TABLE notes (
    call_id TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    place BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    kind TEXT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (call_id, place)
);

CREATE TABLE callers (
    number TEXT PRIMARY KEY,
    first_ms BIGINT NOT NULL,
    last_ms BIGINT NOT NULL,
    calls BIGINT NOT NULL
);

CREATE TABLE stream_tokens (
    hash TEXT PRIMARY KEY,
    carrier TEXT NOT NULL,
    carrier_call TEXT NOT NULL,
    call_id TEXT NOT NULL,
    issued_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    spent_ms BIGINT,
    UNIQUE (carrier, carrier_call)
);

-- A row is locked by whoever changes that calendar's appointments, so that looking and booking are one step.
CREATE TABLE calendars (
    name TEXT PRIMARY KEY,
    revision BIGINT NOT NULL
);

-- An appointment outlives the records of the call it was made in, hence no reference to calls.
CREATE TABLE appointments (
    id TEXT PRIMARY KEY,
    calendar TEXT NOT NULL REFERENCES calendars (name),
    starts_ms BIGINT NOT NULL,
    ends_ms BIGINT NOT NULL,
    zone TEXT NOT NULL,
    summary TEXT NOT NULL,
    description TEXT NOT NULL,
    attendees TEXT NOT NULL,
    caller TEXT NOT NULL,
    call_id TEXT,
    status TEXT NOT NULL CHECK (status IN ('booked', 'cancelled')),
    request_key TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    CHECK (ends_ms > starts_ms)
);

CREATE INDEX appointments_by_start ON appointments (calendar, starts_ms);
CREATE UNIQUE INDEX appointments_one_a_start ON appointments (calendar, starts_ms) WHERE status = 'booked';
CREATE UNIQUE INDEX appointments_one_a_request ON appointments (calendar, request_key) WHERE status = 'booked';

CREATE TABLE holds (
    calendar TEXT NOT NULL REFERENCES calendars (name),
    call_id TEXT NOT NULL,
    starts_ms BIGINT NOT NULL,
    ends_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    PRIMARY KEY (calendar, call_id),
    CHECK (ends_ms > starts_ms)
);

CREATE TABLE appointment_changes (
    id TEXT PRIMARY KEY,
    appointment_id TEXT NOT NULL REFERENCES appointments (id) ON DELETE CASCADE,
    place BIGINT NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('booked', 'moved', 'cancelled')),
    who TEXT NOT NULL,
    call_id TEXT,
    second BIGINT,
    at_ms BIGINT NOT NULL,
    reason TEXT NOT NULL,
    before_json TEXT,
    after_json TEXT NOT NULL,
    UNIQUE (appointment_id, place)
);

CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    request_key TEXT UNIQUE,
    call_id TEXT,
    caller TEXT NOT NULL,
    body TEXT NOT NULL,
    urgent BIGINT NOT NULL,
    taken_ms BIGINT NOT NULL
);

CREATE INDEX messages_by_time ON messages (taken_ms);

-- Appointments that stand in a calendar elsewhere, what is about to be done to them, and what is to be done afterwards.

ALTER TABLE appointments ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE appointments ADD COLUMN contact TEXT NOT NULL DEFAULT '';
ALTER TABLE appointments ADD COLUMN before_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE appointments ADD COLUMN after_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE appointments ADD COLUMN elsewhere TEXT;
ALTER TABLE appointments ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;

CREATE INDEX appointments_by_end ON appointments (calendar, ends_ms);

ALTER TABLE holds ADD COLUMN before_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE holds ADD COLUMN after_ms BIGINT NOT NULL DEFAULT 0;

-- A change has the id of the intent that it was.
ALTER TABLE appointment_changes ADD COLUMN undoes TEXT;

-- A change of an appointment that is under way: it may not be in the calendar elsewhere yet, or not out of it again.
CREATE TABLE intents (
    id TEXT PRIMARY KEY,
    calendar TEXT NOT NULL REFERENCES calendars (name),
    appointment_id TEXT NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('booked', 'moved', 'cancelled')),
    state TEXT NOT NULL CHECK (state IN ('planned', 'undoing', 'removing')),
    undoes TEXT,
    request_key TEXT NOT NULL,
    caller TEXT NOT NULL,
    starts_ms BIGINT NOT NULL,
    ends_ms BIGINT NOT NULL,
    before_ms BIGINT NOT NULL,
    after_ms BIGINT NOT NULL,
    before_json TEXT,
    after_json TEXT NOT NULL,
    who TEXT NOT NULL,
    call_id TEXT,
    second BIGINT,
    at_ms BIGINT NOT NULL,
    reason TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    why TEXT NOT NULL DEFAULT '',
    claim BIGINT NOT NULL,
    lease_until_ms BIGINT NOT NULL,
    CHECK (ends_ms > starts_ms)
);

CREATE UNIQUE INDEX intents_one_an_appointment ON intents (appointment_id) WHERE state <> 'removing';
CREATE INDEX intents_by_lease ON intents (lease_until_ms);

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    payload TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'dead')),
    due_ms BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    claim BIGINT NOT NULL,
    claimed_until_ms BIGINT,
    error TEXT NOT NULL,
    queued_ms BIGINT NOT NULL,
    ended_ms BIGINT
);

CREATE INDEX jobs_by_due ON jobs (state, due_ms);

CREATE TABLE credentials (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    sealed TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('good', 'revoked')),
    why TEXT NOT NULL,
    changed_ms BIGINT NOT NULL,
    UNIQUE (kind, name)
);

CREATE TABLE connections (
    id TEXT PRIMARY KEY,
    credential_id TEXT NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
    remote TEXT NOT NULL,
    name TEXT NOT NULL,
    reads BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('good', 'trouble')),
    why TEXT NOT NULL,
    changed_ms BIGINT NOT NULL,
    UNIQUE (credential_id, remote)
);

-- At most one row: the connected calendar that is written to.
CREATE TABLE writing (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE
);

CREATE TABLE oauth_states (
    hash TEXT PRIMARY KEY,
    session TEXT NOT NULL,
    user_id TEXT NOT NULL,
    sealed TEXT NOT NULL,
    expires_ms BIGINT NOT NULL
);

CREATE TABLE feeds (
    calendar TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    made_ms BIGINT NOT NULL
);

CREATE TABLE texts (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
    number TEXT NOT NULL,
    body TEXT NOT NULL,
    carrier_id TEXT UNIQUE,
    status TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    appointment_id TEXT
);

CREATE INDEX texts_by_number ON texts (number, at_ms);

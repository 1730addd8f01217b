-- What the dashboard asks for: which calls go on, how many there were, how fast callers were answered, and whose requests
-- were refused.

CREATE INDEX calls_open ON calls (started_ms) WHERE ended_ms IS NULL;
CREATE INDEX calls_in_figures ON calls (started_ms, answered_ms, ended_ms, cost_micros);
CREATE INDEX messages_urgent ON messages (taken_ms) WHERE urgent <> 0 AND done_ms IS NULL;
CREATE INDEX texts_lost ON texts (at_ms) WHERE delivery = 'lost';

-- How often callers waited about so long, in the hours in which their calls began.
CREATE TABLE answer_times (
    hour_ms BIGINT NOT NULL,
    -- Eight to an octave: 2 to the power of an eighth of it, in milliseconds.
    bucket BIGINT NOT NULL,
    answers BIGINT NOT NULL,
    PRIMARY KEY (hour_ms, bucket)
);

-- All that is read of it.
CREATE INDEX answer_times_as_read ON answer_times (hour_ms, bucket, answers);

-- Requests in a carrier's name that were not believed, counted by why.
CREATE TABLE refusals (
    carrier TEXT NOT NULL,
    why TEXT NOT NULL,
    times BIGINT NOT NULL,
    first_ms BIGINT NOT NULL,
    last_ms BIGINT NOT NULL,
    -- Of the last one: where it was sent to, as far as we can tell, one address a line.
    addresses TEXT NOT NULL,
    -- What it was found to be.
    advice TEXT NOT NULL,
    PRIMARY KEY (carrier, why)
);

-- Why we called somebody, and what numbers were sent to before they were connected to us.

ALTER TABLE calls ADD COLUMN purpose TEXT NOT NULL DEFAULT '';

CREATE TABLE connected_numbers (
    carrier TEXT NOT NULL,
    number TEXT NOT NULL,
    -- As the server writes it: JSON.
    before TEXT NOT NULL,
    connected_ms BIGINT NOT NULL,
    PRIMARY KEY (carrier, number)
);

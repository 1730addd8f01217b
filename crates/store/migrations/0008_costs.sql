-- What calls cost, in millionths of the owner's currency.

ALTER TABLE calls ADD COLUMN cost_micros BIGINT NOT NULL DEFAULT 0;

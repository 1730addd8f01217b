-- What became of texts that went out, as their carrier told: `on_its_way`, `arrived` or `lost`; nothing before it did.

ALTER TABLE texts ADD COLUMN delivery TEXT NOT NULL DEFAULT '';
-- The carrier's code for what went wrong.
ALTER TABLE texts ADD COLUMN delivery_code TEXT NOT NULL DEFAULT '';
ALTER TABLE texts ADD COLUMN delivery_ms BIGINT;

CREATE INDEX texts_by_delivery ON texts (delivery, at_ms);

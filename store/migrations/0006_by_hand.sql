-- Who has entered at the gateway what cannot be reported to it, and when.
ALTER TABLE sales ADD COLUMN corrected_by TEXT;
ALTER TABLE sales ADD COLUMN corrected_reason TEXT;
ALTER TABLE sales ADD COLUMN corrected_at TEXT;

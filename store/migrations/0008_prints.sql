-- Prints of the shop's own: what they are made of, and their content in base64
-- until the printer has it.
ALTER TABLE jobs ADD COLUMN form TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN content TEXT NOT NULL DEFAULT '';

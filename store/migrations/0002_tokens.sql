-- tokens: what programs and pages show to be let in. A token itself is nowhere,
-- only its SHA-256; a row never leaves, so that what was done under it keeps its name.
CREATE TABLE tokens (
  id                  TEXT    NOT NULL PRIMARY KEY,
  name                TEXT    NOT NULL,
  hash                TEXT    NOT NULL UNIQUE,
  scopes              TEXT    NOT NULL,
  max_refund_cents    INTEGER NOT NULL,
  max_day_cents       INTEGER NOT NULL,
  returns             INTEGER NOT NULL,
  created_at          TEXT    NOT NULL,
  created_by          TEXT    NOT NULL,
  expires_at          TEXT,
  revoked_at          TEXT,
  revoked_by          TEXT    NOT NULL,
  written_in          INTEGER NOT NULL
) STRICT;

CREATE TRIGGER tokens_never_leave BEFORE DELETE ON tokens
BEGIN SELECT RAISE(ABORT, 'tokens are revoked, never removed'); END;

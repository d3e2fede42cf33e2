-- people: who works at the counter. A PIN itself is nowhere, only what it is
-- compared with; a row never leaves, so that what was done keeps its name.
CREATE TABLE people (
  id          TEXT    NOT NULL PRIMARY KEY,
  name        TEXT    NOT NULL,
  pin         TEXT    NOT NULL,                    -- argon2id, with its parameters
  role        TEXT    NOT NULL,                    -- cashier, supervisor, manager
  created_at  TEXT    NOT NULL,
  created_by  TEXT    NOT NULL,
  removed_at  TEXT,
  removed_by  TEXT    NOT NULL,
  written_in  INTEGER NOT NULL
) STRICT;

CREATE TRIGGER people_never_leave BEFORE DELETE ON people
BEGIN SELECT RAISE(ABORT, 'people are removed by a date, their rows stay'); END;

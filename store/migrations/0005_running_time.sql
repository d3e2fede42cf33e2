-- How long posd had run, all its runs together, when a report was queued: its age
-- is told by that and not by a clock. From here on due_at goes by running time,
-- too: by a clock that was right when the first report was queued and that nobody
-- sets since. Which sales became unsure lately is told by a note, so no index by an
-- instant is needed for it.
ALTER TABLE reports ADD COLUMN queued_after_s INTEGER NOT NULL DEFAULT 0;
DROP INDEX sales_by_unsure;

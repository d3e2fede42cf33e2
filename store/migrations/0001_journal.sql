-- The journal of one counter.
--
-- Amounts are whole cents. Instants are RFC 3339 in UTC, written so that they
-- sort as text: 2026-11-21T22:10:05.123+00:00. NULL means "has not happened" or
-- "there is none". written_in is the number of the commit (table commits) that
-- wrote the row last.

-- sales: the payment of one bill by one method.
CREATE TABLE sales (
  n                  INTEGER PRIMARY KEY,          -- order of creation; clocks may lie, n does not
  id                 TEXT    NOT NULL UNIQUE,      -- ULID
  reference          TEXT    NOT NULL,             -- the bill's number, may be empty
  replaces           TEXT    NOT NULL,             -- a sale's id, 'none', or empty
  replaced_by        TEXT    NOT NULL,             -- the sale that took its bill over
  replacer_state     TEXT    NOT NULL,             -- how that one ended
  method             TEXT    NOT NULL,             -- card, wechat, alipay, unionpay, scan
  kind               TEXT    NOT NULL,             -- sale; of cards also auth, complete, return
  original           TEXT    NOT NULL,             -- the authorisation that a completion takes
  tender             TEXT    NOT NULL,             -- credit, debit, or empty: the terminal's choice
  channel            TEXT    NOT NULL,             -- the gateway's name of the way to pay
  state              TEXT    NOT NULL,             -- waiting, paid, declined, cancelled, unsure
  reason             TEXT    NOT NULL,
  words              TEXT    NOT NULL,             -- of the terminal or the gateway
  currency           TEXT    NOT NULL,
  amount_cents       INTEGER NOT NULL,             -- asked
  approved_cents     INTEGER NOT NULL,
  due_cents          INTEGER NOT NULL,             -- still to pay after a partial approval
  tip_cents          INTEGER NOT NULL,
  cashback_cents     INTEGER NOT NULL,
  surcharge_cents    INTEGER NOT NULL,
  given_up           INTEGER NOT NULL,             -- 1: cancelled here, still watched
  cancel_wished      INTEGER NOT NULL,
  offline            INTEGER NOT NULL,             -- 1: approved offline
  upload             TEXT    NOT NULL,             -- of an offline approval: confirmed, refused, or not known
  day                INTEGER NOT NULL,             -- number of the business day in which it ended; 0: not ended
  by                 TEXT    NOT NULL,             -- who asked for a return
  why                TEXT    NOT NULL,
  created_at         TEXT    NOT NULL,
  final_at           TEXT,
  went_unsure_at     TEXT,
  watched_s          INTEGER NOT NULL,             -- running seconds spent watching
  mch_order_no       TEXT    NOT NULL,
  pay_order_id       TEXT    NOT NULL,
  printed            TEXT    NOT NULL,             -- none, queued, sent, printed, failed
  reported           TEXT    NOT NULL,             -- not-needed, queued, done, set-aside, withdrawn, by-hand
  incident           TEXT    NOT NULL,
  attention          TEXT    NOT NULL,             -- what a person must do
  settled_by         TEXT,                         -- a person's word, if that is what ended it
  settled_reason     TEXT,
  settled_at         TEXT,
  -- What is remembered of the card; NULL for a sale without one. The number is
  -- masked, an expiry date or a name never stands here.
  card_type          TEXT,
  card_number        TEXT,
  card_entry         TEXT,
  card_account       TEXT,
  card_label         TEXT,
  card_aid           TEXT,
  card_tvr           TEXT,
  card_tsi           TEXT,
  card_cryptogram    TEXT,
  card_cvm           TEXT,
  card_composed      TEXT,                         -- which values of the report were derived, not read
  card_auth_code     TEXT,
  card_host_code     TEXT,
  card_host_text     TEXT,
  card_reference     TEXT,
  card_batch         TEXT,
  card_invoice       TEXT,
  card_transaction   TEXT,
  card_terminal_id   TEXT,
  card_serial        TEXT,
  card_terminal_time TEXT,                         -- by the terminal's clock, zone unknown
  card_language      TEXT,
  pruned_at          TEXT,                         -- when its details were taken away
  written_in         INTEGER NOT NULL
) STRICT;

CREATE INDEX sales_by_created ON sales (created_at);
CREATE INDEX sales_by_reference ON sales (reference) WHERE reference <> '';
CREATE INDEX sales_by_original ON sales (original) WHERE original <> '';
CREATE INDEX sales_by_day ON sales (day) WHERE day > 0;
CREATE INDEX sales_open ON sales (state) WHERE state IN ('waiting', 'unsure');
CREATE INDEX sales_by_unsure ON sales (went_unsure_at) WHERE went_unsure_at IS NOT NULL;

CREATE TRIGGER sales_final_stays BEFORE UPDATE ON sales
WHEN OLD.state IN ('paid', 'declined', 'cancelled') AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'a final state never changes'); END;

-- attempts: one row for each try of a sale on a wire.
CREATE TABLE attempts (
  sale       TEXT    NOT NULL REFERENCES sales (id) DEFERRABLE INITIALLY DEFERRED,
  pos        INTEGER NOT NULL,                     -- 0 is the first try
  ref        TEXT    NOT NULL UNIQUE,              -- the reference it went out under
  state      TEXT    NOT NULL,                     -- intended, open, paid, ended
  started_at TEXT    NOT NULL,
  words      TEXT    NOT NULL,
  written_in INTEGER NOT NULL,
  PRIMARY KEY (sale, pos)
) STRICT, WITHOUT ROWID;

-- movements: refunds and voids, money that goes back.
CREATE TABLE movements (
  sale         TEXT    NOT NULL REFERENCES sales (id) DEFERRABLE INITIALLY DEFERRED,
  pos          INTEGER NOT NULL,
  id           TEXT    NOT NULL UNIQUE,            -- its own number or reference
  kind         TEXT    NOT NULL,                   -- refund, void
  amount_cents INTEGER NOT NULL,
  state        TEXT    NOT NULL,                   -- waiting, done, refused, unsure, kept
  by           TEXT    NOT NULL,
  why          TEXT    NOT NULL,
  created_at   TEXT    NOT NULL,
  keep_until   TEXT,
  words        TEXT    NOT NULL,
  final_at     TEXT,
  day          INTEGER NOT NULL,                   -- number of the business day in which it ended; 0: not ended
  card_type          TEXT,                         -- as in sales, of the void or return itself
  card_number        TEXT,
  card_entry         TEXT,
  card_account       TEXT,
  card_label         TEXT,
  card_aid           TEXT,
  card_tvr           TEXT,
  card_tsi           TEXT,
  card_cryptogram    TEXT,
  card_cvm           TEXT,
  card_composed      TEXT,
  card_auth_code     TEXT,
  card_host_code     TEXT,
  card_host_text     TEXT,
  card_reference     TEXT,
  card_batch         TEXT,
  card_invoice       TEXT,
  card_transaction   TEXT,
  card_terminal_id   TEXT,
  card_serial        TEXT,
  card_terminal_time TEXT,
  card_language      TEXT,
  written_in   INTEGER NOT NULL,
  PRIMARY KEY (sale, pos)
) STRICT, WITHOUT ROWID;

CREATE INDEX movements_by_day ON movements (day) WHERE day > 0;
CREATE INDEX movements_open ON movements (state) WHERE state IN ('waiting', 'unsure');

-- keys: what an Idempotency-Key made, for ever.
CREATE TABLE keys (
  key        TEXT    NOT NULL PRIMARY KEY,
  digest     TEXT    NOT NULL,                     -- of the request's body, hex
  sale       TEXT    NOT NULL,
  movement   TEXT    NOT NULL,
  at         TEXT    NOT NULL,
  written_in INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- events: the history. Rows are added and never changed.
CREATE TABLE events (
  seq        INTEGER PRIMARY KEY AUTOINCREMENT,
  at         TEXT    NOT NULL,
  sale       TEXT    NOT NULL,                     -- empty when it is about posd itself
  kind       TEXT    NOT NULL,
  data       TEXT    NOT NULL,                     -- JSON
  written_in INTEGER NOT NULL
) STRICT;

-- reports: the queue of approved card sales that the gateway must be told of.
CREATE TABLE reports (
  n             INTEGER PRIMARY KEY,
  no            TEXT    NOT NULL UNIQUE,           -- mchOrderNo of its create_order
  sale          TEXT    NOT NULL,
  amount_cents  INTEGER NOT NULL,
  currency      TEXT    NOT NULL,
  state         TEXT    NOT NULL,                  -- queued, held, set-aside
  queued_at     TEXT    NOT NULL,
  due_at        TEXT    NOT NULL,
  attempts      INTEGER NOT NULL,
  attempted     INTEGER NOT NULL,                  -- 1: may have reached the gateway already
  words         TEXT    NOT NULL,                  -- the gateway's, last heard
  params_sha256 TEXT    NOT NULL,
  params        TEXT    NOT NULL,                  -- the request; holds the expiry and leaves with the row
  written_in    INTEGER NOT NULL
) STRICT;

CREATE INDEX reports_by_due ON reports (state, due_at, amount_cents, queued_at);

-- jobs: receipts to print, and a drawer to open. What is printed is made from the sale.
CREATE TABLE jobs (
  id         TEXT    NOT NULL PRIMARY KEY,
  kind       TEXT    NOT NULL,                     -- receipt, drawer
  by         TEXT    NOT NULL,                     -- who asked for a drawer; its sale is empty
  sale       TEXT    NOT NULL,
  movement   TEXT    NOT NULL,
  copy       TEXT    NOT NULL,                     -- customer, merchant
  duplicate  INTEGER NOT NULL,
  state      TEXT    NOT NULL,                     -- queued, sent, printed, failed
  words      TEXT    NOT NULL,
  at         TEXT    NOT NULL,
  written_in INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX jobs_unfinished ON jobs (state) WHERE state NOT IN ('sent', 'printed', 'failed');

-- days: closed business days. Sales and movements of a day carry its number.
CREATE TABLE days (
  no         INTEGER PRIMARY KEY,                  -- 1, 2, 3... without a gap
  date       TEXT    NOT NULL,                     -- business day of the shop's calendar at the close
  opened_at  TEXT    NOT NULL,                     -- when the day before was closed
  closed_at  TEXT    NOT NULL,
  by         TEXT    NOT NULL,
  books      TEXT    NOT NULL,                     -- the report as it was at the close, JSON
  written_in INTEGER NOT NULL
) STRICT;

CREATE INDEX days_by_date ON days (date);

CREATE TRIGGER days_never_change BEFORE UPDATE ON days
BEGIN SELECT RAISE(ABORT, 'a closed day never changes'); END;

CREATE TRIGGER days_never_leave BEFORE DELETE ON days
BEGIN SELECT RAISE(ABORT, 'closed days are kept for ever'); END;

-- notes: single values that posd remembers by name.
CREATE TABLE notes (
  name       TEXT    NOT NULL PRIMARY KEY,
  value      TEXT    NOT NULL,
  written_in INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- commits: one row for each transaction. entries names every row the
-- transaction wrote with a digest of it, or is their sum once none of those rows
-- is as it was; hash is the SHA-256 of the hash before, the number and the sum,
-- so that nothing can be edited unseen.
CREATE TABLE commits (
  no      INTEGER PRIMARY KEY,
  entries TEXT    NOT NULL,
  hash    TEXT    NOT NULL
) STRICT;

-- turns counts how often the log was turned over; see the package comment.
CREATE TABLE turns (n INTEGER NOT NULL) STRICT;
INSERT INTO turns VALUES (0);

-- horizon is the instant up to which prune may take details away.
CREATE TABLE horizon (before TEXT NOT NULL) STRICT;
INSERT INTO horizon VALUES ('');

-- restores: each time a backup was put back. What was made between the backup
-- and then is lost here and known elsewhere: no reference of that span is new.
CREATE TABLE restores (
  at        TEXT NOT NULL,
  lost_from TEXT NOT NULL,
  lost_to   TEXT NOT NULL
) STRICT;

CREATE TRIGGER events_never_change BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;

CREATE TRIGGER events_stay BEFORE DELETE ON events
WHEN NOT (OLD.at < (SELECT before FROM horizon)
  AND (OLD.sale = '' OR EXISTS (SELECT 1 FROM sales WHERE id = OLD.sale AND pruned_at IS NOT NULL)))
BEGIN SELECT RAISE(ABORT, 'events leave by prune only'); END;

CREATE TRIGGER commits_never_change BEFORE UPDATE ON commits
WHEN NEW.no <> OLD.no OR NEW.hash <> OLD.hash OR NEW.entries NOT LIKE 'sum %'
BEGIN SELECT RAISE(ABORT, 'commits are never changed'); END;

CREATE TRIGGER commits_never_leave BEFORE DELETE ON commits
BEGIN SELECT RAISE(ABORT, 'commits are never removed'); END;

CREATE TRIGGER sales_never_leave BEFORE DELETE ON sales
BEGIN SELECT RAISE(ABORT, 'sales are never removed'); END;

CREATE TRIGGER attempts_never_leave BEFORE DELETE ON attempts
BEGIN SELECT RAISE(ABORT, 'references are kept for ever'); END;

CREATE TRIGGER movements_never_leave BEFORE DELETE ON movements
BEGIN SELECT RAISE(ABORT, 'numbers of refunds are kept for ever'); END;

CREATE TRIGGER keys_never_leave BEFORE DELETE ON keys
BEGIN SELECT RAISE(ABORT, 'keys are kept for ever'); END;

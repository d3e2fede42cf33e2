-- The books of a chain, made from the stream of its counters' commits. Amounts are
-- whole cents, instants RFC 3339 in UTC, booleans 0 or 1; till is shop/till.

CREATE TABLE IF NOT EXISTS epochs (
  till        TEXT   NOT NULL,
  epoch       TEXT   NOT NULL,
  no          BIGINT NOT NULL,
  from_epoch  TEXT   NOT NULL,
  from_commit BIGINT NOT NULL,
  first       BIGINT NOT NULL,
  last        BIGINT NOT NULL,
  last_hash   TEXT   NOT NULL,
  PRIMARY KEY (till, epoch)
);

-- commits: a message twice changes nothing.
CREATE TABLE IF NOT EXISTS commits (
  till      TEXT   NOT NULL,
  epoch     TEXT   NOT NULL,
  commit_no BIGINT NOT NULL,
  hash      TEXT   NOT NULL,
  entries   TEXT   NOT NULL,
  PRIMARY KEY (till, epoch, commit_no)
);

-- held: commits that cannot be booked, for one before them is missing or wrong.
CREATE TABLE IF NOT EXISTS held (
  till      TEXT   NOT NULL,
  epoch     TEXT   NOT NULL,
  commit_no BIGINT NOT NULL,
  hash      TEXT   NOT NULL,
  body      TEXT   NOT NULL,
  PRIMARY KEY (till, epoch, commit_no)
);

CREATE TABLE IF NOT EXISTS parts (
  till      TEXT   NOT NULL,
  epoch     TEXT   NOT NULL,
  commit_no BIGINT NOT NULL,
  part      BIGINT NOT NULL,
  body      TEXT   NOT NULL,
  PRIMARY KEY (till, epoch, commit_no, part)
);

-- facts: the newest known row of everything in the journals, as it was told.
CREATE TABLE IF NOT EXISTS facts (
  till      TEXT   NOT NULL,
  tbl       TEXT   NOT NULL,
  name      TEXT   NOT NULL,
  epoch_no  BIGINT NOT NULL,
  commit_no BIGINT NOT NULL,
  data      TEXT   NOT NULL,
  PRIMARY KEY (till, tbl, name)
);

CREATE TABLE IF NOT EXISTS sales (
  till       TEXT   NOT NULL,
  id         TEXT   NOT NULL,
  at         TEXT   NOT NULL,
  date       TEXT   NOT NULL,
  hour       BIGINT NOT NULL,
  method     TEXT   NOT NULL,
  kind       TEXT   NOT NULL,
  state      TEXT   NOT NULL,
  currency   TEXT   NOT NULL,
  asked      BIGINT NOT NULL,
  approved   BIGINT NOT NULL,
  taken      BIGINT NOT NULL,
  back       BIGINT NOT NULL,
  reference  TEXT   NOT NULL,
  last4      TEXT   NOT NULL,
  order_no   TEXT   NOT NULL,
  pay_order  TEXT   NOT NULL,
  reported   TEXT   NOT NULL,
  incident   TEXT   NOT NULL,
  attention  TEXT   NOT NULL,
  PRIMARY KEY (till, id)
);
CREATE INDEX IF NOT EXISTS sales_by_date ON sales (date, at);
CREATE INDEX IF NOT EXISTS sales_by_asked ON sales (asked);
CREATE INDEX IF NOT EXISTS sales_by_taken ON sales (taken) WHERE taken <> asked;
CREATE INDEX IF NOT EXISTS sales_by_last4 ON sales (last4) WHERE last4 <> '';
CREATE INDEX IF NOT EXISTS sales_by_reference ON sales (reference) WHERE reference <> '';
CREATE INDEX IF NOT EXISTS sales_by_order ON sales (order_no) WHERE order_no <> '';
CREATE INDEX IF NOT EXISTS sales_by_pay_order ON sales (pay_order) WHERE pay_order <> '';
CREATE INDEX IF NOT EXISTS sales_open ON sales (state) WHERE state IN ('waiting', 'unsure');
CREATE INDEX IF NOT EXISTS sales_unreported ON sales (reported) WHERE reported IN ('queued', 'set-aside', 'by-hand');
CREATE INDEX IF NOT EXISTS sales_incidents ON sales (till) WHERE incident <> '';

CREATE TABLE IF NOT EXISTS movements (
  till     TEXT   NOT NULL,
  id       TEXT   NOT NULL,
  sale     TEXT   NOT NULL,
  date     TEXT   NOT NULL,
  hour     BIGINT NOT NULL,
  kind     TEXT   NOT NULL,
  state    TEXT   NOT NULL,
  amount   BIGINT NOT NULL,
  method   TEXT   NOT NULL,
  currency TEXT   NOT NULL,
  back     BIGINT NOT NULL,
  PRIMARY KEY (till, id)
);

CREATE INDEX IF NOT EXISTS movements_by_sale ON movements (till, sale);

-- days: what each counter closed.
CREATE TABLE IF NOT EXISTS days (
  till      TEXT   NOT NULL,
  no        BIGINT NOT NULL,
  date      TEXT   NOT NULL,
  closed_at TEXT   NOT NULL,
  closed_by TEXT   NOT NULL,
  books     TEXT   NOT NULL,
  PRIMARY KEY (till, no)
);
CREATE INDEX IF NOT EXISTS days_by_date ON days (date);

-- takings: sums of sales and movements, kept with every commit.
CREATE TABLE IF NOT EXISTS takings (
  date     TEXT   NOT NULL,
  till     TEXT   NOT NULL,
  hour     BIGINT NOT NULL,
  method   TEXT   NOT NULL,
  currency TEXT   NOT NULL,
  sales    BIGINT NOT NULL,
  taken    BIGINT NOT NULL,
  back     BIGINT NOT NULL,
  PRIMARY KEY (date, till, hour, method, currency)
);

CREATE TABLE IF NOT EXISTS alarms (
  till       TEXT   NOT NULL,
  epoch      TEXT   NOT NULL,
  commit_no  BIGINT NOT NULL,
  kind       TEXT   NOT NULL,
  words      TEXT   NOT NULL,
  raised_at  TEXT   NOT NULL,
  cleared_at TEXT   NOT NULL,
  PRIMARY KEY (till, epoch, commit_no, kind)
);

CREATE TABLE IF NOT EXISTS words (
  till TEXT NOT NULL,
  at   TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (till)
);

CREATE TABLE IF NOT EXISTS meta (
  name  TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (name)
);

-- What is searched in all the years: amounts, a card's last four digits, whoever asked for
-- a return, and of what was not paid a rare method or a span of time. Each start looks for
-- the event of a restore, and for sales that a person or the gateway's word has closed.
CREATE INDEX sales_by_amount ON sales (amount_cents);
CREATE INDEX sales_by_last ON sales (substr(card_number, -4)) WHERE card_number IS NOT NULL;
CREATE INDEX sales_by_person ON sales (by) WHERE by <> '';
CREATE INDEX sales_unpaid_by_method ON sales (state, method) WHERE state IN ('declined', 'cancelled');
CREATE INDEX sales_unpaid_by_created ON sales (state, created_at) WHERE state IN ('declined', 'cancelled');
CREATE INDEX sales_closed_by_word ON sales (n) WHERE reason IN ('person', 'closed');
CREATE INDEX events_restored ON events (seq) WHERE kind = 'restored';

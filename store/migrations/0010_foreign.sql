-- What a front end's register calls a sale: found by that, and nothing more.
ALTER TABLE sales ADD COLUMN foreign_reference TEXT;
CREATE INDEX sales_by_foreign ON sales (foreign_reference) WHERE foreign_reference IS NOT NULL;

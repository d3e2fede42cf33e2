-- Cash: what the customer handed over, and what is taken more than the amount (below
-- zero: less), as there is no smaller coin. Lines: what the amount is made of, as far
-- as the request told; taxes and items as JSON, empty without any.
ALTER TABLE sales ADD COLUMN given_cents INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sales ADD COLUMN rounding_cents INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sales ADD COLUMN subtotal_cents INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sales ADD COLUMN taxes TEXT NOT NULL DEFAULT '';
ALTER TABLE sales ADD COLUMN items TEXT NOT NULL DEFAULT '';

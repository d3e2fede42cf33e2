-- Under which brand a wallet's code was shown, where its mark must stand on receipts.
ALTER TABLE sales ADD COLUMN brand TEXT;

-- Lists by a method or by a rare state read an index and not the years. Paid is
-- not rare: it is found by going back from the newest.
CREATE INDEX sales_by_method ON sales (method);
CREATE INDEX sales_unpaid ON sales (state) WHERE state IN ('declined', 'cancelled');

-- A day's report asks what was given back in it, also of sales of other days.
CREATE INDEX movements_by_created ON movements (created_at);

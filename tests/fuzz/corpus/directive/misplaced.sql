-- brant: up
SELECT 1;
-- brant: timeout = 5
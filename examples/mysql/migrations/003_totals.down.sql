ALTER TABLE orders DROP INDEX orders_cents, DROP COLUMN cents;

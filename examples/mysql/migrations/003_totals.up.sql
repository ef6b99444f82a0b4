ALTER TABLE orders ADD COLUMN cents bigint;
UPDATE orders o JOIN products p ON p.id = o.product SET o.cents = o.amount * p.cents;
UPDATE orders SET cents = 0 WHERE cents IS NULL;
ALTER TABLE orders MODIFY cents bigint NOT NULL;
CREATE INDEX orders_cents ON orders (cents);

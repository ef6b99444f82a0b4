CREATE VIEW open_orders AS
SELECT orders.id AS "order",
       customers.name AS customer,
       products.name AS product,
       order_lines.quantity,
       order_lines.quantity * products.price_cents AS cents
FROM orders
JOIN customers ON customers.id = orders.customer_id
JOIN order_lines ON order_lines.order_id = orders.id
JOIN products ON products.id = order_lines.product_id
WHERE orders.shipped_at IS NULL;

CREATE INDEX order_lines_by_product ON order_lines (product_id);

-- A trigger has semicolons in its body: it is still one statement.
CREATE TRIGGER take_from_stock AFTER INSERT ON order_lines
BEGIN
    SELECT RAISE(ABORT, 'not enough in stock')
    FROM products WHERE id = NEW.product_id AND stock < NEW.quantity;

    UPDATE products SET stock = stock - NEW.quantity WHERE id = NEW.product_id;
END;

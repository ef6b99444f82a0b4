DROP TRIGGER take_from_stock;
DROP INDEX order_lines_by_product;

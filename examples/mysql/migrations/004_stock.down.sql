DROP TRIGGER orders_take_stock;
DROP PROCEDURE take_stock;

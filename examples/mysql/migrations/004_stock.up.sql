DELIMITER //

CREATE PROCEDURE take_stock(IN which bigint, IN amount int)
BEGIN
    IF (SELECT stock FROM products WHERE id = which) < amount THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not enough in stock';
    END IF;
    UPDATE products SET stock = stock - amount WHERE id = which;
END//

CREATE TRIGGER orders_take_stock AFTER INSERT ON orders FOR EACH ROW
BEGIN
    CALL take_stock(NEW.product, NEW.amount);
END//

DELIMITER ;

m-- brant: up
DELIMITER //
CREATE PROCEDURE p() BEGIN a; b; END;
//
SELECT 1; SELECT 2//
DELIMITER $$ # x
select a$$`$$`$$
CREATE PACKAGE p AS x INT; END; -- y
$$
DELIMITER ;
c;
-- brant: down
d;
m-- +goose StatementBegin
CREATE PROCEDURE p AS x INT; BEGIN x := 1; END;
-- +goose StatementEnd
DELIMITER //
-- +goose StatementBegin
SET sql_mode = 'ANSI_QUOTES'
-- +goose StatementEnd
SELECT "a"// b;

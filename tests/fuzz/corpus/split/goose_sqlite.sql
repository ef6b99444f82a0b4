-- +goose StatementBegin
CREATE TABLE t (a)
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END;
-- +goose StatementEnd
SELECT 2;

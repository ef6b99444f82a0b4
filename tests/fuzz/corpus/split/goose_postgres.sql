p-- +goose StatementBegin
CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END
-- +goose StatementEnd
COPY t FROM STDIN;
-- +goose StatementBegin
\.
-- +goose StatementBegin
SELECT (1
-- +goose StatementEnd

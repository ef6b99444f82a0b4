-- +goose NO TRANSACTION
-- +goose Up
-- +goose StatementBegin
a;
-- +goose Down
b;
-- brant: foreign-keys=off
--
-- SQLite cannot change the type of a column, so the table is rebuilt. With foreign keys on, the
-- DROP would refuse or delete what refers to it. brant switches them off around the transaction
-- and checks all of them before its COMMIT.
CREATE TABLE products_new (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    price_cents INTEGER NOT NULL CHECK (price_cents >= 0),
    stock INTEGER NOT NULL DEFAULT 0
);

INSERT INTO products_new (id, name, price_cents, stock)
SELECT id, name, CAST(round(price * 100) AS INTEGER), stock FROM products;

DROP TABLE products;
ALTER TABLE products_new RENAME TO products;

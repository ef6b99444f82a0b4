-- brant: foreign-keys=off
CREATE TABLE products_old (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    price REAL NOT NULL,
    stock INTEGER NOT NULL DEFAULT 0
);

INSERT INTO products_old (id, name, price, stock)
SELECT id, name, price_cents / 100.0, stock FROM products;

DROP TABLE products;
ALTER TABLE products_old RENAME TO products;

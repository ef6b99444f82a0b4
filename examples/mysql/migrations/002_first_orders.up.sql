INSERT INTO products (name, cents, stock) VALUES ('goose feather', 250, 10), ('brant''s map', 1200, 3);
INSERT INTO orders (product, amount) SELECT id, 2 FROM products;

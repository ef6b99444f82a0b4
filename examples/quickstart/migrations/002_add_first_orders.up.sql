-- A data migration: rows travel through migrations like tables do.
INSERT INTO products (id, name, price, stock) VALUES
    (1, 'Rope, 10 m', 12.5, 40),
    (2, 'Lantern', 29.9, 15),
    (3, 'Compass', 18, 25);

INSERT INTO customers (id, name, email) VALUES
    (1, 'Harbour Office', 'office@harbour.example'),
    (2, 'Lighthouse', 'keeper@lighthouse.example');

INSERT INTO orders (id, customer_id, ordered_at, shipped_at) VALUES
    (1, 1, '2024-03-01 09:30:00', '2024-03-02 08:00:00'),
    (2, 2, '2024-03-04 17:15:00', NULL);

INSERT INTO order_lines (order_id, product_id, quantity) VALUES
    (1, 1, 4),
    (2, 2, 1),
    (2, 3, 2);

CREATE TABLE products (
    id bigint AUTO_INCREMENT PRIMARY KEY,
    name varchar(100) NOT NULL UNIQUE,
    cents bigint NOT NULL,
    stock int NOT NULL DEFAULT 0
);

CREATE TABLE orders (
    id bigint AUTO_INCREMENT PRIMARY KEY,
    product bigint NOT NULL,
    amount int NOT NULL,
    FOREIGN KEY (product) REFERENCES products (id)
);

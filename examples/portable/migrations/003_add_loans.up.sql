CREATE TABLE loans (
    book_id INTEGER NOT NULL REFERENCES books (id) ON DELETE CASCADE,
    reader VARCHAR(100) NOT NULL,
    returned INTEGER NOT NULL DEFAULT 0 CHECK (returned IN (0, 1)),
    PRIMARY KEY (book_id, reader)
);

-- Each book is with one reader at a time.
CREATE UNIQUE INDEX loans_open ON loans (book_id) WHERE returned = 0;

INSERT INTO loans (book_id, reader) SELECT id, 'Jack' FROM books WHERE pages > 400;

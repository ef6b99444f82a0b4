INSERT INTO authors (id, name) VALUES (1, 'Ada; Countess'), (2, 'O''Brien');

INSERT INTO books (id, author_id, title, pages) VALUES
    (1, 1, 'Notes -- on an engine', 66),
    (2, 2, 'Post /* Captain */', 496),
    (3, 2, 'The Far Side of the World', 366);

-- What both databases understand: plain types, and keys that the program gives.
CREATE TABLE authors (
    id INTEGER PRIMARY KEY,
    name VARCHAR(100) NOT NULL UNIQUE
);

CREATE TABLE books (
    id INTEGER PRIMARY KEY,
    author_id INTEGER NOT NULL REFERENCES authors (id),
    title TEXT NOT NULL,
    pages INTEGER NOT NULL CHECK (pages > 0),
    added_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

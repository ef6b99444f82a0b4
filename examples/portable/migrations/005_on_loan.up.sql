CREATE VIEW on_loan AS
WITH open_loans AS (SELECT book_id, reader FROM loans WHERE returned = 0)
SELECT books.title, authors.name AS author, open_loans.reader
FROM open_loans
JOIN books ON books.id = open_loans.book_id
JOIN authors ON authors.id = books.author_id;

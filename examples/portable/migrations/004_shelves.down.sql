ALTER TABLE books RENAME COLUMN bought_at TO added_at;
ALTER TABLE books DROP COLUMN shelf;

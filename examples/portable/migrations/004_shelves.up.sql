ALTER TABLE books ADD COLUMN shelf TEXT;
UPDATE books SET shelf = CASE WHEN pages < 100 THEN 'thin; top' ELSE 'thick' END;
ALTER TABLE books RENAME COLUMN added_at TO bought_at;

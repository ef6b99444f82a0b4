CREATE TABLE t (a, begin, end); -- it's
CREATE TEMP TRIGGER begin UPDATE OF end ON main.begin
WHEN new.begin IN begin BEGIN
  INSERT INTO t(begin, end) SELECT CASE 1 WHEN 1 THEN ';' END, 2 end;
  DELETE FROM [a;b] WHERE "c;" = `d;`; /* END; */
END;
EXPLAIN QUERY PLAN SELECT $a::b(;), ?1, x'3b', 1.5e+3, 0x1F, a->'$.b';

mselect 'a'';\'', "b\"", N'c', x'00', b'1', 0x1f, 0b1, 1.5e-3, .5, 1..2, 1a, @a.b, @'c;', @@d, \N, _utf8'e', `f``;` # it's
, 1--1 -- ;
/* /* ; */ + /*+ ; */ 1, ${a};--x
ALTER TABLE `a`.b ADD COLUMN (c int), ALGORITHM=INPLACE, DROP x, RENAME KEY a TO b;RENAME TABLE a TO b.c, d TO e;CREATE USER 'a'@'%', b@c;SET GLOBAL a=1, @@session.b:='c';LOAD DATA LOCAL INFILE 'f' INTO TABLE t;XA START 'x';DO RELEASE_LOCK('a')
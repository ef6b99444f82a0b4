p-- brant: up
COPY s."t" (a, b) FROM STDIN WITH (FORMAT csv); -- x
1;'
\N	\.
-- brant: down
\.
;copy s.from from stdout;
\.
COPY BINARY t FROM STDIN;1\.
# SPDX-License-Identifier: Apache-2.0
"""A long script for PostgreSQL with all that is hard to cut into statements, and with places at which
it can be broken on purpose, of which is known where the server, or brant, finds the error.

The text is made of chapters, each with a number in place of the sign §, and a tab in place of →.

    «name STATE¦good¦bad»    a place: `bad` stands there when it is broken. The error is at the
                             beginning of `bad`, or at a ^^ in it. STATE is the SQLSTATE; "-": brant
                             itself finds the error, before anything runs
    «@name»                  the error is here instead
"""
import re

CHAPTERS = 20

COMMENTS = r"""
/* Chapter §; with 'quotes, "names", $$ and -- dashes
   /* nested; /* twice */ ' */ still inside; $tag$ */
-- a line; with ' an open quote, " another, $$ and /* no block
--
;;/**/;--;
SELECT /* ; */ 1 -- ; '
    AS /* /* ; */ " */ "one; -- not a comment /* nor this */" /* behind; */ ;
SELECT 'it''s -- no comment', /* ' */ '/* nor ; this */', «@comment_column»"q"."a;b" -- $$
FROM (VALUES (1)) AS "q" ("«comment_column 42703¦a;b¦b;a»");
SELECT 1«syntax 42601¦ + ¦ IN ^^»2 /* an operator */ - -1 -- minus minus
    -/**/-1;
«@open_comment»/* an «open_comment -¦¦/*»; '*/
SELECT $$; dollar ' quotes $x$ -- $$, $x$ $$ ; $y$ $x$, $ärger_1$ ; $$ $ärger$ $ärger_1$;
"""

TYPES = r"""
CREATE TYPE mood_§ AS ENUM ('glad', 'sad; really', 'ça va', '日本', '😀');
«@composite_type»CREATE TYPE pair_§ AS (a integer, "b ""q"" c" «composite_type 42704¦text¦txet», "größe;" numeric(6, 2) /* ; */);
«@domain_check»CREATE DOMAIN positive_§ AS integer DEFAULT 1
    CONSTRAINT "more than 0; always" CHECK (VALUE > «domain_check 22P02¦0¦^^'zero'» /* ; */) -- ;
;
CREATE DOMAIN code_§ AS text COLLATE "C" CHECK (VALUE ~ '^[^;]+$' AND VALUE <> '''');
«@rename_value»ALTER TYPE mood_§ RENAME VALUE «rename_value 22023¦'sad; really'¦'sad'» TO 'sad; at times';
COMMENT ON TYPE mood_§ IS 'how one feels; /* no comment */ -- nor this';
«@no_sequence»COMMENT ON «no_sequence 42P01¦TYPE mood_§¦SEQUENCE mood_§» IS E'it\'s; a "mood"\n\ttab';
SELECT ('glad'::mood_§) < 'ça va', «enum_value 22P02¦'日本'¦'中国'»::mood_§, ROW(1, 'x;', 2.5)::pair_§;
"""

TABLES = r"""
CREATE TABLE "Bücher §" ( -- the name; has 7 letters
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    "Größe" integer NOT NULL DEFAULT 3 CHECK ("Größe" > 0),
    "日本語""; name" «column_type 42704¦text¦textt» DEFAULT 'a;b''c"d',
    /* 😀😀 */ "😀" mood_§ DEFAULT 'glad', doubled integer GENERATED ALWAYS AS («generated_column 42703¦"Größe"¦"Grösse"» * 2) STORED,
    pair pair_§, n positive_§, owner_name text DEFAULT current_user,
    UNIQUE ("日本語""; name")
);
«@missing_parent»CREATE TABLE "odd, 99; §" (
    a integer PRIMARY KEY, "b;" text NOT NULL, c code_§,
    parent bigint REFERENCES «missing_parent 42P01¦"Bücher §"¦"Bucher §"» ON DELETE CASCADE,
    CONSTRAINT "no; cats §" CHECK ("b;" <> 'cat')
);
CREATE TABLE later_§ (a integer REFERENCES "odd, 99; §" DEFERRABLE INITIALLY DEFERRED);
«again 42P07¦ALTER TABLE later_§ ADD COLUMN "b;" integer;¦CREATE TABLE later_§ (a integer);»
CREATE SCHEMA "inner; §"
    CREATE TABLE t (a integer, "b;c" text)
    CREATE VIEW v AS SELECT a, "b;c" || ';' AS d FROM t -- of that schema
    /* ; */ GRANT SELECT ON v TO PUBLIC;
«@alter_table»ALTER TABLE «alter_table 42P01¦"inner; §".t¦"inner; §".tt» ADD COLUMN e text DEFAULT $q$;'$q$, ALTER COLUMN a SET DEFAULT 7;
«@index_column»CREATE UNIQUE INDEX "by; size §" ON "Bücher §" («index_column 42703¦"Größe"¦"Große"» DESC, lower("日本語""; name")) WHERE "Größe" > 100;
CREATE SEQUENCE "seq; §" START 10 INCREMENT BY 5 OWNED BY "Bücher §".n;
CREATE STATISTICS "stats; §" (dependencies) ON "Größe", owner_name FROM "Bücher §";
"""

PARTITIONS = r"""
CREATE TABLE measure_§ (at date NOT NULL, place text, value numeric) PARTITION BY RANGE (at);
CREATE TABLE measure_§_a PARTITION OF measure_§ FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (place);
CREATE TABLE measure_§_a1 PARTITION OF measure_§_a FOR VALUES IN ('a;b', 'ü', NULL);
CREATE TABLE measure_§_a2 PARTITION OF measure_§_a DEFAULT;
CREATE TABLE measure_§_b PARTITION OF measure_§ FOR VALUES FROM («partition_bound 42P17¦'2025-01-01'¦'2024-12-01'») TO ('2026-01-01');
CREATE TABLE hashed_§ (a integer, b text) PARTITION BY HASH (a);
CREATE TABLE hashed_§_0 PARTITION OF hashed_§ FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hashed_§_1 PARTITION OF hashed_§ FOR VALUES WITH (MODULUS 2, REMAINDER 1);
«@no_partition»INSERT INTO measure_§ VALUES ('2024-05-01', 'a;b', 1.5), («no_partition 23514¦'2025-05-01'¦'2023-05-01'», E'x\'; --', 2);
INSERT INTO measure_§ SELECT «bad_date 22007¦'2024-06-01'¦'2024-0'»::date + i, 'ü', i FROM generate_series(1, 9) AS i;
COPY measure_§ FROM stdin;
2024-07-01→a;b→1
«@copy_no_partition»«copy_no_partition 23514¦2024-07-02¦1999-07-02»→\N→2.5
2025-07-03→-- no comment→3
\.
"""

FUNCTIONS = r"""
CREATE OR REPLACE FUNCTION "fügt an §"(a integer DEFAULT 1, b text = 'x;y') RETURNS integer
LANGUAGE plpgsql AS $größe_1$
DECLARE
    x integer := 0; -- a comment; here $$ and '
BEGIN
    /* nested /* comment; */ $other$ */
    EXECUTE $q$ SELECT 1; $q$;
    EXECUTE 'SELECT $1 || ''; $$''' USING b INTO b;
    FOR i IN 1..a LOOP x := x + i; END LOOP;
    /* ü */ «plpgsql_word 42601¦RETURN¦RETURNS» x + CASE WHEN b = ';' THEN 1 ELSE 0 END;
EXCEPTION WHEN division_by_zero THEN
    RAISE NOTICE 'a; "b" %', «plpgsql_end 42601¦a;¦a;^^;»
    RETURN -1;
END;
$größe_1$;
CREATE FUNCTION "total; §"(limit_of integer) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT «sql_body 42703¦"日本語""; name"¦"日本語"» || '; -- $x$'
    FROM "Bücher §" /* ; */ WHERE "Größe" < limit_of;
    SELECT 'é' || «sql_function 42883¦lower¦lowerr»('Ü;');
$$;
CREATE FUNCTION "quoted §"() RETURNS text LANGUAGE sql STABLE AS 'SELECT ''a;''''b'' || «quoted_body 42703¦'';''¦nothing»; -- ;
    SELECT ''last; $$''';
CREATE FUNCTION atomic_§(a integer, b integer) RETURNS integer LANGUAGE sql
BEGIN ATOMIC
    SELECT CASE WHEN a > b THEN 1 ELSE 2 END; -- ; END;
    SELECT /* END; */ CASE a WHEN 1 THEN «atomic_column 42703¦b¦c» ELSE (SELECT count(*) FROM "Bücher §")::integer END;
    SELECT 'END;' || $$; END;$$ AS "END;", a;
    SELECT a + b AS "begin; "; -- end
END;
CREATE PROCEDURE "fill §"(IN OUT n integer)
LANGUAGE plpgsql
SET search_path = public
AS $$BEGIN
    INSERT INTO "inner; §".t (a, "b;c") VALUES (n, 'called; $1');
    n := n + 1;
END$$;
CALL "fill §"(5);
SELECT "fügt an §"(3), atomic_§(1, 2), "quoted §"();
CREATE AGGREGATE joined_§ (text) (SFUNC = textcat, STYPE = text, INITCOND = ';');
«@aggregate_function»CREATE AGGREGATE product_§ (integer) (SFUNC = «aggregate_function 42883¦int4mul¦int4mull», STYPE = integer);
CREATE FUNCTION shift_§(mood_§, integer) RETURNS integer RETURN $2 * 2; -- END;
CREATE OPERATOR public.<+> (LEFTARG = mood_§, RIGHTARG = integer, FUNCTION = shift_§);
"""

TRIGGERS = r"""
CREATE FUNCTION watch_§() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF TG_OP = 'INSERT' AND NEW."Größe" = 666 THEN
        RAISE EXCEPTION 'no; such size' USING ERRCODE = 'P0666';
    END IF;
    NEW.owner_name := coalesce(NEW.owner_name, $$nobody; $$ || current_user);
    RETURN NEW;
END $body$;
«@trigger_function»CREATE TRIGGER "vor; §" BEFORE INSERT OR UPDATE OF "Größe" ON "Bücher §" FOR EACH ROW
    WHEN («@trigger_when»NEW.«trigger_when 42703¦"Größe"¦"Grosse"» IS NOT NULL /* ; */) EXECUTE FUNCTION «trigger_function 42883¦watch_§¦wotch_§»();
CREATE CONSTRAINT TRIGGER "danach §" AFTER UPDATE ON "Bücher §" DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE PROCEDURE watch_§('arg; $$', 'it''s');
ALTER TABLE "Bücher §" DISABLE TRIGGER "danach §";
"""

ROWS = r"""
INSERT INTO "Bücher §" ("Größe", «insert_column 42703¦"日本語""; name"¦"日本;"») VALUES (10, 'eins;'), (20, U&'zwei\003B \00FC'), (30, '三😀');
«@not_null»INSERT INTO "odd, 99; §" VALUES (1, 'dog;', 'x'), (2, «not_null 23502¦'bird'¦NULL», NULL);
«@check»INSERT INTO "odd, 99; §" VALUES (3, «check 23514¦'Ä;'¦'cat'», 'y');
«@unique»INSERT INTO "odd, 99; §" ("b;", a) VALUES ('--', «unique 23505¦4¦1»);
«@foreign»INSERT INTO "odd, 99; §" (a, "b;", parent) SELECT 5, 'child', «foreign 23503¦min(id)¦min(-1)» FROM "Bücher §";
UPDATE "Bücher §" SET pair = ROW(1, 'q;''', 2.25), "😀" = '😀', n = 5 WHERE "Größe" = 10;
«@domain»UPDATE "Bücher §" SET n = «domain 23514¦7¦-7» /* the domain; says */ WHERE "Größe" = 20;
DELETE FROM «delete_table 42P01¦later_§¦later_§_» WHERE "b;" IS NOT NULL;
INSERT INTO later_§ VALUES (1), (2);
WITH "moved; rows" AS (DELETE FROM later_§ WHERE a = 2 RETURNING a)
INSERT INTO later_§ SELECT 3 /* 2; */ FROM "moved; rows" WHERE 'Übergröße 𝒳' <> «with_column 42703¦''¦nix»;
COPY "odd, 99; §" (a, "b;", c) FROM stdin; -- rows; follow
11→plain→x
12→tab\tand\nline→\N
13→a \\. in between→-
14→'open quote "→$$
«@copy_number»«copy_number 22P02¦15¦fünfzehn»→;→--
16→/* no comment→日本語😀
«@copy_columns»17→«copy_columns 22P04¦\\.¦two→three→four»→end
18→\\.\\N→a\\b
«@copy_null»19→«copy_null 23502¦\\N¦\N»→ü
«@copy_cat»20→«copy_cat 23514¦dog¦cat»→ä
«@copy_unique»«copy_unique 23505¦21¦1»→last; row→z
\.
«@copy_table»COPY «copy_table 42P01¦"inner; §".t¦"inner; §".tx» (a, "b;c") FROM STDIN WITH (FORMAT csv, HEADER, DELIMITER ';', NULL '-');
a;"b;c"
1;"a; ""quoted"" 'text'"
«@csv_number»«csv_number 22P02¦2¦2x»;" \."
3;x\.
4;"two
lines; \.x"
«@csv_short»5;«csv_short 22P04¦-¦-;-»
\.
«@copy_column»COPY "Bücher §" ("Größe", «copy_column 42703¦"日本語""; name"¦"日本語"») FROM stdin /* ; */ ; /* behind */ -- ;
40→vierzig; \\.
«@copy_trigger»«copy_trigger P0666¦50¦666»→fünfzig
\.
COPY later_§ FROM STDIN;
\.
SELECT setval('"seq; §"', 100);
"""

VIEWS = r"""
CREATE VIEW "Sicht; §" ("a;", b) WITH (security_barrier) AS
    SELECT «view_column 42703¦"Größe"¦"Grö;ße"», "日本語""; name" || '; /*' FROM "Bücher §" WHERE "😀" IS DISTINCT FROM 'ça va'
    WITH LOCAL CHECK OPTION;
CREATE RECURSIVE VIEW counted_§ (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM counted_§ WHERE n < 5;
CREATE MATERIALIZED VIEW stored_§ AS SELECT s.b AS "b;", count(*) FILTER (WHERE s.b <> ';') FROM «view_table 42P01¦"Sicht; §"¦"Sicht §"» AS s GROUP BY 1 WITH DATA;
CREATE INDEX ON stored_§ ("b;");
CREATE OR REPLACE RULE "statt; §" AS ON UPDATE TO "inner; §".v
    WHERE NEW.a > 0 DO INSTEAD (
        INSERT INTO later_§ (a) SELECT NULL; -- one; two
        UPDATE "inner; §".t SET "b;c" = 'by rule;' || NEW.d WHERE a = «rule_column 42703¦OLD.a¦OLD.b»;
        DELETE FROM later_§ WHERE a IS NULL
    );
CREATE RULE nothing_§ AS ON UPDATE TO "inner; §".v DO INSTEAD NOTHING;
UPDATE "inner; §".v SET d = 'new;' WHERE a = 1;
REFRESH MATERIALIZED VIEW stored_§;
ALTER VIEW "Sicht; §" RENAME COLUMN b TO "b; ü";
COMMENT ON COLUMN "Sicht; §"."b; ü" IS $c$; it's $$quoted$$ $c$;
"""

RIGHTS = r"""
ALTER TABLE "Bücher §" ENABLE ROW LEVEL SECURITY;
«@policy_column»CREATE POLICY "nur; eigene §" ON "Bücher §" AS PERMISSIVE FOR SELECT TO PUBLIC
    USING («policy_column 42703¦owner_name¦owner_nam» = current_user /* ; */ OR "日本語""; name" = ';');
CREATE POLICY ändern_§ ON "Bücher §" FOR UPDATE TO pg_monitor USING (true) WITH CHECK ("Größe" < 1000);
GRANT SELECT, INSERT ("Größe"), UPDATE ON "Bücher §" TO pg_monitor WITH GRANT OPTION;
«@grant_role»GRANT ALL ON ALL TABLES IN SCHEMA "inner; §" TO «grant_role 42704¦pg_monitor¦"pg; monitor"»;
«@grant_table»GRANT TRIGGER, REFERENCES ON «grant_table 42P01¦"odd, 99; §"¦"odd; §"» TO PUBLIC;
REVOKE EXECUTE ON FUNCTION "fügt an §"(integer, text) FROM PUBLIC;
GRANT USAGE ON TYPE mood_§ TO pg_monitor;
ALTER DEFAULT PRIVILEGES IN SCHEMA "inner; §" GRANT SELECT ON TABLES TO PUBLIC;
"""

BLOCKS = r"""
DO /* a comment; $x$
    and more */ LANGUAGE plpgsql $böse$
DECLARE
    n integer;
BEGIN
    SELECT count(*) INTO n FROM "Bücher §"; -- ; $$
    IF n < 0 THEN RAISE EXCEPTION 'no; $$ way'; END IF;
    «do_raise P0001¦NULL;¦RAISE EXCEPTION 'stop; here';»
    /* ü */ n := 0;
    «do_zero 22012¦n := 1;¦n := 1 / n;»
    EXECUTE format($f$ UPDATE %I SET n = %L; $f$, 'Bücher §', '9');
    BEGIN
        PERFORM 1
        FROM «do_table 42P01¦"Bücher §"¦"Bücher; §"»
        WHERE 'ÄÖÜ' <> «do_column 42703¦owner_name¦owner_nome» AND true;
        EXECUTE 'SELECT ; broken';
    EXCEPTION WHEN syntax_error THEN
        NULL; -- as it should be;
    END;
END
$böse$;
DO $$ «@do_short»BEGIN PERFORM 'a;'; «do_short P0002¦PERFORM 1;¦RAISE NO_DATA_FOUND;» END $$;
DO 'DECLARE x text := ''it''''s; $$'';
BEGIN
    «do_quoted 22P02¦x := ''y;'';¦PERFORM ''q''::integer;»
END';
DO $$ BEGIN
    «do_syntax 42601¦NULL;¦^^NIL;» -- a comment
END; $$;
"""

STRINGS = r"""
SELECT E'a\'b;\\', e'\x41\u00fc\U0001F600;', E'''', 'back\', "Größe" -- \
FROM "Bücher §" WHERE «string_column 42703¦"Größe"¦"größe"» > 0;
SELECT 'continued; '
    -- over lines; it's
    'here', E'one\';'
  'two'';', «bad_escape 22025¦E'\u00e9'¦E'^^\u00e'»;
SELECT U&'d\0061t\+000061; \\', U&"\0047r\00F6\00DFe", U&'!0061;' UESCAPE '!' FROM "Bücher §";
SELECT B'1010', X'1F', N'n;', 1.5e-3, .5, 5., 1e10::text || ';', «bad_bits 22P02¦B'1'¦B'12'»;
SELECT a.b FROM (SELECT 1 AS "b") AS a WHERE ';' <> $_$;$_$ AND 'a$b$' <> $b$$ $x$ $b$ AND 1 <> 2;
SELECT '{"a;": "b''c"}'::jsonb ->> 'a;', «bad_json 22P02¦'[1, ";"]'¦'[1; 2]'»::json, ARRAY['a;', 'b'']']::text[];
SELECT CASE WHEN true THEN 'x;' END, (SELECT (1)), "a" FROM (VALUES (';')) v ("a");
«@division»SELECT «division 22012¦1¦1 / 0»;
SELECT x'1f'::integer, 'ä' COLLATE "C" < «unknown_collation 42704¦'ö' COLLATE "C"¦'ö' ^^COLLATE "D"»;
PREPARE "plan; §" (integer) AS SELECT $1 + 1, '$2;';
EXECUTE "plan; §" (5);
DEALLOCATE "plan; §";
SET client_min_messages TO 'warning';
«@bad_setting»SET «bad_setting 42704¦application_name¦aplication_name» = 'a; b';
RESET client_min_messages;
"""

# What has no sense, or is an error, outside of a transaction.
TOGETHER = r"""
SAVEPOINT "point; §";
INSERT INTO "odd, 99; §" (a, "b;") VALUES (1000, 'gone;');
ROLLBACK TO SAVEPOINT "point; §";
RELEASE "point; §";
SET LOCAL lock_timeout = '5s';
LOCK TABLE "Bücher §" IN SHARE MODE;
DECLARE "cursor; §" CURSOR FOR SELECT ';' FROM "odd, 99; §";
FETCH 2 FROM "cursor; §";
CLOSE "cursor; §";
SET CONSTRAINTS ALL IMMEDIATE;
"""

PARTS = [COMMENTS, TYPES, TABLES, PARTITIONS, FUNCTIONS, TRIGGERS, ROWS, VIEWS, RIGHTS, BLOCKS, STRINGS]
MARK = re.compile(r"«@(\w+)»|«(\w+) ([\w-]+)¦([^¦»]*)¦([^»]*)»", re.DOTALL)


class Place:
    """A place at which the script is broken."""

    def __init__(self, chapter: int, name: str, state: str):
        self.chapter, self.name, self.state = chapter, name, "" if state == "-" else state

    def __str__(self) -> str:
        return f"{self.name} in chapter {self.chapter}"


def places() -> list:
    """All of them, spread over the chapters."""
    marks = [mark for part in PARTS for mark in MARK.finditer(part) if mark[2]]
    return [Place(1 + n * 5 % CHAPTERS, mark[2], mark[3]) for n, mark in enumerate(marks)]


def _chapter(number: int, together: bool) -> str:
    text = "".join([*PARTS, *([TOGETHER] if together else [])])
    return text.replace("§", str(number)).replace("→", "\t")


def script(broken: Place = None, together: bool = True, end: str = "\n") -> tuple:
    """The text, and line and column of the error, None without. end: of each line."""
    out, at, by_mark = [], None, False
    length = 0

    def add(piece: str) -> None:
        nonlocal length
        out.append(piece)
        length += len(piece)

    for number in range(1, CHAPTERS + 1):
        text, done = _chapter(number, together), 0
        for mark in MARK.finditer(text):
            add(text[done:mark.start()])
            done = mark.end()
            here = broken is not None and broken.chapter == number and broken.name in (mark[1], mark[2])
            if mark[1]:
                at, by_mark = (length, True) if here else (at, by_mark)
                continue
            bad = mark[5]
            if here and not by_mark:
                at = length + max(0, bad.find("^^"))
            add(bad.replace("^^", "") if here else mark[4])
        add(text[done:])
    whole = "".join(out)
    where = None
    if at is not None:
        before = whole[:at]
        where = before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1
    return whole.replace("\n", end), where

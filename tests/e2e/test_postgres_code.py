# SPDX-License-Identifier: Apache-2.0
"""Migrations that a program brings, on PostgreSQL, through the C API as a stranger's program has it."""
import ctypes
import importlib.util
import os
import pathlib
import unittest

import support
import support_postgres

if not support.SANITIZED:
    os.environ.setdefault("LIBBRANT", os.path.join(support.BUILD, "libbrant.so"))
    SPEC = importlib.util.spec_from_file_location(
        "startup", pathlib.Path(os.environ["BRANT_SOURCE"]) / "examples" / "python" / "startup.py")
    startup = importlib.util.module_from_spec(SPEC)
    SPEC.loader.exec_module(startup)
    LIB = startup.LIB
NULL, INTEGER, REAL, TEXT, BLOB = range(5)


class Value(ctypes.Structure):
    """brant_value, whose data may have NUL bytes."""
    _fields_ = [("type", ctypes.c_uint32), ("integer", ctypes.c_int64), ("real", ctypes.c_double),
                ("data", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def to_value(value, keep: list) -> Value:
    if value is None:
        return Value(type=NULL)
    if isinstance(value, int):
        return Value(type=INTEGER, integer=value)
    if isinstance(value, float):
        return Value(type=REAL, real=value)
    data = value.encode() if isinstance(value, str) else value
    buffer = ctypes.create_string_buffer(data, len(data) + 1)
    keep.append(buffer)
    return Value(type=TEXT if isinstance(value, str) else BLOB, data=ctypes.addressof(buffer), length=len(data))


def from_value(value: Value):
    if value.type in (TEXT, BLOB):
        data = ctypes.string_at(value.data, value.length)
        return data.decode() if value.type == TEXT else data
    return {NULL: None, INTEGER: value.integer, REAL: value.real}[value.type]


class Failed(Exception):
    """A call did not succeed; its error is with the library already."""


class Code:
    """What a function of a migration works with; a failure of a call ends the function."""

    def __init__(self, code, err):
        self._code, self._err = code, err

    def _arguments(self, sql: str, values) -> tuple:
        self._keep = []
        array = (Value * len(values))(*[to_value(value, self._keep) for value in values])
        return self._code, sql.encode(), ctypes.cast(array, ctypes.POINTER(startup.Value)), len(values)

    def _ask(self, status: int) -> None:
        if status != startup.OK:
            raise Failed(status)

    def run(self, sql: str, *values) -> int:
        changed = ctypes.c_int64(-7)
        self._ask(LIB.brant_code_run(*self._arguments(sql, values), ctypes.byref(changed), self._err))
        return changed.value

    def query(self, sql: str, *values, on_row=None, most: int = 1 << 30) -> list:
        rows, wrong = [], []

        @startup.RowFunction
        def collect(row, _user):
            try:
                rows.append(tuple(from_value(LIB.brant_row_at(row, i)[0]) for i in range(LIB.brant_row_count(row))))
                if on_row is not None:
                    on_row(rows[-1])
            except Exception as error:  # must not go through C
                wrong.append(error)
            return 1 if wrong or len(rows) >= most else 0

        status = LIB.brant_code_query(*self._arguments(sql, values), collect, None, self._err)
        if wrong:
            raise wrong[0]
        self._ask(status)
        return rows

    def fail(self, text: str) -> None:
        self._ask(LIB.brant_code_fail(self._code, text.encode(), self._err))


@unittest.skipIf(support.SANITIZED, "a library with AddressSanitizer cannot be loaded into Python")
class CodeOnPostgres(support_postgres.Case):
    def setUp(self):
        super().setUp()
        for name, result in (("brant_row_count", ctypes.c_size_t), ("brant_row_at", ctypes.POINTER(Value)),
                             ("brant_row_name", ctypes.c_char_p), ("brant_error_sqlstate", ctypes.c_char_p),
                             ("brant_error_id", ctypes.c_char_p)):
            getattr(LIB, name).restype = result
        for name in ("brant_row_count", "brant_error_sqlstate", "brant_error_id"):
            getattr(LIB, name).argtypes = [ctypes.c_void_p]
        LIB.brant_row_at.argtypes = LIB.brant_row_name.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
        LIB.brant_code_fail.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        self.p = self.project().pairs({
            "001_a": ("CREATE TABLE a (x integer PRIMARY KEY, y text);\nINSERT INTO a VALUES (1, 'one');\n",
                      "DROP TABLE a;\n"),
            "003_c": ("CREATE TABLE c (x integer);\n", "DROP TABLE c;\n")})

    def function(self, body, wrong: list):
        """A function for C of one that takes a Code."""
        def called(code, _user, err):
            try:
                body(Code(code, err))
            except Failed as error:
                return error.args[0]
            except Exception as error:  # must not go through C
                wrong.append(error)
                return startup.ESTATEMENT
            return startup.OK
        return startup.CodeFunction(called)

    def migrate(self, up, down=None, command: str = "brant_up", properties: str = "") -> dict:
        """Runs everything with the function in place of 002_b; the error as a dictionary, or {}."""
        settings, project, session = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
        error, wrong = ctypes.c_void_p(), []
        functions = [self.function(up, wrong), self.function(down, wrong) if down else startup.CodeFunction()]
        given = startup.Registration(size=ctypes.sizeof(startup.Registration), id=b"002_b", up=functions[0],
                                     down=functions[1], properties=properties.encode() or None)
        options = startup.RunOptions(size=ctypes.sizeof(startup.RunOptions), all=int(command == "brant_down"))
        found = {}
        try:
            startup.call("brant_settings_new", ctypes.byref(settings))
            for key, value in (("database", self.p.database.url()), ("migrations", self.p.at("migrations"))):
                startup.call("brant_settings_set", settings, key.encode(), value.encode(), startup.ORIGIN_FLAG, None)
            startup.call("brant_project_load", ctypes.byref(project), settings)
            startup.call("brant_session_open", ctypes.byref(session), project, None)
            startup.call("brant_session_register", session, ctypes.byref(given))
            if getattr(LIB, command)(None, session, ctypes.byref(options), ctypes.byref(error)) != startup.OK:
                found = {name: (getattr(LIB, f"brant_error_{name}")(error) or b"").decode()
                         for name in ("id", "message", "sqlstate")}
        finally:
            LIB.brant_error_free(error)
            LIB.brant_session_close(session)
            LIB.brant_project_free(project)
            LIB.brant_settings_free(settings)
        for problem in wrong:
            raise problem
        return found

    def test_in_its_place_and_in_its_transaction_up_and_down(self):
        def up(code):
            self.assertEqual(code.run("INSERT INTO a VALUES ($1, $2), (3, 'three')", 2, "two"), 2)

        def down(code):
            self.assertEqual(code.run("DELETE FROM a WHERE x > $1", 1), 2)

        self.assertEqual(self.migrate(up, down), {})
        self.assertDone(self.p, ["001_a", "002_b", "003_c"])
        self.assertEqual([row["kind"] for row in self.p.ledger()], ["sql", "code", "sql"])
        self.assertEqual(self.p.sql("SELECT * FROM a"), [(1, "one"), (2, "two"), (3, "three")])
        self.assertEqual(self.migrate(up, down), {})
        self.assertEqual(self.migrate(up, down, "brant_down"), {})
        self.assertEqual((self.p.tables(), self.p.completed()), ([], []))

    def test_values_of_every_type_go_there_and_back(self):
        types = (("smallint", -3), ("integer", 1 << 30), ("bigint", -(1 << 63)), ("double precision", 0.1),
                 ("real", -2.5), ("text", "ü日😀; 'it''s'\n"), ("bytea", b"\x00\xff\\x00"), ("text", None),
                 ("bytea", b""), ("varchar(5)", ""))
        given = [value for _, value in types]
        seen = []

        def up(code):
            columns = ", ".join(f"c{i} {kind}" for i, (kind, _) in enumerate(types))
            code.run(f"CREATE TABLE v ({columns})")
            marks = ", ".join(f"${i + 1}" for i in range(len(types)))
            self.assertEqual(code.run(f"INSERT INTO v VALUES ({marks})", *given), 1)
            seen.extend(code.query("SELECT * FROM v"))
            seen.extend(code.query("SELECT true, false, 1.50::numeric, 'a'::char(3), '2024-01-02'::date, "
                                   "'{1,2}'::int[], 'NaN'::float8, NULL::int"))

        self.assertEqual(self.migrate(up), {})
        self.assertEqual(seen[0], tuple(given))
        self.assertEqual(seen[1][:2], (1, 0))
        self.assertEqual(seen[1][2:6], ("1.50", "a  ", "2024-01-02", "{1,2}"))
        self.assertNotEqual(seen[1][6], seen[1][6])
        self.assertIsNone(seen[1][7])

    def test_rows_in_rows(self):
        def up(code):
            code.run("INSERT INTO a SELECT i, 'row ' || i FROM generate_series(2, 3000) AS i")
            code.run("CREATE TABLE copies (x integer, of_it text)")
            done = []

            def each(row):
                found = code.query("SELECT y FROM a WHERE x = $1", row[0])
                if row[0] % 100 == 0:
                    code.run("INSERT INTO copies VALUES ($1, $2)", row[0], found[0][0])
                done.append(row[0])

            code.query("SELECT x FROM a ORDER BY x", on_row=each)
            self.assertEqual(done, list(range(1, 3001)))
            self.assertEqual(len(code.query("SELECT x FROM a", most=10)), 10)
            self.assertEqual(code.query("UPDATE a SET y = y || '!' WHERE x <= $1 RETURNING x, y", 2),
                             [(1, "one!"), (2, "row 2!")])

        self.assertEqual(self.migrate(up), {})
        self.assertEqual(self.p.sql("SELECT count(*), max(of_it) FROM copies"), [(30, "row 900")])

    def test_a_failure_leaves_nothing_and_it_can_be_tried_again(self):
        def fails(code):
            code.run("CREATE TABLE gone (x integer)")
            code.run("INSERT INTO a VALUES (2, 'two')")
            code.fail("the numbers do not add up")

        def statement(code):
            code.run("INSERT INTO a VALUES (2, 'two')")
            code.run("INSERT INTO a VALUES ($1, 'again')", 2)

        def swallowed(code):
            code.run("INSERT INTO a VALUES (2, 'two')")
            try:
                code.run("INSERT INTO nowhere VALUES (1)")
            except Failed:
                pass

        self.assertEqual(self.migrate(fails)["message"], "the numbers do not add up")
        self.assertEqual(self.migrate(statement)["sqlstate"], "23505")
        self.assertNotEqual(self.migrate(swallowed), {}, "its transaction is lost, whatever the function says")
        self.assertEqual((self.p.tables(), self.p.sql("SELECT x FROM a")), (["a"], [(1,)]))
        self.assertEqual([(row["id"], row["status"]) for row in self.p.ledger()],
                         [("001_a", "completed"), ("002_b", "failed")])
        self.assertEqual(self.migrate(lambda code: code.run("INSERT INTO a VALUES (2, 'two')")), {})
        self.assertDone(self.p, ["001_a", "002_b", "003_c"])

    def test_what_a_function_may_not_run(self):
        for sql, error in (("COMMIT", "statement.transaction_control"), ("SELECT 1; SELECT 2", "code.more_than_one"),
                           ("COPY a FROM stdin", "code.copy"), ("VACUUM a", "transaction.alone"),
                           ("SELECT $1::int", "code.values"), ("SELECT pg_advisory_unlock_all()", "transaction.refused")):
            with self.subTest(sql=sql):
                found = self.migrate(lambda code, text=sql: code.run(text))
                self.assertEqual(found.get("id"), error, found)
                self.assertEqual(self.p.sql("SELECT x FROM a"), [(1,)])

    def test_without_a_transaction_each_statement_stays_and_it_is_called_again(self):
        calls = []

        def up(code):
            calls.append(1)
            code.run("INSERT INTO a VALUES ($1, 'kept')", 100 + len(calls))
            code.run("VACUUM a")
            if len(calls) == 1:
                code.fail("once")

        self.assertEqual(self.migrate(up, properties="transaction=off")["message"], "once")
        self.assertEqual(self.p.sql("SELECT x FROM a ORDER BY x"), [(1,), (101,)])
        self.assertEqual(self.migrate(up, properties="transaction=off"), {})
        self.assertEqual(self.p.sql("SELECT x FROM a ORDER BY x"), [(1,), (101,), (102,)])
        self.assertDone(self.p, ["001_a", "002_b", "003_c"])

    def test_a_role_and_a_search_path_set_by_a_function_end_with_it(self):
        def up(code):
            code.run("CREATE SCHEMA elsewhere")
            code.run("SET search_path TO elsewhere")
            code.run("CREATE TABLE there (x integer)")

        self.assertEqual(self.migrate(up), {})
        self.assertEqual(self.p.tables(), ["a", "c"])
        self.assertEqual(self.p.sql("SELECT count(*) FROM elsewhere.there"), [(0,)])


if __name__ == "__main__":
    support.main()

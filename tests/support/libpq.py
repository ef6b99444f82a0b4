# SPDX-License-Identifier: Apache-2.0
"""A connection to PostgreSQL for tests: the few functions of libpq that they need, by ctypes.

Values are numbers for integers, None for null, and text as the server sends it. An error of the server is an Error with its
SQLSTATE. Several connections may be used from several threads, each from one at a time.
"""
import ctypes
import ctypes.util
import functools
import select
import time

SECONDS = 60

_OK = 0
_COMMAND_OK, _TUPLES_OK = 1, 2
_FATAL = (7,)
_SQLSTATE = ord("C")
_INTEGERS = (20, 21, 23)  # of 8, 2 and 4 bytes


class Error(Exception):
    def __init__(self, message: str, state: str = ""):
        super().__init__(message.strip())
        self.state = state


@functools.lru_cache(maxsize=None)
def _library():
    name = ctypes.util.find_library("pq")
    if name is None:
        raise OSError("missing package: there is no libpq")
    lib = ctypes.CDLL(name)
    handle, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for function, result, arguments in (
            ("PQconnectdb", handle, [text]), ("PQfinish", None, [handle]), ("PQstatus", number, [handle]),
            ("PQerrorMessage", text, [handle]), ("PQsocket", number, [handle]),
            ("PQbackendPID", number, [handle]), ("PQsendQuery", number, [handle, text]),
            ("PQsendQueryParams", number, [handle, text, number, handle, ctypes.POINTER(text), handle, handle,
                                           number]),
            ("PQconsumeInput", number, [handle]), ("PQisBusy", number, [handle]),
            ("PQgetResult", handle, [handle]), ("PQclear", None, [handle]), ("PQresultStatus", number, [handle]),
            ("PQresultErrorMessage", text, [handle]), ("PQresultErrorField", text, [handle, number]),
            ("PQntuples", number, [handle]), ("PQnfields", number, [handle]), ("PQfname", text, [handle, number]),
            ("PQftype", ctypes.c_uint, [handle, number]),
            ("PQgetisnull", number, [handle, number, number]), ("PQgetvalue", text, [handle, number, number]),
            ("PQping", number, [text])):
        found = getattr(lib, function)
        found.restype, found.argtypes = result, arguments
    return lib


def conninfo(**values) -> str:
    """Keywords of libpq; those that are None are left out."""
    def quoted(value) -> str:
        return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"
    return " ".join(f"{key}={quoted(value)}" for key, value in values.items() if value is not None)


def answers(info: str) -> bool:
    """The server takes connections; whether it lets this user in is another question."""
    return _library().PQping(info.encode()) == 0


class Connection:
    """with Connection(info) as c: rows = c.query("SELECT $1::int + 1", 2)"""

    def __init__(self, info: str):
        """info: conninfo() or a URL."""
        self._lib = _library()
        self._conn = self._lib.PQconnectdb(info.encode())
        if self._lib.PQstatus(self._conn) != _OK:
            message = self._lib.PQerrorMessage(self._conn).decode("utf-8", "replace")
            self.close()
            raise Error(message, "08001")

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        if self._conn is not None:
            self._lib.PQfinish(self._conn)
            self._conn = None

    @property
    def pid(self) -> int:
        """Of the backend."""
        return self._lib.PQbackendPID(self._conn)

    def send(self, sql: str, *values) -> None:
        """Starts statements and does not wait; finish() does."""
        if values:
            texts = [None if value is None else str(value).encode() for value in values]
            array = (ctypes.c_char_p * len(texts))(*texts)
            sent = self._lib.PQsendQueryParams(self._conn, sql.encode(), len(texts), None, array, None, None, 0)
        else:
            sent = self._lib.PQsendQuery(self._conn, sql.encode())
        if not sent:
            raise Error(self._lib.PQerrorMessage(self._conn).decode("utf-8", "replace"), "08006")

    def finish(self, seconds: float = SECONDS) -> list:
        """Rows of the last statement as tuples. The first error of any of them is raised."""
        return self._finish(seconds)[1]

    def _finish(self, seconds: float):
        names, rows, wrong, end = [], [], None, time.monotonic() + seconds
        while True:
            self._wait(end)
            result = self._lib.PQgetResult(self._conn)
            if not result:
                break
            try:
                if self._lib.PQresultStatus(result) in _FATAL:
                    wrong = wrong or self._error(result)
                else:
                    names, rows = self._take(result)
            finally:
                self._lib.PQclear(result)
        if wrong is not None:
            raise wrong
        return names, rows

    def query(self, sql: str, *values, seconds: float = SECONDS) -> list:
        """Several statements without values, or one with; the rows of the last."""
        self.send(sql, *values)
        return self.finish(seconds)

    def dicts(self, sql: str, *values, seconds: float = SECONDS) -> list:
        """The rows as dictionaries of their columns."""
        self.send(sql, *values)
        names, rows = self._finish(seconds)
        return [dict(zip(names, row)) for row in rows]

    def one(self, sql: str, *values):
        """The first value of the first row, or None."""
        rows = self.query(sql, *values)
        return rows[0][0] if rows else None

    def _wait(self, end: float) -> None:
        while self._lib.PQisBusy(self._conn):
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._lib.PQsocket(self._conn)], [], [], left)[0]:
                raise TimeoutError("the server did not answer")
            if not self._lib.PQconsumeInput(self._conn):
                raise Error(self._lib.PQerrorMessage(self._conn).decode("utf-8", "replace"), "08006")

    def _error(self, result) -> Error:
        state = (self._lib.PQresultErrorField(result, _SQLSTATE) or b"08006").decode()
        return Error(self._lib.PQresultErrorMessage(result).decode("utf-8", "replace"), state)

    def _take(self, result):
        """Names and rows."""
        lib = self._lib
        fields = range(lib.PQnfields(result))
        numbers = {field for field in fields if lib.PQftype(result, field) in _INTEGERS}

        def value(row: int, field: int):
            if lib.PQgetisnull(result, row, field):
                return None
            text = lib.PQgetvalue(result, row, field).decode("utf-8", "replace")
            return int(text) if field in numbers else text

        return ([lib.PQfname(result, field).decode("utf-8", "replace") for field in fields],
                [tuple(value(row, field) for field in fields) for row in range(lib.PQntuples(result))])

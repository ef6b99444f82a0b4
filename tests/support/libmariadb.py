# SPDX-License-Identifier: Apache-2.0
"""A few functions of libmariadb, the client library that brant-mysql.so uses itself, by ctypes.

    with libmariadb.Connection(host="127.0.0.1", port=15001, user="brant", password="goose") as db:
        rows = db.query("SELECT %s, 2", "a")    # [["a", 2]]

Values stand for %s, as literals. A text may have several statements; the rows are those of the last
answer that has any.
"""
import contextlib
import ctypes
import ctypes.util

_CR_CONNECT, _LOCAL_INFILE, _CHARSET = 0, 8, 7
_CLIENT_MULTI_STATEMENTS = 1 << 16
_NUMBERS = {1, 2, 3, 8, 9, 13}
_REALS = {4, 5}


class Error(Exception):
    def __init__(self, number: int, message: str):
        super().__init__(f"{number}: {message}")
        self.number = number


class _Field(ctypes.Structure):
    _fields_ = [(name, ctypes.c_char_p) for name in
                ("name", "org_name", "table", "org_table", "db", "catalog", "default")] + \
               [("length", ctypes.c_ulong), ("max_length", ctypes.c_ulong)] + \
               [(name, ctypes.c_uint) for name in
                ("name_length", "org_name_length", "table_length", "org_table_length", "db_length",
                 "catalog_length", "def_length", "flags", "decimals", "charsetnr", "type")] + \
               [("extension", ctypes.c_void_p)]


def _library():
    found = ctypes.CDLL("libmariadb.so.3")
    for name, result, *arguments in (
            ("mysql_init", ctypes.c_void_p, ctypes.c_void_p),
            ("mysql_options", ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p),
            ("mysql_real_connect", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p,
             ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint, ctypes.c_char_p, ctypes.c_ulong),
            ("mysql_close", None, ctypes.c_void_p),
            ("mysql_errno", ctypes.c_uint, ctypes.c_void_p),
            ("mysql_error", ctypes.c_char_p, ctypes.c_void_p),
            ("mysql_real_query", ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_ulong),
            ("mysql_store_result", ctypes.c_void_p, ctypes.c_void_p),
            ("mysql_free_result", None, ctypes.c_void_p),
            ("mysql_next_result", ctypes.c_int, ctypes.c_void_p),
            ("mysql_num_fields", ctypes.c_uint, ctypes.c_void_p),
            ("mysql_fetch_fields", ctypes.POINTER(_Field), ctypes.c_void_p),
            ("mysql_fetch_row", ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p),
            ("mysql_fetch_lengths", ctypes.POINTER(ctypes.c_ulong), ctypes.c_void_p),
            ("mysql_thread_id", ctypes.c_ulong, ctypes.c_void_p)):
        function = getattr(found, name)
        function.restype, function.argtypes = result, arguments
    return found


_LIB = None


def literal(value) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, (int, float)):
        return str(int(value)) if isinstance(value, bool) else repr(value)
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    return f"CONVERT(X'{str(value).encode().hex()}' USING utf8mb4)"


class Connection:
    def __init__(self, host: str = "127.0.0.1", port: int = 3306, user: str = "", password: str = "",
                 db: str = "", socket: str = "", timeout: int = 30):
        global _LIB  # pylint: disable=global-statement
        _LIB = _LIB or _library()
        self._my = _LIB.mysql_init(None)
        seconds = ctypes.c_uint(timeout)
        _LIB.mysql_options(self._my, _CR_CONNECT, ctypes.byref(seconds))
        _LIB.mysql_options(self._my, _CHARSET, ctypes.c_char_p(b"utf8mb4"))
        if not _LIB.mysql_real_connect(self._my, None if socket else host.encode(), user.encode(), password.encode(),
                                       db.encode() or None, port, socket.encode() or None,
                                       _CLIENT_MULTI_STATEMENTS):
            error = self._error()
            self.close()
            raise error

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        my, self._my = self._my, None
        if my:
            _LIB.mysql_close(my)

    def _error(self) -> Error:
        return Error(_LIB.mysql_errno(self._my), _LIB.mysql_error(self._my).decode("utf-8", "replace"))

    @property
    def session(self) -> int:
        return _LIB.mysql_thread_id(self._my)

    @staticmethod
    def _value(text, kind: int):
        if text is None:
            return None
        if kind in _NUMBERS:
            return int(text)
        return float(text) if kind in _REALS else text.decode("utf-8", "surrogateescape")

    def _rows(self, result) -> tuple:
        count, fields = _LIB.mysql_num_fields(result), _LIB.mysql_fetch_fields(result)
        names, kinds = [fields[i].name.decode() for i in range(count)], [fields[i].type for i in range(count)]
        rows = []
        while row := _LIB.mysql_fetch_row(result):
            lengths = _LIB.mysql_fetch_lengths(result)
            rows.append([self._value(ctypes.string_at(row[i], lengths[i]) if row[i] else None, kinds[i])
                         for i in range(count)])
        _LIB.mysql_free_result(result)
        return names, rows

    def _answers(self, sql: str, values) -> tuple:
        text = (sql % tuple(literal(value) for value in values) if values else sql).encode("utf-8", "surrogateescape")
        last, status = ([], []), _LIB.mysql_real_query(self._my, text, len(text))
        while status == 0:
            result = _LIB.mysql_store_result(self._my)
            if result:
                last = self._rows(result)
            elif _LIB.mysql_errno(self._my):
                break
            status = _LIB.mysql_next_result(self._my)
        if status > 0 or _LIB.mysql_errno(self._my):
            raise self._error()
        return last

    def query(self, sql: str, *values) -> list:
        return self._answers(sql, values)[1]

    def dicts(self, sql: str, *values) -> list:
        names, rows = self._answers(sql, values)
        return [dict(zip(names, row)) for row in rows]


def answers(**where) -> bool:
    with contextlib.suppress(Error, OSError), Connection(timeout=5, **where):
        return True
    return False

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A Python program that brings its SQLite database up to date when it starts, through ctypes.

    python3 startup.py app.db ../startup/migrations

The library is found as libbrant.so by the dynamic linker; LIBBRANT names another file. The module
sqlite3 may open the database when the session is closed: two copies of SQLite in one process must
not have the same file open at one time.
"""
import ctypes
import os
import sqlite3
import sys

OK, ESTATEMENT = 0, 5
ORIGIN_FLAG = 4
INTEGER, TEXT = 1, 3


class Value(ctypes.Structure):
    """brant_value"""
    _fields_ = [("type", ctypes.c_uint32), ("integer", ctypes.c_int64), ("real", ctypes.c_double),
                ("data", ctypes.c_char_p), ("length", ctypes.c_size_t)]


CodeFunction = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p))
RowFunction = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


class Registration(ctypes.Structure):
    """brant_registration"""
    _fields_ = [("size", ctypes.c_size_t), ("database", ctypes.c_char_p), ("id", ctypes.c_char_p),
                ("up", CodeFunction), ("down", CodeFunction), ("user", ctypes.c_void_p),
                ("up_text", ctypes.c_char_p), ("down_text", ctypes.c_char_p),
                ("properties", ctypes.c_char_p), ("revision", ctypes.c_char_p)]


class RunOptions(ctypes.Structure):
    """brant_run_options"""
    _fields_ = [("size", ctypes.c_size_t), ("count", ctypes.c_uint64), ("to", ctypes.c_char_p),
                ("all", ctypes.c_int), ("dry_run", ctypes.c_int), ("startup", ctypes.c_int)]


class Report(ctypes.Structure):
    """The first fields of brant_report; later ones are not needed here."""
    _fields_ = [("command", ctypes.c_char_p), ("run_id", ctypes.c_char_p),
                ("applied", ctypes.c_void_p), ("applied_count", ctypes.c_size_t),
                ("skipped", ctypes.c_void_p), ("skipped_count", ctypes.c_size_t),
                ("failed", ctypes.c_void_p), ("version", ctypes.c_char_p)]


def load() -> ctypes.CDLL:
    lib = ctypes.CDLL(os.environ.get("LIBBRANT", "libbrant.so"))
    for name in ("brant_error_message", "brant_error_hint", "brant_row_text"):
        getattr(lib, name).restype = ctypes.c_char_p
    lib.brant_row_int.restype = ctypes.c_int64
    for name in ("brant_error_message", "brant_error_hint", "brant_error_free",
                 "brant_settings_free", "brant_project_free", "brant_session_close",
                 "brant_report_free"):
        getattr(lib, name).argtypes = [ctypes.c_void_p]
    lib.brant_row_text.argtypes = lib.brant_row_int.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    lib.brant_code_run.argtypes = [
        ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(Value), ctypes.c_size_t,
        ctypes.POINTER(ctypes.c_int64), ctypes.c_void_p]
    lib.brant_code_query.argtypes = [
        ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(Value), ctypes.c_size_t, RowFunction,
        ctypes.c_void_p, ctypes.c_void_p]
    return lib


LIB = load()


class BrantError(Exception):
    """What the library says, with its advice."""


def call(function, *arguments) -> None:
    """Calls a function whose last parameter is a brant_error **."""
    error = ctypes.c_void_p()
    if getattr(LIB, function)(*arguments, ctypes.byref(error)) != OK:
        text = LIB.brant_error_message(error).decode()
        hint = (LIB.brant_error_hint(error) or b"").decode()
        LIB.brant_error_free(error)
        raise BrantError(f"{text}\n{hint}".rstrip())


def text_value(text: str) -> Value:
    data = text.encode()
    return Value(type=TEXT, data=data, length=len(data))


@CodeFunction
def split_names(code, _user, err) -> int:
    """Migration 003_split_names. An exception must not leave a function that C calls."""
    rows = []

    @RowFunction
    def collect(row, _user):
        rows.append((LIB.brant_row_int(row, 0), LIB.brant_row_text(row, 1).decode()))
        return 0

    status = LIB.brant_code_query(code, b"SELECT id, name FROM users", None, 0, collect, None, err)
    for number, name in rows:
        first, _, last = name.rpartition(" ")
        if status == OK and first:
            values = (Value * 3)(text_value(first), text_value(last),
                                 Value(type=INTEGER, integer=number))
            status = LIB.brant_code_run(
                code, b"UPDATE users SET first = ?, last = ? WHERE id = ?", values, 3, None, err)
    return status


def migrate(path: str, migrations: str) -> None:
    settings, project, session = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
    report = ctypes.POINTER(Report)()
    names = Registration(size=ctypes.sizeof(Registration), id=b"003_split_names", up=split_names)
    options = RunOptions(size=ctypes.sizeof(RunOptions), startup=1)
    try:
        call("brant_settings_new", ctypes.byref(settings))
        for key, value in (("database", f"sqlite:{path}"), ("migrations", migrations)):
            call("brant_settings_set", settings, key.encode(), value.encode(), ORIGIN_FLAG, None)
        call("brant_project_load", ctypes.byref(project), settings)
        call("brant_session_open", ctypes.byref(session), project, None)
        call("brant_session_register", session, ctypes.byref(names))
        call("brant_up", ctypes.byref(report), session, ctypes.byref(options))
        version = report.contents.version
        print(f"applied {report.contents.applied_count}, version {(version or b'none').decode()}")
    finally:
        LIB.brant_report_free(report)
        LIB.brant_session_close(session)
        LIB.brant_project_free(project)
        LIB.brant_settings_free(settings)


def main() -> int:
    if len(sys.argv) != 3:
        print("usage: startup.py FILE MIGRATIONS", file=sys.stderr)
        return 2
    try:
        migrate(sys.argv[1], sys.argv[2])
    except BrantError as error:
        print(f"cannot bring {sys.argv[1]} up to date: {error}", file=sys.stderr)
        return 1
    # Here the program's own work begins.
    with sqlite3.connect(sys.argv[1]) as database:
        for first, last in database.execute("SELECT first, last FROM users ORDER BY last, id"):
            print(first, last)
    return 0


if __name__ == "__main__":
    sys.exit(main())

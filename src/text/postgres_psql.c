/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands of psql, version 18 and before. They are for psql and never reach a server, so a script
 * that needs one would do something else here than there: each is refused, with what to write
 * instead.
 */
#include "text/postgres_int.h"

#define NAME_MAX_BYTES 40

#define HINT_INCLUDE "Put the statements of that file here, or make it a migration of its own."
#define HINT_CONNECT "A migration runs in one database: give another database a project of its own."
#define HINT_SAY "Write a comment, or RAISE NOTICE in a DO block."
#define HINT_VARIABLE                                                                              \
    "Use a placeholder: \"-- brant: placeholders=on\" at the head of the file, and ${NAME}."
#define HINT_CONDITION "Write the condition in a DO block: IF ... THEN ... END IF."
#define HINT_SEND "End the statement with a ';'."
#define HINT_EXECUTE "Write a DO block that loops over the query and runs EXECUTE."
#define HINT_SHELL                                                                                 \
    "A migration runs no programs: do it outside of brant, or in a migration with kind=code."
#define HINT_DUMP "pg_dump writes \\restrict and \\unrestrict for psql: remove both lines."
#define HINT_DISPLAY "It changes only what psql shows: leave it out."
#define HINT_LARGE_OBJECT "Use lo_from_bytea() and lo_unlink()."
#define HINT_CLIENT "It is for psql alone: leave it out."

static const struct psql_command {
    const char *name;
    const char *hint;
} commands[] = {
    { ".", "There is no COPY ... FROM STDIN before it whose rows it could end." },
    { ";", "Write ';' without the backslash." },
    { "!", HINT_SHELL },
    { "i", HINT_INCLUDE },
    { "ir", HINT_INCLUDE },
    { "include", HINT_INCLUDE },
    { "include_relative", HINT_INCLUDE },
    { "c", HINT_CONNECT },
    { "connect", HINT_CONNECT },
    { "copy",
      "Write COPY ... FROM STDIN; with the rows in the lines behind it and \\. alone in the "
      "last, or load the file in a migration with kind=code." },
    { "echo", HINT_SAY },
    { "qecho", HINT_SAY },
    { "warn", HINT_SAY },
    { "p", HINT_SAY },
    { "print", HINT_SAY },
    { "set", HINT_VARIABLE },
    { "unset", HINT_VARIABLE },
    { "prompt", HINT_VARIABLE },
    { "getenv", HINT_VARIABLE },
    { "setenv", HINT_VARIABLE },
    { "gset", "Write a DO block with SELECT ... INTO." },
    { "if", HINT_CONDITION },
    { "elif", HINT_CONDITION },
    { "else", HINT_CONDITION },
    { "endif", HINT_CONDITION },
    { "g", HINT_SEND },
    { "gx", HINT_SEND },
    { "gdesc", HINT_SEND },
    { "crosstabview", HINT_SEND },
    { "bind", HINT_SEND },
    { "bind_named", HINT_SEND },
    { "parse", HINT_SEND },
    { "close", HINT_SEND },
    { "close_prepared", HINT_SEND },
    { "sendpipeline", HINT_SEND },
    { "startpipeline", HINT_CLIENT },
    { "endpipeline", HINT_CLIENT },
    { "syncpipeline", HINT_CLIENT },
    { "flushrequest", HINT_CLIENT },
    { "flush", HINT_CLIENT },
    { "getresults", HINT_CLIENT },
    { "gexec", HINT_EXECUTE },
    { "watch", HINT_EXECUTE },
    { "restrict", HINT_DUMP },
    { "unrestrict", HINT_DUMP },
    { "encoding", "Files are UTF-8: leave it out." },
    { "password", "Write ALTER ROLE ... PASSWORD with a placeholder." },
    { "q", "Remove what should not run, or split the file." },
    { "quit", "Remove what should not run, or split the file." },
    { "o", HINT_DISPLAY },
    { "out", HINT_DISPLAY },
    { "w", HINT_DISPLAY },
    { "write", HINT_DISPLAY },
    { "cd", HINT_SHELL },
    { "e", HINT_CLIENT },
    { "edit", HINT_CLIENT },
    { "lo_import", HINT_LARGE_OBJECT },
    { "lo_export", HINT_LARGE_OBJECT },
    { "lo_unlink", HINT_LARGE_OBJECT },
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Letters, or one character of punctuation. */
static brn_str command_name(brn_str rest)
{
    size_t end = 1;

    while (end < rest.len && end < NAME_MAX_BYTES && is_letter(rest.ptr[end])) {
        end++;
    }
    return brn_str_slice(rest, 1, end > 1 || end == rest.len ? end : 2);
}

static const char *hint_for(brn_str name)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(commands); i++) {
        if (brn_str_eq_c(name, commands[i].name)) {
            return commands[i].hint;
        }
    }
    return NULL;
}

brant_status brn_postgres_refuse_psql(brn_str rest, brant_error **err)
{
    brn_str name = command_name(rest);
    const char *hint = hint_for(name);
    bool word = name.len > 0 && is_letter(name.ptr[0]);
    brant_status st;

    if (hint == NULL && !word) {
        st = brn_error(err, BRANT_EPARSE, "text.backslash", "backslash outside of a string");
        brn_error_hint(err, "Remove it. Commands of psql, which begin so, cannot be used here.");
        return st;
    }
    st = brn_error(
        err, BRANT_EPARSE, "text.psql_command", "command of psql \"\\%.*s\"", BRN_STR_ARG(name));
    /* The rest of them describe objects or set how results are shown. */
    brn_error_hint(err, "%s", hint != NULL ? hint : HINT_DISPLAY);
    return st;
}

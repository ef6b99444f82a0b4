/* SPDX-License-Identifier: Apache-2.0 */
#include "engines/mysql/mysql.h"

#include <errmsg.h>
#include <stdio.h>
#include <string.h>

/* A shorter password is found in many a word, and one that is also a name tells nothing. */
#define PASSWORD_MIN 6
#define MESSAGE_MAX 2048
#define PARSE_ERROR 1064 /* of the server */

#define RIGHTS "Grant that right to the user of the URL, or run as one who has it."

#define READ_ONLY "The server is read only: is it a replica? Connect to the one that takes writes."

/* By the server's number; the first row that fits. id NULL: the caller's. */
static const struct error_class {
    unsigned number;
    brant_status status;
    const char *id;
    const char *hint;
} error_classes[] = {
    { 1205, BRANT_ESTATEMENT, "statement.lock_timeout",
      "Let the sessions that hold the lock finish, or end them. The settings \"lock-timeout\" and "
      "\"ddl-lock-timeout\" say how long to wait." },
    { 3572, BRANT_ESTATEMENT, "statement.lock_timeout",
      "Let the sessions that hold the lock finish, or leave NOWAIT out." },
    { 1213, BRANT_ESTATEMENT, "statement.deadlock",
      "The server ended one of two transactions that waited for each other. Run again." },
    { 1020, BRANT_ESTATEMENT, "statement.serialization",
      "Another session changed the same rows at the same time. Run again." },
    { 1044, BRANT_ESTATEMENT, "statement.no_rights", RIGHTS },
    { 1142, BRANT_ESTATEMENT, "statement.no_rights", RIGHTS },
    { 1143, BRANT_ESTATEMENT, "statement.no_rights", RIGHTS },
    { 1227, BRANT_ESTATEMENT, "statement.no_rights", RIGHTS },
    { 1370, BRANT_ESTATEMENT, "statement.no_rights", RIGHTS },
    { 1419, BRANT_ESTATEMENT, "statement.no_rights",
      "With a binary log, routines and triggers need SUPER, or the server's setting "
      "log_bin_trust_function_creators." },
    { 1969, BRANT_ETIMEOUT, "control.timeout",
      "The server's own max_statement_time ended it: raise that." },
    { 3024, BRANT_ETIMEOUT, "control.timeout",
      "The server's own max_execution_time ended it: raise that." },
    { 1226, BRANT_ESTATEMENT, NULL, "A limit of this user is used up: wait, or raise it." },
    { 1820, BRANT_ECONNECT, "connect.refused", "The password has expired: set a new one." },
    { 1021, BRANT_EIO, "database.full", "Free space on the server's disk, then run again." },
    { 1114, BRANT_EIO, "database.full", "Free space on the server's disk, then run again." },
    { 1290, BRANT_ESTATEMENT, "statement.read_only", READ_ONLY },
    { 1792, BRANT_ESTATEMENT, "statement.read_only", READ_ONLY },
    { 1836, BRANT_ESTATEMENT, "statement.read_only", READ_ONLY },
    { 1874, BRANT_ESTATEMENT, "statement.read_only", READ_ONLY },
    { 1036, BRANT_ESTATEMENT, "statement.read_only",
      "The table, or all of the server (innodb_read_only, innodb_force_recovery), is read only." },
    { 1153, BRANT_ESTATEMENT, "statement.too_long",
      "Raise max_allowed_packet on the server, or send less at once." },
    /* Of a Galera node that has lost the others, or is still getting their data. */
    { 1047, BRANT_ECONNECT, "connect.not_ready",
      "The node is not in step with its cluster. Wait until it is, or connect to another one." },
    { 0, BRANT_ESTATEMENT, NULL, NULL },
};

/* "The server is running with the --secure-file-priv option so it cannot execute this statement"
 * has the number of "... with the --read-only option ...". */
#define OPTION_ERROR 1290
#define OPTION_READ_ONLY "read-only"

static const struct error_class *find_class(unsigned number, const char *message)
{
    size_t i = 0;

    if (number == OPTION_ERROR && strstr(message, OPTION_READ_ONLY) == NULL) {
        number = 0;
    }
    while (error_classes[i].number != number && error_classes[i].number != 0) {
        i++;
    }
    return &error_classes[i];
}

/* What is a deadlock for InnoDB, but was found by COMMIT: the handler's error is in the text. */
#define COMMIT_ERROR 1180
#define COMMIT_DEADLOCK "error 149 "

unsigned brn_mysql_number(MYSQL *my)
{
    unsigned number = mysql_errno(my);

    return number == COMMIT_ERROR && strstr(mysql_error(my), COMMIT_DEADLOCK) != NULL ? 1213
                                                                                      : number;
}

bool brn_mysql_is_passing(unsigned number)
{
    /* 3101: another server of the group was first. */
    return number == 1205 || number == 3572 || number == 1213 || number == 1020 || number == 3101;
}

static void mask_one(const brn_mysql *p, const char *secret, char *text)
{
    size_t len = secret != NULL ? strlen(secret) : 0;

    if (len < PASSWORD_MIN || strcmp(secret, p->dbname != NULL ? p->dbname : "") == 0 ||
        strcmp(secret, p->target.user != NULL ? p->target.user : "") == 0) {
        return;
    }
    for (char *at = strstr(text, secret); at != NULL; at = strstr(at + len, secret)) {
        memset(at, '*', len);
    }
}

void brn_mysql_mask(const brn_mysql *p, char *text)
{
    mask_one(p, p->target.password, text);
    mask_one(p, p->target.key_password, text);
}

/* --- where in the statement ------------------------------------------------------------------- */

static size_t line_start(brn_str sql, unsigned long line)
{
    size_t at = 0;

    for (; line > 1; line--) {
        size_t end = brn_str_find_char(brn_str_slice(sql, at, sql.len), '\n');

        if (end == SIZE_MAX) {
            return SIZE_MAX;
        }
        at += end + 1;
    }
    return at;
}

/* Where the server cuts the text, at the least; and what may stand for a letter that it has cut. */
#define NEAR_MAX 76
#define LETTER_MAX 8

/* "... near 'TABL t (a int)' at line 2": what is in quotes, cut at 80 characters by the server; its
 * ptr is NULL when there is none. *behind is what comes after the text. */
static brn_str near_text(const char *message, const char **behind)
{
    const char *near = strstr(message, "near '");
    const char *end = NULL;

    for (const char *next = near; next != NULL; next = strstr(next + 1, "' at line ")) {
        end = next != near ? next : end;
    }
    if (near == NULL || end == NULL) {
        return (brn_str){ NULL, 0 };
    }
    near += strlen("near '");
    *behind = end;
    return (brn_str){ near, end > near ? (size_t)(end - near) : 0 };
}

static size_t find_near(brn_str sql, const char *message)
{
    const char *number = NULL;
    brn_str near = near_text(message, &number);
    unsigned long line = 0;
    size_t at;
    size_t found;

    if (near.ptr == NULL) {
        return SIZE_MAX;
    }
    number += strlen("' at line ");
    while (*number >= '0' && *number <= '9' && line < UINT32_MAX) {
        line = line * 10 + (unsigned long)(*number++ - '0');
    }
    if (near.len == 0) {
        return sql.len; /* something is missing at the end */
    }
    if (near.len < NEAR_MAX && brn_str_ends(sql, near)) {
        return sql.len - near.len;
    }
    at = line_start(sql, line);
    if (at == SIZE_MAX) {
        return SIZE_MAX;
    }
    /* Cut in the middle of a letter, it ends in what stands for that. */
    for (size_t cut = 0; cut <= LETTER_MAX && cut < near.len; cut++) {
        found =
            brn_str_find(brn_str_slice(sql, at, sql.len), brn_str_slice(near, 0, near.len - cut));
        if (found != SIZE_MAX) {
            return at + found;
        }
    }
    return SIZE_MAX;
}

/* Of the separator, the server does not quote the line feed where the statement is all there is
 * before it. */
static bool is_behind(brn_str sql, brn_str near, size_t at)
{
    brn_str end = BRN_STR(BRN_MYSQL_SEPARATOR);
    brn_str rest = brn_str_slice(near, at, near.len);

    if (at == 0 && brn_str_starts(rest, brn_str_slice(end, 1, end.len))) {
        return true;
    }
    rest = brn_str_slice(rest, 0, end.len);
    return brn_str_starts(end, rest) && brn_str_ends(sql, brn_str_slice(near, 0, at));
}

/*
 * The server quotes what follows the place in the packet, which may be more than the statement: the
 * text ends where the statement does, as if it had been sent alone.
 */
static void cut_near(char *message, size_t size, brn_str sql)
{
    const char *behind = NULL;
    brn_str near = near_text(message, &behind);
    size_t keep = near.len;
    size_t lines = 1;

    while (keep > 0 && !is_behind(sql, near, keep - 1)) {
        keep--;
    }
    if (keep > 1) {
        memmove(message + (near.ptr - message) + keep - 1, behind, strlen(behind) + 1);
    } else if (keep == 1) {
        char *to = message + (near.ptr - message);

        for (size_t i = 0; i < sql.len; i++) {
            lines += sql.ptr[i] == '\n';
        }
        (void)snprintf(to, size - (size_t)(to - message), "' at line %zu", lines);
    }
}

static bool is_letter(brn_str sql, size_t at)
{
    unsigned char c = at < sql.len ? (unsigned char)sql.ptr[at] : ' ';

    return c >= 0x80 || c == '_' || c == '$' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

/* Not within a longer name. */
static size_t find_word(brn_str sql, brn_str word)
{
    size_t at = 0;
    size_t found;

    while ((found = brn_str_find(brn_str_slice(sql, at, sql.len), word)) != SIZE_MAX) {
        at += found;
        if ((at == 0 || !is_letter(sql, at - 1)) && !is_letter(sql, at + word.len)) {
            return at;
        }
        at++;
    }
    return SIZE_MAX;
}

/* "Unknown column 'nosuch' in 'field list'": where the name stands first. */
static size_t find_named(brn_str sql, const char *message)
{
    const char *from = strchr(message, '\'');
    const char *to = from != NULL ? strchr(from + 1, '\'') : NULL;

    if (to == NULL || to == from + 1) {
        return SIZE_MAX;
    }
    return find_word(sql, (brn_str){ from + 1, (size_t)(to - from - 1) });
}

static size_t find_offset(brn_str sql, unsigned number, const char *message)
{
    if (sql.ptr == NULL) {
        return SIZE_MAX;
    }
    switch (number) {
    case PARSE_ERROR:
        return find_near(sql, message);
    case 1054: /* unknown column */
    case 1072: /* key column that does not exist */
    case 1060: /* duplicate column */
    case 1061: /* duplicate key name */
    case 4161: /* unknown type */
        return find_named(sql, message);
    default:
        return SIZE_MAX;
    }
}

/* --- entry points ----------------------------------------------------------------------------- */

static brant_status lost(brn_mysql *p, const char *text, brant_error **err)
{
    brant_status st;

    if (text != NULL && text[0] != '\0') {
        st = brn_error(
            err, BRANT_ECONNECT, "connect.lost", "lost the connection to %s: %s", p->host, text);
    } else {
        st =
            brn_error(err, BRANT_ECONNECT, "connect.lost", "the connection to %s is lost", p->host);
    }
    brn_error_hint(
        err, "\"brant status\" shows how far it came; run again when the server is there.");
    return st;
}

brant_status brn_mysql_lost(brn_mysql *p, brant_error **err)
{
    return lost(p, p->my != NULL ? mysql_error(p->my) : NULL, err);
}

/* An end that we did not ask for: somebody's KILL QUERY. */
static brant_status interrupted(brn_mysql *p, const char *message, brant_error **err)
{
    brant_status st = BRANT_OK;

    if (p->stopping) {
        st = brn_control_check(p->conn.control, err);
    }
    if (st == BRANT_OK) {
        st = brn_error(
            err, BRANT_ESTATEMENT, "statement.cancelled", "the server was asked to cancel: %s",
            message);
        brn_error_hint(err, "Somebody called KILL QUERY. Ask them, and run again.");
    }
    return st;
}

static bool is_interruption(unsigned number)
{
    return number == 1317 || number == 1028; /* the latter: within a sort */
}

brant_status brn_mysql_error(
    brn_mysql *p, brn_str sql, const char *id, const char *what, brant_error **err)
{
    unsigned number = p->my != NULL ? brn_mysql_number(p->my) : CR_SERVER_LOST;
    const struct error_class *class = find_class(number, p->my != NULL ? mysql_error(p->my) : "");
    char message[MESSAGE_MAX] = "";
    size_t offset;
    brant_status st;

    if (p->my != NULL) {
        (void)snprintf(message, sizeof(message), "%s", mysql_error(p->my));
        brn_mysql_mask(p, message);
    }
    if (number == PARSE_ERROR && sql.ptr != NULL) {
        cut_near(message, sizeof(message), sql);
    }
    if (number == CR_OUT_OF_MEMORY) {
        return brn_error_oom(err);
    }
    if (brn_mysql_is_lost_number(number)) {
        /* A server that does not let itself be stopped was hung up on. */
        st = p->stopping ? brn_control_check(p->conn.control, err) : BRANT_OK;
        st = st == BRANT_OK ? lost(p, message, err) : st;
        brn_error_native(err, (int64_t)number, p->my != NULL ? mysql_sqlstate(p->my) : NULL);
        return st;
    }
    if (is_interruption(number)) {
        st = interrupted(p, message, err);
    } else {
        st = brn_error(
            err, class->status, class->id != NULL ? class->id : id, "%s%s%s",
            what != NULL ? what : "", what != NULL ? ": " : "", message);
        if (class->hint != NULL) {
            brn_error_hint(err, "%s", class->hint);
        }
    }
    if (number == 1205 && p->blocked[0] != '\0') {
        brn_error_detail(err, "It was kept waiting by %s.", p->blocked);
    }
    brn_error_native(err, (int64_t)number, mysql_sqlstate(p->my));
    offset = find_offset(sql, number, message);
    if (offset != SIZE_MAX) {
        brn_error_offset(err, offset);
    }
    return st;
}

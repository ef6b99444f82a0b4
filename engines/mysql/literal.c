/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as texts of SQL. Statements go in packets of several, which cannot be prepared, so values
 * are written into them. How a string is read depends on the session's sql_mode, which a statement
 * before it in the same packet may change: a text of brant's own with a quote, a backslash or a NUL
 * in it is therefore written in hexadecimal digits.
 */
#include "engines/mysql/mysql.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void add_hex(brn_buf *out, const char *text, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    brn_buf_add_c(out, "X'");
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        brn_buf_add_char(out, digits[c >> 4]);
        brn_buf_add_char(out, digits[c & 15]);
    }
    brn_buf_add_char(out, '\'');
}

static bool is_plain(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\'' || text[i] == '\\' || text[i] == '\0') {
            return false;
        }
    }
    return true;
}

void brn_mysql_add_text(brn_buf *out, const char *text, size_t len)
{
    if (text == NULL) {
        brn_buf_add_c(out, "NULL");
    } else if (is_plain(text, len)) {
        brn_buf_add_char(out, '\'');
        brn_buf_add(out, text, len);
        brn_buf_add_char(out, '\'');
    } else {
        brn_buf_add_c(out, "_utf8mb4 ");
        add_hex(out, text, len);
    }
}

void brn_mysql_add_name(brn_buf *out, const char *name)
{
    brn_buf_add_char(out, '`');
    for (const char *c = name; *c != '\0'; c++) {
        brn_buf_add_c(out, *c == '`' ? "`" : "");
        brn_buf_add_char(out, *c);
    }
    brn_buf_add_char(out, '`');
}

void brn_mysql_add_rendered(brn_buf *out, const brn_sql_stmt *stmt)
{
    size_t next = 0;

    for (const char *c = stmt->sql; *c != '\0'; c++) {
        const brn_sql_param *param = next < stmt->count ? &stmt->params[next] : NULL;

        /* A name may have one: they are in backticks. */
        if (*c == '`') {
            const char *end = strchr(c + 1, '`');
            size_t len = end != NULL ? (size_t)(end - c) + 1 : strlen(c);

            brn_buf_add(out, c, len);
            c += len - 1;
            continue;
        }
        if (*c != '?' || param == NULL) {
            brn_buf_add_char(out, *c);
            continue;
        }
        next++;
        if (param->is_null) {
            brn_buf_add_c(out, "NULL");
        } else if (param->text != NULL) {
            brn_mysql_add_text(out, param->text, strlen(param->text));
        } else {
            brn_buf_printf(out, "%" PRId64, param->number);
        }
    }
}

/* --- values of the host program --------------------------------------------------------------- */

uint32_t brn_mysql_lex_mode(const brn_mysql *p)
{
    uint32_t mode = 0;

    if (p->my != NULL && (p->my->server_status & SERVER_STATUS_NO_BACKSLASH_ESCAPES) != 0) {
        mode |= BRN_LEX_NO_BACKSLASH;
    }
    if (p->my != NULL && p->maria && (p->my->server_status & SERVER_STATUS_ANSI_QUOTES) != 0) {
        mode |= BRN_LEX_ANSI_QUOTES;
    } else if (!p->maria) {
        mode |= p->conn.lex_mode & BRN_LEX_ANSI_QUOTES;
    }
    return mode;
}

/* As the session reads it now; the collation is that of the connection then. */
static void add_quoted(brn_buf *out, const brn_mysql *p, const char *text, size_t len)
{
    bool escapes = (brn_mysql_lex_mode(p) & BRN_LEX_NO_BACKSLASH) == 0;

    brn_buf_add_char(out, '\'');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\'' || (text[i] == '\\' && escapes)) {
            brn_buf_add_char(out, text[i]);
        }
        if (text[i] == '\0' && escapes) {
            brn_buf_add_c(out, "\\0");
        } else {
            brn_buf_add_char(out, text[i]);
        }
    }
    brn_buf_add_char(out, '\'');
}

/* With an exponent it is no decimal; with a point, whatever the host program's locale has. */
static void add_real(brn_buf *out, double real)
{
    char text[64];

    (void)snprintf(text, sizeof(text), "%.16e", real);
    for (const char *c = text; *c != '\0'; c++) {
        brn_buf_add_char(out, strchr("0123456789+-e", *c) != NULL ? *c : '.');
    }
}

static brant_status bad_value(size_t i, const char *what, brant_error **err)
{
    return brn_error(err, BRANT_EUSAGE, "code.values", "value %zu %s", i + 1, what);
}

brant_status brn_mysql_add_value(
    brn_buf *out, const brn_mysql *p, size_t i, const brant_value *value, brant_error **err)
{
    const char *data = value->data != NULL ? value->data : "";

    if (value->type > BRANT_VALUE_BLOB) {
        return bad_value(i, "has a type that is not known", err);
    }
    if (value->type >= BRANT_VALUE_TEXT && value->data == NULL && value->length > 0) {
        return bad_value(i, "has a length and no data", err);
    }
    switch ((brant_value_type)value->type) {
    case BRANT_VALUE_NULL:
        brn_buf_add_c(out, "NULL");
        break;
    case BRANT_VALUE_INTEGER:
        brn_buf_printf(out, "%" PRId64, value->integer);
        break;
    case BRANT_VALUE_REAL:
        if (isinf(value->real)) {
            return bad_value(i, "is infinite, which this database cannot hold", err);
        }
        if (isnan(value->real)) {
            brn_buf_add_c(out, "NULL");
        } else {
            add_real(out, value->real);
        }
        break;
    case BRANT_VALUE_TEXT:
        add_quoted(out, p, data, value->length);
        break;
    case BRANT_VALUE_BLOB:
        brn_buf_add_c(out, "_binary ");
        add_hex(out, data, value->length);
        break;
    }
    return out->failed ? brn_error_oom(err) : BRANT_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "text/placeholder.h"

#include "base/buf.h"

typedef enum piece_kind {
    PIECE_END = 0,
    PIECE_TEXT,
    PIECE_LITERAL,   /* "$${", which stands for "${" */
    PIECE_NAME,      /* ${NAME} */
    PIECE_MALFORMED, /* "${" and no name, or no "}" */
} piece_kind;

typedef struct piece {
    piece_kind kind;
    brn_str text;
    size_t at;
} piece;

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static size_t name_len(brn_str s)
{
    size_t len = 0;

    while (len < s.len && is_name(s.ptr[len])) {
        len++;
    }
    return len;
}

/* A piece at a '$' that begins something, PIECE_TEXT when it is just a '$'. */
static piece special_piece(brn_str text, size_t at)
{
    brn_str rest = brn_str_slice(text, at, text.len);
    piece p = { PIECE_TEXT, brn_str_slice(rest, 0, 1), at };

    if (brn_str_starts(rest, BRN_STR("$${"))) {
        p.kind = PIECE_LITERAL;
        p.text = brn_str_slice(rest, 0, 3);
    } else if (brn_str_starts(rest, BRN_STR("${"))) {
        size_t end = 2 + name_len(brn_str_slice(rest, 2, rest.len));
        bool closed = end < rest.len && rest.ptr[end] == '}';
        p.kind = closed && end > 2 ? PIECE_NAME : PIECE_MALFORMED;
        p.text = brn_str_slice(rest, 0, closed ? end + 1 : end);
    }
    return p;
}

/* The piece that begins at `at`: plain text reaches up to the next '$'. */
static piece piece_at(brn_str text, size_t at)
{
    size_t len;

    if (at >= text.len) {
        return (piece){ PIECE_END, brn_str_slice(text, text.len, text.len), text.len };
    }
    len = brn_str_find_char(brn_str_slice(text, at, text.len), '$');
    if (len == 0) {
        return special_piece(text, at);
    }
    return (piece){ PIECE_TEXT, brn_str_slice(text, at, len == SIZE_MAX ? text.len : at + len),
                    at };
}

/* NULL when it is unset. Names live as long as the call. */
static const char *value_of(const piece *p, brn_buf *name, brn_lookup_fn *lookup, void *user)
{
    brn_buf_reset(name);
    brn_buf_add_str(name, brn_str_slice(p->text, 2, p->text.len - 1));
    return name->failed ? NULL : lookup(brn_buf_text(name), user);
}

static void place(const brn_stmt *stmt, const piece *p, const char *file, brant_error **err)
{
    uint32_t line;
    uint32_t column;

    brn_stmt_locate(stmt, p->at, &line, &column);
    brn_error_at(err, file, line, column);
}

static brant_status malformed(
    const brn_stmt *stmt, const piece *p, const char *file, brant_error **err)
{
    brant_status st =
        brn_error(err, BRANT_EPARSE, "placeholder.malformed", "malformed placeholder");

    place(stmt, p, file, err);
    brn_error_hint(
        err, "Write ${NAME} with letters, digits and underscores, or $${ for a plain ${ in the "
             "text.");
    return st;
}

static brant_status unset(
    const brn_stmt *stmt, const piece *p, const char *name, const char *file, brant_error **err)
{
    brant_status st =
        brn_error(err, BRANT_EUSAGE, "placeholder.unset", "placeholder \"%s\" has no value", name);

    place(stmt, p, file, err);
    brn_error_hint(
        err, "Give %s a value, or write $${%s} if the text is meant as it stands.", name, name);
    return st;
}

static brant_status expand(
    brn_buf *to,
    brn_buf *name,
    const brn_stmt *stmt,
    const char *file,
    brn_lookup_fn *lookup,
    void *user,
    brant_error **err)
{
    for (piece p = piece_at(stmt->text, 0); p.kind != PIECE_END;
         p = piece_at(stmt->text, p.at + p.text.len)) {
        const char *value = NULL;
        switch (p.kind) {
        case PIECE_MALFORMED:
            return malformed(stmt, &p, file, err);
        case PIECE_LITERAL:
            brn_buf_add_c(to, "${");
            break;
        case PIECE_NAME:
            value = value_of(&p, name, lookup, user);
            if (name->failed) {
                return brn_error_oom(err);
            }
            if (value == NULL) {
                return unset(stmt, &p, brn_buf_text(name), file, err);
            }
            brn_buf_add_c(to, value);
            break;
        default:
            brn_buf_add_str(to, p.text);
            break;
        }
    }
    return to->failed ? brn_error_oom(err) : BRANT_OK;
}

brant_status brn_placeholders_expand(
    brn_str *out,
    brn_arena *arena,
    const brn_stmt *stmt,
    const char *file,
    brn_lookup_fn *lookup,
    void *user,
    brant_error **err)
{
    brn_buf expanded;
    brn_buf name;
    brant_status st;

    if (brn_str_find(stmt->text, BRN_STR("${")) == SIZE_MAX) {
        *out = stmt->text;
        return BRANT_OK;
    }
    brn_buf_init(&expanded, 0);
    brn_buf_init(&name, 0);
    st = expand(&expanded, &name, stmt, file, lookup, user, err);
    if (st == BRANT_OK) {
        brn_str copy = brn_arena_str(arena, brn_buf_str(&expanded));
        if (arena->oom) {
            st = brn_error_oom(err);
        } else {
            *out = copy;
        }
    }
    brn_buf_release(&name);
    brn_buf_release(&expanded);
    return st;
}

size_t brn_placeholders_origin(
    const brn_stmt *stmt, size_t offset, brn_lookup_fn *lookup, void *user)
{
    size_t done = 0; /* bytes of the expanded text so far */
    size_t origin = stmt->text.len;
    brn_buf name;
    piece p;

    brn_buf_init(&name, 0);
    for (p = piece_at(stmt->text, 0); p.kind != PIECE_END;
         p = piece_at(stmt->text, p.at + p.text.len)) {
        size_t len = p.text.len;
        size_t within = offset - done;
        if (p.kind == PIECE_NAME) {
            /* A byte of a value came from the placeholder as a whole. */
            len = brn_str_from(value_of(&p, &name, lookup, user)).len;
            within = 0;
        } else if (p.kind == PIECE_LITERAL) {
            len = 2;
            within = within == 0 ? 0 : 2;
        }
        if (offset - done < len) {
            origin = p.at + within;
            break;
        }
        done += len;
    }
    brn_buf_release(&name);
    return origin;
}

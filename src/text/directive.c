/* SPDX-License-Identifier: Apache-2.0 */
#include "text/directive.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"

#define SHOWN_MAX_BYTES 60 /* of a user's word in a message */
#define KEY_MAX_BYTES 32   /* longer words are not compared with the known keys */

typedef struct value {
    brn_str text; /* without quotes and escapes */
    size_t at;    /* in the comment; of the piece that is wrong, when one is */
} value;

typedef struct reader {
    brn_props *props;
    brn_arena *arena;
    const char *file;
    const brn_token *comment; /* the directive at hand */
    brant_error **err;
    uint32_t *seen_lines; /* by key, 0: not seen */
} reader;

typedef struct key {
    const char *name;
    /* False: the value is wrong. */
    bool (*apply)(const reader *rd, value *v);
    const char *hint;
} key;

/* --- small parts ------------------------------------------------------------------------------ */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Beginning of a user's word for a message, cut between characters. */
static brn_str shown(brn_str s)
{
    size_t len = s.len < SHOWN_MAX_BYTES ? s.len : SHOWN_MAX_BYTES;

    while (len > 0 && len < s.len && ((unsigned char)s.ptr[len] & 0xc0) == 0x80) {
        len--;
    }
    return brn_str_slice(s, 0, len);
}

/* The error is in the comment at byte `at`. */
static void place(const reader *rd, size_t at)
{
    uint32_t line = rd->comment->line;
    uint32_t column = rd->comment->column;

    brn_position_advance(rd->comment->text, 0, at, &line, &column);
    brn_error_at(rd->err, rd->file, line, column);
}

static brant_status malformed(const reader *rd, size_t at, const char *what, const char *hint)
{
    brant_status st = brn_error(rd->err, BRANT_EPARSE, "directive.malformed", "%s", what);

    place(rd, at);
    brn_error_hint(rd->err, "%s", hint);
    return st;
}

brn_str brn_comment_text(brn_str comment)
{
    if (brn_str_starts(comment, BRN_STR("--"))) {
        comment = brn_str_slice(comment, 2, comment.len);
    }
    return brn_str_trim(comment);
}

/* True when the comment is "-- brant: ..."; *body is what follows the colon, trimmed. */
static bool directive_body(brn_str comment, brn_str *body)
{
    brn_str text = brn_comment_text(comment);
    brn_str opening = BRN_STR("brant:");

    if (!brn_str_starts(text, opening)) {
        return false;
    }
    *body = brn_str_trim(brn_str_slice(text, opening.len, text.len));
    return true;
}

/* --- values ----------------------------------------------------------------------------------- */

/* Index of the value among NULL-terminated names, or -1. */
static int choice(const value *v, const char *const *names)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (brn_str_eq_c(v->text, names[i])) {
            return i;
        }
    }
    return -1;
}

static bool apply_bool(bool *out, const value *v)
{
    static const char *const names[] = { "false", "true", NULL };
    int i = choice(v, names);

    *out = i == 1;
    return i >= 0;
}

static bool apply_on_off(brn_switch *out, const value *v)
{
    static const char *const names[] = { "on", "off", NULL };
    int i = choice(v, names);

    *out = i == 0 ? BRN_SWITCH_ON : BRN_SWITCH_OFF;
    return i >= 0;
}

/* No white space, quotes or backslashes: an id is part of a file's name. */
static bool is_id(brn_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.ptr[i] <= ' ' || strchr("\"'\\:\x7f", s.ptr[i]) != NULL) {
            return false;
        }
    }
    return s.len > 0;
}

static bool is_require(brn_str piece)
{
    size_t colon = brn_str_find_char(piece, ':');

    if (colon == SIZE_MAX) {
        return is_id(piece) && !brn_str_eq_c(piece, "none");
    }
    return is_id(brn_str_slice(piece, 0, colon)) &&
           is_id(brn_str_slice(piece, colon + 1, piece.len));
}

/* Pieces hold no escapes, or they would not be ids: so they stand in the comment as they are. */
static bool apply_requires(const reader *rd, value *v)
{
    brn_str rest = v->text;
    brn_str piece;
    size_t first = v->at;

    rd->props->has_requires = true;
    if (brn_str_eq_c(v->text, "none")) {
        return true;
    }
    while (brn_str_split(&rest, ',', &piece)) {
        brn_require *slot = NULL;
        v->at = first + (size_t)(piece.ptr - v->text.ptr);
        if (!is_require(piece)) {
            v->text = piece;
            return false;
        }
        slot = BRN_VEC_PUSH(rd->arena, &rd->props->requires);
        if (slot != NULL) {
            slot->id = brn_arena_strndup(rd->arena, piece.ptr, piece.len);
            slot->line = rd->comment->line;
            slot->column = rd->comment->column;
            brn_position_advance(rd->comment->text, 0, v->at, &slot->line, &slot->column);
        }
    }
    return true;
}

static bool apply_required(const reader *rd, value *v)
{
    return apply_bool(&rd->props->required, v);
}

static bool apply_min_read_version(const reader *rd, value *v)
{
    brn_str rest = v->text;
    brn_str number;

    while (brn_str_split(&rest, '.', &number)) {
        if (number.len == 0) {
            return false;
        }
        for (size_t i = 0; i < number.len; i++) {
            if (number.ptr[i] < '0' || number.ptr[i] > '9') {
                return false;
            }
        }
    }
    rd->props->min_read_version = brn_arena_strndup(rd->arena, v->text.ptr, v->text.len);
    return true;
}

static bool apply_kind(const reader *rd, value *v)
{
    if (brn_str_eq_c(v->text, brn_kind_name(BRN_KIND_SQL))) {
        rd->props->kind = BRN_KIND_SQL;
        return true;
    }
    rd->props->kind =
        brn_str_eq_c(v->text, brn_kind_name(BRN_KIND_CODE)) ? BRN_KIND_CODE : BRN_KIND_MANUAL;
    return brn_str_eq_c(v->text, brn_kind_name(rd->props->kind));
}

static bool apply_phase(const reader *rd, value *v)
{
    static const char *const names[] = { "expand", "migrate", "contract", NULL };
    int i = choice(v, names);

    rd->props->phase = (brn_phase)(i + 1);
    return i >= 0;
}

static bool apply_transaction(const reader *rd, value *v)
{
    static const char *const names[] = { "auto", "on", "off", NULL };
    int i = choice(v, names);

    rd->props->transaction = i < 0 ? BRN_SWITCH_AUTO : (brn_switch)i;
    rd->props->transaction_line = rd->comment->line;
    return i >= 0;
}

static bool apply_foreign_keys(const reader *rd, value *v)
{
    return apply_on_off(&rd->props->foreign_keys, v);
}

static bool apply_placeholders(const reader *rd, value *v)
{
    return apply_on_off(&rd->props->placeholders, v);
}

static bool apply_idempotent(const reader *rd, value *v)
{
    return apply_bool(&rd->props->idempotent, v);
}

static bool apply_repeatable(const reader *rd, value *v)
{
    return apply_bool(&rd->props->repeatable, v);
}

static bool apply_timeout(const reader *rd, value *v)
{
    return brn_duration_parse(v->text, &rd->props->timeout_ms);
}

static bool apply_lock_timeout(const reader *rd, value *v)
{
    return brn_duration_parse(v->text, &rd->props->lock_timeout_ms);
}

static bool apply_help(const reader *rd, value *v)
{
    rd->props->help = brn_arena_strndup(rd->arena, v->text.ptr, v->text.len);
    return v->text.len > 0;
}

/* --- keys ------------------------------------------------------------------------------------- */

#define DURATION_HINT "Write a duration such as 500ms, 30s, 5m or 1h30m."

static const key keys[] = {
    { "requires", apply_requires,
      "Write ids with commas and no spaces between them (requires=003_users,events:002_log), or "
      "requires=none." },
    { "required", apply_required, "Write true or false." },
    { "min-read-version", apply_min_read_version, "Write numbers with dots, such as 1.4.0." },
    { "kind", apply_kind, "Write sql, manual, or code for a function that the program registers." },
    { "phase", apply_phase, "Write expand, migrate or contract." },
    { "transaction", apply_transaction, "Write auto, on or off." },
    { "foreign-keys", apply_foreign_keys, "Write on or off." },
    { "placeholders", apply_placeholders, "Write on or off." },
    { "idempotent", apply_idempotent, "Write true or false." },
    { "repeatable", apply_repeatable, "Write true or false." },
    { "timeout", apply_timeout, DURATION_HINT " 0 means no limit." },
    { "lock-timeout", apply_lock_timeout, DURATION_HINT },
    { "help", apply_help, "Write text in double quotes: help=\"Rotate the keys first.\"" },
};

#define KEY_COUNT BRN_ARRAY_LEN(keys)

static const key *find_key(brn_str name)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (brn_str_eq_c(name, keys[i].name)) {
            return &keys[i];
        }
    }
    return NULL;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static char folded(char c)
{
    if (c == '_') {
        return '-';
    }
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Single-character edits that lead from one word to the other; case and '_' for '-' are free. */
static size_t edits(brn_str a, brn_str b)
{
    size_t row[KEY_MAX_BYTES + 1];

    for (size_t j = 0; j <= b.len; j++) {
        row[j] = j;
    }
    for (size_t i = 0; i < a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b.len; j++) {
            size_t above = row[j + 1];
            size_t swap = diagonal + (folded(a.ptr[i]) != folded(b.ptr[j]));
            row[j + 1] = least(swap, least(above, row[j]) + 1);
            diagonal = above;
        }
    }
    return row[b.len];
}

/* The known key that was probably meant, or NULL. */
static const char *nearest_key(brn_str name)
{
    const char *best = NULL;
    size_t best_edits = 1 + least(name.len / 3, 3);

    for (size_t i = 0; i < KEY_COUNT && name.len <= KEY_MAX_BYTES; i++) {
        size_t n = edits(name, brn_str_from(keys[i].name));
        if (n < best_edits) {
            best = keys[i].name;
            best_edits = n;
        }
    }
    return best;
}

static brant_status unknown_key(const reader *rd, brn_str name, size_t at)
{
    const char *nearest = nearest_key(name);
    brant_status st = brn_error(
        rd->err, BRANT_EPARSE, "directive.unknown_key", "unknown directive \"%.*s\"",
        BRN_STR_ARG(shown(name)));
    brn_buf list;

    place(rd, at);
    brn_buf_init(&list, 0);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        brn_buf_printf(&list, "%s%s", i == 0 ? "" : ", ", keys[i].name);
    }
    if (nearest != NULL) {
        brn_error_hint(rd->err, "Did you mean \"%s\"? Known are %s.", nearest, brn_buf_text(&list));
    } else {
        brn_error_hint(rd->err, "Known are %s.", brn_buf_text(&list));
    }
    brn_buf_release(&list);
    return st;
}

static brant_status duplicate_key(const reader *rd, const key *k, size_t at)
{
    brant_status st = brn_error(
        rd->err, BRANT_EPARSE, "directive.duplicate_key", "directive \"%s\" is given twice",
        k->name);

    place(rd, at);
    brn_error_hint(
        rd->err, "Keep one of them; the first one is in line %u.",
        (unsigned)rd->seen_lines[k - keys]);
    return st;
}

static brant_status bad_value(const reader *rd, const key *k, const value *v)
{
    const char *id = "directive.bad_value";
    brant_status st;

    if (v->text.len == 0) {
        st = brn_error(rd->err, BRANT_EPARSE, id, "empty value for directive \"%s\"", k->name);
    } else {
        st = brn_error(
            rd->err, BRANT_EPARSE, id, "bad value \"%.*s\" for directive \"%s\"",
            BRN_STR_ARG(shown(v->text)), k->name);
    }
    place(rd, v->at);
    brn_error_hint(rd->err, "%s", k->hint);
    return st;
}

static brant_status apply_key(const reader *rd, brn_str name, size_t at, value *v)
{
    const key *k = find_key(name);

    if (k == NULL) {
        return unknown_key(rd, name, at);
    }
    if (rd->seen_lines[k - keys] != 0) {
        return duplicate_key(rd, k, at);
    }
    rd->seen_lines[k - keys] = rd->comment->line;
    return k->apply(rd, v) ? BRANT_OK : bad_value(rd, k, v);
}

/* --- reading ---------------------------------------------------------------------------------- */

#define FORM_HINT                                                                                  \
    "A directive is key=value without spaces around '='; values with spaces stand in double "      \
    "quotes, with \\\" for a quote and \\\\ for a backslash."

/* Reads a quoted value at *at and moves behind it. */
static brant_status read_quoted(const reader *rd, size_t *at, value *out)
{
    brn_str text = rd->comment->text;
    size_t i = *at + 1;
    size_t len = 0;
    char *copy = brn_arena_strndup(rd->arena, text.ptr + i, text.len - i);

    for (; i < text.len && text.ptr[i] != '"'; i++) {
        if (text.ptr[i] == '\\') {
            i++;
            if (i == text.len || (text.ptr[i] != '"' && text.ptr[i] != '\\')) {
                return malformed(rd, i - 1, "unknown escape in a directive", FORM_HINT);
            }
        }
        if (copy != NULL) {
            copy[len] = text.ptr[i];
        }
        len++;
    }
    if (i == text.len) {
        return malformed(rd, *at, "unterminated value in a directive", FORM_HINT);
    }
    if (i + 1 < text.len && !is_space(text.ptr[i + 1])) {
        return malformed(rd, i + 1, "text directly behind a quoted value", FORM_HINT);
    }
    out->at = *at + 1;
    out->text = copy != NULL ? (brn_str){ copy, len } : BRN_STR("");
    *at = i + 1;
    return copy != NULL ? BRANT_OK : brn_error_oom(rd->err);
}

static brant_status read_value(const reader *rd, size_t *at, value *out)
{
    brn_str text = rd->comment->text;
    size_t from = *at;
    size_t to = from;

    if (from < text.len && text.ptr[from] == '"') {
        return read_quoted(rd, at, out);
    }
    while (to < text.len && !is_space(text.ptr[to])) {
        if (text.ptr[to] == '"') {
            return malformed(rd, to, "quote inside a value", FORM_HINT);
        }
        to++;
    }
    *out = (value){ .text = brn_str_slice(text, from, to), .at = from };
    *at = to;
    return BRANT_OK;
}

static brant_status read_pair(const reader *rd, size_t *at)
{
    brn_str text = rd->comment->text;
    size_t from = *at;
    size_t to = from;
    value v = { 0 };
    brant_status st;

    while (to < text.len && !is_space(text.ptr[to]) && text.ptr[to] != '=') {
        to++;
    }
    if (to == from || to == text.len || text.ptr[to] != '=') {
        return malformed(rd, from, "expected key=value", FORM_HINT);
    }
    *at = to + 1;
    st = read_value(rd, at, &v);
    return st == BRANT_OK ? apply_key(rd, brn_str_slice(text, from, to), from, &v) : st;
}

/* All pairs of one comment; `body` is the part of it behind "brant:". */
static brant_status read_comment(const reader *rd, brn_str body)
{
    size_t at = (size_t)(body.ptr - rd->comment->text.ptr);
    size_t end = at + body.len;
    size_t cr = brn_str_find_char(rd->comment->text, '\r');

    if (body.len == 0) {
        return malformed(rd, 0, "empty directive", FORM_HINT);
    }
    if (cr < end) {
        return malformed(
            rd, cr, "carriage return inside a directive",
            "A comment ends at a line feed only: write the file with line feeds.");
    }
    while (at < end) {
        brant_status st = read_pair(rd, &at);
        if (st != BRANT_OK) {
            return st;
        }
        while (at < end && is_space(rd->comment->text.ptr[at])) {
            at++;
        }
    }
    return BRANT_OK;
}

static brant_status misplaced(const reader *rd)
{
    brant_status st = brn_error(
        rd->err, BRANT_EPARSE, "directive.misplaced", "directive behind the first statement");

    place(rd, 0);
    brn_error_hint(
        rd->err, "Move it above the first statement. If it is meant as an ordinary comment, do not "
                 "begin it with \"brant:\".");
    return st;
}

static brant_status near_miss(const reader *rd)
{
    return malformed(
        rd, 0, "this comment looks like a directive and is none",
        "Write it as a line of its own: -- brant: key=value");
}

static bool is_marker(brn_str body)
{
    return brn_str_ieq(body, BRN_STR("up")) || brn_str_ieq(body, BRN_STR("down"));
}

/*
 * A comment that was surely meant as a directive: "-- BRANT: transaction=off", "-- brant
 * transaction=off", the same in a block comment. Passed over in silence it would change what the
 * migration does.
 */
static bool is_near_miss(brn_str comment)
{
    brn_str opening = BRN_STR("brant");
    brn_str text = brn_comment_text(comment);

    if (brn_str_starts(text, BRN_STR("/*")) && text.len >= 4) {
        text = brn_str_trim(brn_str_slice(text, 2, text.len - 2));
    }
    if (!brn_str_ieq(brn_str_slice(text, 0, opening.len), opening)) {
        return false;
    }
    text = brn_str_slice(text, opening.len, text.len);
    if (text.len == 0 || (text.ptr[0] != ':' && !is_space(text.ptr[0]))) {
        return false;
    }
    text = brn_str_trim(brn_str_slice(text, 1, text.len));
    size_t equals = brn_str_find_char(text, '=');
    size_t blank = brn_str_find_char(text, ' ');
    return equals != SIZE_MAX && equals > 0 && equals < blank;
}

/* Looks at every comment of the script: one below the first statement must not be overlooked. */
static brant_status read_script(reader *rd, const brn_dialect *dialect, const brn_script *script)
{
    bool in_head = true;
    brant_status st;
    brn_token token;
    brn_lexer lx;

    brn_lexer_init(&lx, dialect, script);
    rd->comment = &token;
    while ((st = brn_lexer_next(&lx, &token, rd->err)) == BRANT_OK && token.kind != BRN_TOKEN_END) {
        brn_str body;
        if (token.kind == BRN_TOKEN_LINE_COMMENT) {
            if (directive_body(token.text, &body)) {
                st = is_marker(body) ? BRANT_OK : in_head ? read_comment(rd, body) : misplaced(rd);
            } else if (in_head && is_near_miss(token.text)) {
                st = near_miss(rd);
            }
        } else if (token.kind == BRN_TOKEN_BLOCK_COMMENT) {
            st = in_head && is_near_miss(token.text) ? near_miss(rd) : BRANT_OK;
        } else if (token.kind != BRN_TOKEN_SPACE && !brn_token_is_terminator(token.kind)) {
            in_head = false;
        }
        if (st != BRANT_OK) {
            break;
        }
    }
    rd->comment = NULL;
    return st;
}

const brn_props brn_no_props = { .timeout_ms = -1, .lock_timeout_ms = -1 };

void brn_props_init(brn_props *props)
{
    *props = brn_no_props;
}

brant_status brn_directives_read(
    brn_props *props,
    brn_arena *arena,
    const brn_dialect *dialect,
    const brn_script *script,
    brant_error **err)
{
    brn_props read = *props;
    uint32_t seen_lines[KEY_COUNT] = { 0 };
    reader rd = {
        .props = &read,
        .arena = arena,
        .file = script->file,
        .err = err,
        .seen_lines = seen_lines,
    };
    brant_status st = read_script(&rd, dialect, script);

    if (st == BRANT_OK && arena->oom) {
        st = brn_error_oom(err);
    }
    if (st == BRANT_OK) {
        *props = read;
    }
    return st;
}

/* --- names ------------------------------------------------------------------------------------ */

const char *brn_kind_name(brn_kind kind)
{
    static const char *const names[] = {
        [BRN_KIND_SQL] = "sql",
        [BRN_KIND_CODE] = "code",
        [BRN_KIND_EXEC] = "exec",
        [BRN_KIND_MANUAL] = "manual",
    };

    return (size_t)kind < BRN_ARRAY_LEN(names) ? names[kind] : "unknown";
}

const char *brn_phase_name(brn_phase phase)
{
    static const char *const names[] = {
        [BRN_PHASE_NONE] = "",
        [BRN_PHASE_EXPAND] = "expand",
        [BRN_PHASE_MIGRATE] = "migrate",
        [BRN_PHASE_CONTRACT] = "contract",
    };

    return (size_t)phase < BRN_ARRAY_LEN(names) ? names[phase] : "unknown";
}

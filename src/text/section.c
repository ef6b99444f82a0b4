/* SPDX-License-Identifier: Apache-2.0 */
#include "text/section.h"

typedef enum marker_kind {
    MARKER_NONE = 0,
    MARKER_UP,
    MARKER_DOWN,
    MARKER_NO_TRANSACTION, /* goose's, for the whole file */
    MARKER_ENVSUB,         /* goose's: variables of the environment in what follows */
} marker_kind;

typedef struct marker {
    marker_kind kind;
    bool own;               /* in our own spelling */
    bool loose;             /* sql-migrate's: in any order, and again in its own section */
    brn_switch transaction; /* an option of dbmate's or sql-migrate's */
} marker;

/* Marks of further tools, of which a file has one pair, or one that parts it in two. */
typedef struct further_marks {
    brn_token up;
    brn_token down;
    size_t ups;
    size_t downs; /* with those that part */
    bool parts;
} further_marks;

typedef struct finder {
    brn_sections *out;
    const brn_script *script;
    brant_error **err;
    brn_token first;  /* of the first statement before any marker; kind END when there is none */
    brn_token other;  /* the first mark of a down section that is no marker here; likewise */
    brn_script *open; /* the part that the next marker ends */
    uint32_t up_line; /* of the markers */
    uint32_t down_line;
    brn_token down; /* the marker */
    further_marks further;
} finder;

/* --- recognising markers ---------------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Next word; empty at the end. */
static brn_str take_word(brn_str *rest)
{
    brn_str trimmed = brn_str_trim(*rest);
    size_t len = 0;

    while (len < trimmed.len && !is_space(trimmed.ptr[len])) {
        len++;
    }
    *rest = brn_str_slice(trimmed, len, trimmed.len);
    return brn_str_slice(trimmed, 0, len);
}

static bool is_word(brn_str word, const char *text)
{
    return brn_str_ieq(word, brn_str_from(text));
}

/* "up" or "down" and nothing behind it. */
static marker_kind direction(brn_str rest)
{
    brn_str word = take_word(&rest);

    if (take_word(&rest).len > 0) {
        return MARKER_NONE;
    }
    if (is_word(word, "up")) {
        return MARKER_UP;
    }
    return is_word(word, "down") ? MARKER_DOWN : MARKER_NONE;
}

static bool are_words(brn_str rest, const char *first, const char *second)
{
    return is_word(take_word(&rest), first) && is_word(take_word(&rest), second) &&
           take_word(&rest).len == 0;
}

static marker_kind goose_marker(brn_str rest)
{
    if (are_words(rest, "no", "transaction")) {
        return MARKER_NO_TRANSACTION;
    }
    return are_words(rest, "envsub", "on") ? MARKER_ENVSUB : direction(rest);
}

/* sql-migrate's options stand behind the direction; it ignores those that it does not know. */
static marker_kind sql_migrate_marker(brn_switch *transaction, brn_str rest)
{
    marker_kind kind = direction(take_word(&rest));

    for (brn_str word = take_word(&rest); word.len > 0; word = take_word(&rest)) {
        if (is_word(word, "notransaction")) {
            *transaction = BRN_SWITCH_OFF;
        }
    }
    return kind;
}

/* Of "transaction:false" and its kin; dbmate ignores the options that it does not know. */
static brn_switch dbmate_transaction(brn_str rest)
{
    brn_switch transaction = BRN_SWITCH_AUTO;

    for (brn_str word = take_word(&rest); word.len > 0; word = take_word(&rest)) {
        if (is_word(word, "transaction:false")) {
            transaction = BRN_SWITCH_OFF;
        } else if (is_word(word, "transaction:true")) {
            transaction = BRN_SWITCH_ON;
        }
    }
    return transaction;
}

static marker marker_of(brn_str comment)
{
    marker found = { 0 };
    brn_str text = brn_comment_text(comment);
    brn_str own = BRN_STR("brant:");
    brn_str rest = text;
    brn_str word = take_word(&rest);

    if (brn_str_ieq(brn_str_slice(text, 0, own.len), own)) {
        found.kind = direction(brn_str_slice(text, own.len, text.len));
        found.own = true;
    } else if (is_word(word, "+goose")) {
        found.kind = goose_marker(rest);
    } else if (is_word(word, "+migrate")) {
        found.kind = sql_migrate_marker(&found.transaction, rest);
        found.loose = true;
    } else if (is_word(word, "migrate:up") || is_word(word, "migrate:down")) {
        found.kind = is_word(word, "migrate:up") ? MARKER_UP : MARKER_DOWN;
        found.transaction = dbmate_transaction(rest);
    }
    return found;
}

/*
 * Marks by which further tools tell what undoes a migration: node-pg-migrate, tern, MyBatis, Play,
 * rambler, micrate, and those with a bare word. A file of theirs is not to run as one up section.
 */
static bool is_other_down(brn_str comment)
{
    static const char *const marks[] = {
        "down",       "down migration", "-- create above / drop below ----",
        "@undo",      "//@undo",        "!downs",
        "--- !downs", "rambler down",   "+micrate down",
    };
    brn_str text = brn_comment_text(comment);

    for (size_t i = 0; i < BRN_ARRAY_LEN(marks); i++) {
        if (is_word(text, marks[i])) {
            return true;
        }
    }
    return false;
}

/* node-pg-migrate's, rambler's and micrate's; tern's and MyBatis' part a file that begins as up. */
static void note_further(further_marks *further, const brn_token *token)
{
    static const struct {
        const char *up; /* NULL: none is written */
        const char *down;
    } marks[] = {
        { "up migration", "down migration" },
        { "rambler up", "rambler down" },
        { "+micrate up", "+micrate down" },
        { NULL, "-- create above / drop below ----" },
        { NULL, "@undo" },
        { NULL, "//@undo" },
    };
    brn_str text = brn_comment_text(token->text);

    for (size_t i = 0; i < BRN_ARRAY_LEN(marks); i++) {
        if (marks[i].up != NULL && is_word(text, marks[i].up)) {
            further->up = *token;
            further->ups++;
        } else if (is_word(text, marks[i].down)) {
            further->down = *token;
            further->downs++;
            further->parts = further->parts || marks[i].up == NULL;
        }
    }
}

/* --- sections --------------------------------------------------------------------------------- */

/* A script of the bytes from..to of the finder's, which begins at the given line. */
static brn_script part(const finder *f, size_t from, uint32_t line, uint32_t column)
{
    brn_script made = *f->script;

    made.text = brn_str_slice(made.text, from, made.text.len);
    made.offset += from;
    made.line = line;
    made.column = column;
    return made;
}

/* The open part ends where `offset` of the file is. */
static void close_part(finder *f, uint64_t offset)
{
    f->open->text = brn_str_slice(f->open->text, 0, (size_t)(offset - f->open->offset));
}

static brant_status refuse(
    const finder *f, const brn_token *token, const char *id, const char *message, const char *hint)
{
    brant_status st = brn_error(f->err, BRANT_EPARSE, id, "%s", message);

    brn_error_at(f->err, f->script->file, token->line, token->column);
    brn_error_hint(f->err, "%s", hint);
    return st;
}

static brant_status refuse_second(
    const finder *f, const brn_token *token, const char *name, uint32_t line)
{
    brant_status st =
        brn_error(f->err, BRANT_EPARSE, "section.duplicate", "second %s section", name);

    brn_error_at(f->err, f->script->file, token->line, token->column);
    brn_error_hint(
        f->err, "Join it with the first one in line %u, or move it to a file of its own.",
        (unsigned)line);
    return st;
}

static brant_status refuse_down_alone(const finder *f, const brn_token *down)
{
    return refuse(
        f, down, "section.down_without_up", "down section without an up section before it",
        "Put the marker of the up section above the statements that it is for, and the down "
        "section behind them.");
}

static bool is_open(const finder *f, marker_kind kind)
{
    return f->open == (kind == MARKER_UP ? &f->out->up : &f->out->down);
}

static brant_status check_order(const finder *f, const marker *m, const brn_token *token)
{
    if (m->kind == MARKER_UP && f->up_line != 0) {
        return refuse_second(f, token, "up", f->up_line);
    }
    if (m->kind == MARKER_DOWN && f->down_line != 0) {
        return refuse_second(f, token, "down", f->down_line);
    }
    if (m->kind == MARKER_DOWN && f->up_line == 0 &&
        (!m->loose || f->first.kind != BRN_TOKEN_END)) {
        return refuse_down_alone(f, token);
    }
    if (f->up_line == 0 && f->first.kind != BRN_TOKEN_END) {
        return refuse(
            f, &f->first, "section.statement_before_up", "statement before the up section",
            "Move the statement below the marker of the up section, or the marker above it.");
    }
    return BRANT_OK;
}

/* The lexer stands behind the marker: its section begins in the next line. */
static void open_section(finder *f, const marker *m, const brn_lexer *lx, const brn_token *token)
{
    bool up = m->kind == MARKER_UP;
    brn_str text = f->script->text;
    uint32_t line = lx->line;
    uint32_t column = lx->column;
    size_t at = lx->at;

    /* Some lexers end a comment before a carriage return, some behind it. */
    at += at < text.len && text.ptr[at] == '\r';
    at += at < text.len && text.ptr[at] == '\n';
    brn_position_advance(text, lx->at, at, &line, &column);
    close_part(f, token->offset);
    f->open = up ? &f->out->up : &f->out->down;
    *f->open = part(f, at, line, column);
    if (up) {
        f->up_line = token->line;
    } else {
        f->down_line = token->line;
        f->down = *token;
    }
}

static brant_status see_section(
    finder *f, const marker *m, const brn_lexer *lx, const brn_token *token)
{
    if (!m->loose || !is_open(f, m->kind)) {
        brant_status st = check_order(f, m, token);
        if (st != BRANT_OK) {
            return st;
        }
        open_section(f, m, lx, token);
    }
    f->out->whole_name = f->out->whole_name || m->loose;
    /* Goose's word for the whole file stands. */
    if (m->transaction != BRN_SWITCH_AUTO) {
        *(m->kind == MARKER_UP ? &f->out->up_transaction : &f->out->down_transaction) =
            m->transaction;
    }
    return BRANT_OK;
}

/*
 * A token of a statement before any marker. Only a statement behind it makes a down section of
 * another tool's mark: most often what follows is a comment as well.
 */
static void see_statement(finder *f, const brn_token *token)
{
    if (f->first.kind == BRN_TOKEN_END) {
        f->first = *token;
    }
    if (f->other.kind != BRN_TOKEN_END && f->out->other.kind == BRN_TOKEN_END) {
        f->out->other = f->other;
    }
}

/* `alone`: nothing but white space stands before the comment in its line. */
static brant_status see_comment(finder *f, const brn_lexer *lx, const brn_token *token, bool alone)
{
    marker m = marker_of(token->text);

    if (m.kind == MARKER_NONE && alone) {
        note_further(&f->further, token);
    }
    if (m.kind == MARKER_NONE) {
        if (alone && f->other.kind == BRN_TOKEN_END && is_other_down(token->text)) {
            f->other = *token;
        }
        return BRANT_OK;
    }
    if (!alone) {
        if (!m.own) {
            return BRANT_OK; /* an ordinary comment for the tool that it belongs to, too */
        }
        return refuse(
            f, token, "directive.misplaced", "section marker behind other text",
            "Put the marker alone in a line.");
    }
    if (m.kind == MARKER_NO_TRANSACTION) {
        f->out->up_transaction = BRN_SWITCH_OFF;
        f->out->down_transaction = BRN_SWITCH_OFF;
        return BRANT_OK;
    }
    if (m.kind == MARKER_ENVSUB) {
        if (f->out->envsub_line == 0) {
            f->out->envsub_line = token->line;
            f->out->envsub_column = token->column;
        }
        return BRANT_OK;
    }
    return see_section(f, &m, lx, token);
}

static brant_status find(finder *f, const brn_dialect *dialect)
{
    uint32_t script_mode = f->script->mode;
    uint32_t busy_line = 0; /* the last line with anything but white space so far */
    brant_status st;
    brn_token token;
    brn_lexer lx;

    brn_lexer_init(&lx, dialect, f->script);
    while ((st = brn_lexer_next(&lx, &token, f->err)) == BRANT_OK && token.kind != BRN_TOKEN_END) {
        bool filler = token.kind == BRN_TOKEN_BLOCK_COMMENT || brn_token_is_terminator(token.kind);
        if (token.kind == BRN_TOKEN_SPACE) {
            continue;
        }
        if (token.kind == BRN_TOKEN_LINE_COMMENT) {
            const brn_script *part_before = f->open;
            st = see_comment(f, &lx, &token, token.line != busy_line);
            if (st != BRANT_OK) {
                return st;
            }
            if (f->open != part_before) {
                /* The last statement of a section may lack its terminator. */
                lx.state = (brn_lex_state){ .mode = script_mode };
            }
        } else if (!filler && f->up_line == 0 && f->down_line == 0) {
            see_statement(f, &token);
        }
        busy_line = lx.line;
    }
    return st;
}

/* The part behind a mark's line. */
static brn_script part_behind(const finder *f, const brn_token *mark)
{
    brn_str text = f->script->text;
    size_t from = (size_t)(mark->offset - f->script->offset);
    size_t at = from + mark->text.len;
    uint32_t line = mark->line;
    uint32_t column = mark->column;

    at += at < text.len && text.ptr[at] == '\r';
    at += at < text.len && text.ptr[at] == '\n';
    brn_position_advance(text, from, at, &line, &column);
    return part(f, at, line, column);
}

/*
 * A file without markers, with something to undo behind a mark of a further tool: true when it is
 * clear what belongs where. Otherwise `other` is left, and the file is not to run.
 */
static bool take_further(finder *f)
{
    further_marks *m = &f->further;
    brn_sections *out = f->out;
    bool pair =
        m->ups == 1 && m->down.offset > m->up.offset && f->first.offset > m->up.offset && !m->parts;

    if (out->other.kind == BRN_TOKEN_END || m->downs != 1 || (!pair && (m->ups > 0 || !m->parts))) {
        return false;
    }
    out->up = pair ? part_behind(f, &m->up) : *f->script;
    out->head = *f->script;
    f->open = &out->head;
    close_part(f, pair ? m->up.offset : f->script->offset);
    f->open = &out->up;
    close_part(f, m->down.offset);
    out->down = part_behind(f, &m->down);
    out->other = (brn_token){ 0 };
    out->further = true;
    return true;
}

brant_status brn_sections_find(
    brn_sections *out, const brn_dialect *dialect, const brn_script *script, brant_error **err)
{
    brn_sections found = { 0 };
    finder f = { .out = &found, .script = script, .err = err, .open = &found.head };
    brant_status st;

    found.head = *script;
    st = find(&f, dialect);
    if (st == BRANT_OK && f.down_line != 0 && f.up_line == 0) {
        st = refuse_down_alone(&f, &f.down);
    }
    if (st != BRANT_OK) {
        return st;
    }
    found.marked = f.up_line != 0;
    found.has_down = f.down_line != 0;
    if (!found.marked && take_further(&f)) {
        found.marked = true;
        found.has_down = true;
    } else if (!found.marked) {
        found.up = *script;
        close_part(&f, script->offset);
    }
    if (!found.has_down) {
        found.down = part(&f, 0, script->line, script->column);
        found.down.text.len = 0;
    }
    *out = found;
    return BRANT_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a statement would make, as the server itself writes it: the statement is run on an empty
 * copy of the table that it works on, beside the table.
 *
 *   CREATE TABLE scratch LIKE t; ALTER TABLE scratch DROP COLUMN b;
 *   ALTER TABLE scratch ADD COLUMN b int; SHOW CREATE TABLE scratch; SHOW CREATE TABLE t
 *
 * So spelling, defaults and the order of columns are no difference, and nothing is compared by a
 * parser of ours. No row is read. A copy has no foreign keys, and is made to have no CHECK where
 * those get other names with it (MySQL): of those of the table only the ones that the statement
 * makes are looked at. Names of constraints are of the whole database, so those that the statement
 * gives have a mark in front on the copy. Whatever fails here only means that it is not known.
 */
#include <string.h>

#include "base/buf.h"
#include "engines/mysql/probe.h"
#include "text/reader.h"

#define SCRATCH "brant_probe_scratch"
#define MARK "~"

typedef struct rehearsal {
    brn_mysql_probing *x;
    brn_mysql_rehearsal *out;
    const char *place;            /* the scratch object, qualified and quoted */
    BRN_VEC(brn_str) constraints; /* that the statement makes */
    brn_mysql_texts checks;       /* of the copy, in the end */
    bool whole;                   /* the statement makes the object itself */
    brant_status st;
    brant_error **err;
} rehearsal;

/* True when it was done. Otherwise the rehearsal is over: it came to nothing, or with an error. */
static bool command(rehearsal *r, const char *sql)
{
    brant_error *error = NULL;
    brant_status st;

    if (sql == NULL || r->x->arena->oom) {
        r->st = brn_error_oom(r->err);
        return false;
    }
    st = brn_mysql_ask(r->x->p, brn_str_from(sql), NULL, NULL, &error);
    if (st == BRANT_ESTATEMENT) {
        r->out->failure = brn_arena_strdup(r->x->arena, brant_error_message(error));
        brant_error_free(error);
        return false;
    }
    r->st = st;
    if (st != BRANT_OK && r->err != NULL) {
        *r->err = error;
    } else {
        brant_error_free(error);
    }
    return st == BRANT_OK;
}

/* --- the statement, for another place --------------------------------------------------------- */

/* Behind the words that the name of the table, or view, follows. */
static bool seek_name(brn_reader *rd, const brn_stmt_class *what)
{
    static const char *const words[] = { "table", "view", "on" };
    const char *word = what->object == BRN_OBJECT_INDEX  ? words[2]
                       : what->object == BRN_OBJECT_VIEW ? words[1]
                                                         : words[0];

    if (!brn_reader_seek(rd, word)) {
        return false;
    }
    brn_reader_next(rd);
    (void)brn_reader_take_if_exists(rd);
    return true;
}

/* The reader stands before a name that the statement gives to a constraint. */
static bool takes_constraint(brn_reader *rd)
{
    if (brn_reader_take(rd, "drop") || brn_reader_take(rd, "alter")) {
        (void)brn_reader_take(rd, "constraint");
        return false;
    }
    if (!brn_reader_take(rd, "constraint")) {
        brn_reader_next(rd);
        return false;
    }
    (void)brn_reader_take_if_exists(rd);
    return !brn_reader_is(rd, "primary") && !brn_reader_is(rd, "unique") &&
           !brn_reader_is(rd, "foreign") && !brn_reader_is(rd, "check");
}

/* What follows the name of the table, from the token at hand on. */
static void add_rest(brn_buf *out, rehearsal *r, brn_reader *rd)
{
    brn_str text = r->x->stmt->text;
    size_t done = brn_reader_at_end(rd) ? text.len : (size_t)rd->token.offset;

    while (!brn_reader_at_end(rd)) {
        brn_str *name = NULL;

        if (!takes_constraint(rd) || brn_reader_at_end(rd)) {
            continue;
        }
        name = BRN_VEC_PUSH(r->x->arena, &r->constraints);
        if (name == NULL) {
            return;
        }
        brn_buf_add_str(out, brn_str_slice(text, done, (size_t)rd->token.offset));
        *name = brn_reader_name(rd);
        brn_buf_add_c(out, "`" MARK);
        brn_buf_add_c(out, brn_mysql_named(r->x, brn_mysql_copy(r->x, *name)) + 1);
        done = brn_reader_at_end(rd) ? text.len : (size_t)rd->token.offset;
        brn_buf_add_char(out, ' ');
    }
    brn_buf_add_str(out, brn_str_slice(text, done, text.len));
}

static const char *elsewhere(rehearsal *r)
{
    const brn_stmt *stmt = r->x->stmt;
    brn_script script = { .text = stmt->text, .line = 1, .column = 1, .mode = stmt->mode };
    brn_str schema = BRN_STR("");
    brn_str name = BRN_STR("");
    brn_reader rd;
    const char *made = NULL;
    brn_buf out;

    brn_reader_init(&rd, r->x->arena, &brn_dialect_mysql, &script);
    if (!seek_name(&rd, r->x->what)) {
        return NULL;
    }
    brn_buf_init(&out, 0);
    brn_buf_add_str(&out, brn_str_slice(stmt->text, 0, (size_t)rd.token.offset));
    brn_reader_full_name(&rd, &schema, &name);
    brn_buf_printf(&out, "%s ", r->place);
    add_rest(&out, r, &rd);
    made = brn_arena_strdup(r->x->arena, brn_buf_text(&out));
    r->x->arena->oom = r->x->arena->oom || out.failed;
    brn_buf_release(&out);
    return made;
}

/* --- definitions ------------------------------------------------------------------------------ */

/* "  CONSTRAINT `name` FOREIGN KEY ...", and the statement does not make it. */
static bool is_others_key(const rehearsal *r, brn_str line)
{
    size_t from = brn_str_find_char(line, '`');

    if (r->whole || brn_str_find(line, BRN_STR(" FOREIGN KEY ")) == SIZE_MAX) {
        return false;
    }
    line = brn_str_slice(line, from != SIZE_MAX ? from + 1 : 0, line.len);
    line = brn_str_slice(line, brn_str_starts(line, BRN_STR(MARK)) ? strlen(MARK) : 0, line.len);
    for (size_t i = 0; i < r->constraints.count; i++) {
        brn_str name = r->constraints.items[i];

        if (brn_str_ieq(brn_str_slice(line, 0, name.len), name) && line.len > name.len &&
            line.ptr[name.len] == '`') {
            return false;
        }
    }
    return true;
}

/* With the name of the original for that of the copy, which names of constraints begin with, and
 * without marks. */
static void add_renamed(brn_buf *out, brn_str line, const char *name)
{
    brn_str scratch = BRN_STR("`" SCRATCH);
    brn_str mark = BRN_STR("`" MARK);

    while (line.len > 0) {
        bool copy = brn_str_starts(line, scratch);

        if (copy || brn_str_starts(line, mark)) {
            brn_buf_add_char(out, '`');
            brn_buf_add_c(out, copy ? name : "");
            line = brn_str_slice(line, copy ? scratch.len : mark.len, line.len);
        } else {
            brn_buf_add_char(out, line.ptr[0]);
            line = brn_str_slice(line, 1, line.len);
        }
    }
}

/* Where CHECK begins in "CONSTRAINT `name` CHECK (...)"; SIZE_MAX for other parts. */
static size_t check_at(brn_str words)
{
    size_t at = brn_str_starts(words, BRN_STR("CONSTRAINT `"))
                    ? brn_str_find(words, BRN_STR("` CHECK ("))
                    : SIZE_MAX;

    return at != SIZE_MAX ? at + 2 : SIZE_MAX;
}

/* With its name, but on the copy only where the statement gives that: MySQL changes all others. */
static bool keep_check(rehearsal *r, brn_mysql_texts *checks, brn_str words, bool copy)
{
    brn_str mark = BRN_STR("CONSTRAINT `" MARK);
    bool given = brn_str_starts(words, mark);
    const char **slot = BRN_VEC_PUSH(r->x->arena, checks);

    if (slot == NULL) {
        return false;
    }
    if (given) {
        words = brn_str_slice(words, mark.len, words.len);
        *slot = brn_arena_printf(r->x->arena, "CONSTRAINT `%.*s", BRN_STR_ARG(words));
    } else {
        *slot =
            brn_mysql_copy(r->x, copy ? brn_str_slice(words, check_at(words), words.len) : words);
    }
    return *slot != NULL;
}

/* check: of the copy, so with a name or without. */
static bool has_check(const brn_mysql_texts *checks, const char *check)
{
    for (size_t i = 0; i < checks->count; i++) {
        brn_str words = brn_str_from(checks->items[i]);
        size_t at = check_at(words);

        if (brn_str_eq(words, brn_str_from(check)) ||
            (at != SIZE_MAX &&
             brn_str_eq(brn_str_slice(words, at, words.len), brn_str_from(check)))) {
            return true;
        }
    }
    return false;
}

/* Those of the copy, in its order, that `checks` has. */
static void add_checks(brn_buf *out, const rehearsal *r, const brn_mysql_texts *checks)
{
    for (size_t i = 0; i < r->checks.count; i++) {
        if (has_check(checks, r->checks.items[i])) {
            brn_buf_printf(out, ", %s", r->checks.items[i]);
        }
    }
}

static void add_without_counter(brn_buf *out, brn_str line)
{
    size_t at = brn_str_find(line, BRN_STR(" AUTO_INCREMENT="));
    brn_str tail;
    size_t space;

    if (at == SIZE_MAX) {
        brn_buf_add_str(out, line);
        return;
    }
    tail = brn_str_slice(line, at + 1, line.len);
    space = brn_str_find_char(tail, ' ');
    brn_buf_add_str(out, brn_str_slice(line, 0, at));
    brn_buf_add_str(out, brn_str_slice(tail, space != SIZE_MAX ? space : tail.len, tail.len));
}

/* One of the lines that are the parts of a table. */
static void add_part(brn_buf *out, brn_str words, bool first, const char *name)
{
    brn_buf_add_c(out, first ? "" : ", ");
    add_renamed(out, words, name);
}

static brn_str words_of(brn_str line)
{
    brn_str words = brn_str_trim(line);

    words.len -= brn_str_ends(words, BRN_STR(",")) ? 1 : 0;
    return words;
}

/* In one line, from the parenthesis on; CHECKs behind all else. */
static const char *normal(rehearsal *r, const char *text, const char *name, bool copy)
{
    const char *body = strchr(text, '(');
    brn_str rest = brn_str_from(body != NULL ? body : text);
    brn_mysql_texts checks = { 0 };
    const char *made = NULL;
    brn_str line;
    brn_buf out;
    bool first = true;

    brn_buf_init(&out, 0);
    while (brn_str_split(&rest, '\n', &line)) {
        bool part = brn_str_starts(line, BRN_STR("  "));

        if (part && !r->whole && check_at(words_of(line)) != SIZE_MAX) {
            out.failed = !keep_check(r, &checks, words_of(line), copy) || out.failed;
        } else if (part && !is_others_key(r, line)) {
            add_part(&out, words_of(line), first, name);
            first = false;
        } else if (!part) {
            add_without_counter(&out, line);
        }
    }
    r->checks = copy ? checks : r->checks;
    add_checks(&out, r, &checks);
    made = out.failed ? NULL : brn_arena_strdup(r->x->arena, brn_buf_text(&out));
    r->x->arena->oom = r->x->arena->oom || made == NULL;
    brn_buf_release(&out);
    return made;
}

typedef struct shown {
    brn_arena *arena;
    const char *text;
} shown;

static bool keep_second(void *user, size_t index, MYSQL_RES *rows)
{
    shown *s = user;
    MYSQL_ROW row = index == 0 && rows != NULL ? mysql_fetch_row(rows) : NULL;

    if (row != NULL && mysql_num_fields(rows) > 1 && row[1] != NULL) {
        s->text = brn_arena_strdup(s->arena, row[1]);
    }
    return !s->arena->oom;
}

static const char *define_table(rehearsal *r, const char *place, const char *name, bool copy)
{
    const char *sql = brn_arena_printf(r->x->arena, "SHOW CREATE TABLE %s", place);
    shown s = { .arena = r->x->arena };

    if (sql == NULL ||
        brn_mysql_ask(r->x->p, brn_str_from(sql), keep_second, &s, NULL) != BRANT_OK ||
        s.text == NULL) {
        r->out->failure = "the definition cannot be read";
        return NULL;
    }
    return normal(r, s.text, name, copy);
}

static const char *define_view(rehearsal *r, const char *name)
{
    const char *text = NULL;

    r->st = brn_mysql_probe_ask(
        &text, r->x, r->err,
        "SELECT CONCAT(VIEW_DEFINITION, ' (', CHECK_OPTION, ', ', SECURITY_TYPE, ')')"
        " FROM information_schema.VIEWS WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s",
        brn_mysql_quoted(r->x, r->x->schema), brn_mysql_quoted(r->x, name));
    return text;
}

/* --- all of it -------------------------------------------------------------------------------- */

/* At once: a column takes its indexes with it. */
static bool undo_all(rehearsal *r, const brn_mysql_texts *undo)
{
    const char *sql = NULL;
    brn_buf text;

    if (undo == NULL || undo->count == 0) {
        return true;
    }
    brn_buf_init(&text, 0);
    brn_buf_printf(&text, "ALTER TABLE %s", r->place);
    for (size_t i = 0; i < undo->count; i++) {
        brn_buf_printf(&text, "%s %s", i > 0 ? "," : "", undo->items[i]);
    }
    sql = text.failed ? NULL : brn_arena_strdup(r->x->arena, brn_buf_text(&text));
    brn_buf_release(&text);
    return command(r, sql);
}

static bool make_copy(rehearsal *r, const char *name)
{
    return command(
        r, brn_arena_printf(
               r->x->arena, "CREATE TABLE %s LIKE %s.%s", r->place,
               brn_mysql_named(r->x, r->x->schema), brn_mysql_named(r->x, name)));
}

/* One after the other: a list of them could be too long for one value. */
static bool drop_renamed_checks(rehearsal *r)
{
    const char *check = "";

    while (!r->x->p->maria && check != NULL) {
        check = NULL;
        r->st = brn_mysql_probe_ask(
            &check, r->x, r->err,
            "SELECT CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = %s"
            " AND TABLE_NAME = '" SCRATCH "' AND CONSTRAINT_TYPE = 'CHECK' LIMIT 1",
            brn_mysql_quoted(r->x, r->x->schema));
        if (r->st != BRANT_OK ||
            (check != NULL && !command(
                                  r, brn_arena_printf(
                                         r->x->arena, "ALTER TABLE %s DROP CONSTRAINT %s", r->place,
                                         brn_mysql_named(r->x, check))))) {
            return false;
        }
    }
    return true;
}

static void compare(rehearsal *r, const char *name)
{
    bool view = r->x->what->object == BRN_OBJECT_VIEW;
    const char *original = brn_arena_printf(
        r->x->arena, "%s.%s", brn_mysql_named(r->x, r->x->schema), brn_mysql_named(r->x, name));

    r->out->wanted = view ? define_view(r, SCRATCH) : define_table(r, r->place, name, true);
    if (r->st == BRANT_OK && r->out->wanted != NULL && original != NULL) {
        r->out->present = view ? define_view(r, name) : define_table(r, original, name, false);
    }
    if (r->st == BRANT_OK && r->out->wanted != NULL && r->out->present != NULL) {
        r->out->result =
            strcmp(r->out->wanted, r->out->present) == 0 ? BRN_MYSQL_SAME : BRN_MYSQL_OTHER;
    }
}

static void drop(rehearsal *r)
{
    const char *kind = r->x->what->object == BRN_OBJECT_VIEW ? "VIEW" : "TABLE";
    const char *sql = brn_arena_printf(r->x->arena, "DROP %s IF EXISTS %s", kind, r->place);

    if (sql != NULL) {
        (void)brn_mysql_ask_quietly(r->x->p, brn_str_from(sql), NULL, NULL, NULL);
    }
}

brant_status brn_mysql_rehearse(
    brn_mysql_rehearsal *out,
    brn_mysql_probing *x,
    const char *name,
    const brn_mysql_texts *undo,
    brant_error **err)
{
    bool whole = x->what->verb == BRN_VERB_CREATE && x->what->object != BRN_OBJECT_INDEX;
    rehearsal r = { .x = x, .out = out, .whole = whole, .st = BRANT_OK, .err = err };
    const char *text = NULL;

    *out = (brn_mysql_rehearsal){ 0 };
    if (x->p->read_only) {
        out->failure = "this connection only reads";
        return BRANT_OK;
    }
    r.place = brn_arena_printf(x->arena, "%s.`" SCRATCH "`", brn_mysql_named(x, x->schema));
    text = r.place != NULL ? elsewhere(&r) : NULL;
    if (text == NULL) {
        return x->arena->oom ? brn_error_oom(err) : BRANT_OK;
    }
    drop(&r);
    if ((whole || (make_copy(&r, name) && drop_renamed_checks(&r) && undo_all(&r, undo))) &&
        command(&r, text)) {
        compare(&r, name);
    }
    drop(&r);
    return r.st;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The operations that are made of a file, in their order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/settings.h"
#include "ledger/record.h"
#include "run/compile.h"
#include "run/resume.h"
#include "support/tree.h"

extern const brn_engine brn_engine_sqlite;

#define TXN (BRN_CAP_TXN_DDL | BRN_CAP_TXN_DML)

typedef struct fixture {
    tree dir;
    brn_arena arena;
    brn_source_set set;
    brn_engine engine;
    brn_project_db db;
    brn_target target;
    brn_migration migration;
    brn_actor actor;
    brn_ledger_row next;
    brn_compile_input in;
    brn_compiled compiled;
    brant_error *err;
} fixture;

static void start(fixture *f, const char *up, const char *down)
{
    static const char *const envp[] = { "NAME=users", NULL };

    memset(f, 0, sizeof(*f));
    tree_make(&f->dir);
    tree_write(&f->dir, "m/1_a.up.sql", up);
    tree_write(&f->dir, "m/1_a.down.sql", down != NULL ? down : "DROP TABLE t;\n");
    assert_int_equal(brant_settings_new(&f->db.settings, NULL), BRANT_OK);
    assert_int_equal(brant_settings_from_env(f->db.settings, envp, NULL), BRANT_OK);
    f->db.info.name = "main";
    f->engine = brn_engine_sqlite;
    f->target.db = &f->db;
    f->target.engine = &f->engine;
    brn_layout_options opts = { .dir = tree_path(&f->dir, "m"),
                                .layout = "auto",
                                .dialect = f->engine.dialect,
                                .max_file_bytes = 100000 };
    if (brn_layout_read(&f->set, &f->arena, &opts, &f->err) != BRANT_OK) {
        fail_msg("%s", brant_error_message(f->err));
    }
    f->migration.source = f->set.items.items[0];
    f->migration.id = f->migration.source->id;
    f->migration.version = f->migration.source->version;
    brn_actor_init(&f->actor);
    f->in = (brn_compile_input){ .target = &f->target,
                                 .migration = &f->migration,
                                 .direction = BRN_UP,
                                 .actor = &f->actor,
                                 .action = "up",
                                 .seq = 7 };
}

static void stop(fixture *f)
{
    brn_compiled_release(&f->compiled);
    brn_arena_release(&f->arena);
    brant_settings_free(f->db.settings);
    brant_error_free(f->err);
    tree_remove(&f->dir);
}

static brant_status compile(fixture *f)
{
    brn_chain chain = { { 0 } };
    brant_status st = brn_compile_read(&f->compiled, &f->in, &f->err);

    return st == BRANT_OK ? brn_compile_program(&f->compiled, &f->in, &chain, &f->err) : st;
}

static void describe(char *out, size_t size, const brn_op *op)
{
    static const char *const ledger[] = { "",        "ensure", "put",    "intent",
                                          "outcome", "fail",   "remove", "history" };

    switch (op->type) {
    case BRN_OP_BEGIN:
        (void)snprintf(
            out, size, "begin%s", (op->flags & BRN_OP_FOREIGN_KEYS_OFF) != 0 ? "(keys off)" : "");
        break;
    case BRN_OP_COMMIT:
        (void)snprintf(out, size, "commit");
        break;
    case BRN_OP_STATEMENT:
        (void)snprintf(out, size, "%u", op->number);
        break;
    case BRN_OP_GUARD:
        (void)snprintf(out, size, "guard");
        break;
    case BRN_OP_BARRIER:
        (void)snprintf(out, size, "barrier");
        break;
    case BRN_OP_LEDGER: {
        const brn_ledger_row *row = op->ledger->row;

        if (op->ledger->type == BRN_LEDGER_INTENT) {
            (void)snprintf(
                out, size, "intent%lld/%lld", (long long)row->intent, (long long)row->stmts_done);
        } else if (op->ledger->type == BRN_LEDGER_OUTCOME) {
            (void)snprintf(out, size, "outcome%lld", (long long)row->stmts_done);
        } else {
            (void)snprintf(out, size, "%s", ledger[op->ledger->type]);
        }
        break;
    }
    }
}

static const char *shape(const fixture *f)
{
    static char text[1024];

    text[0] = '\0';
    for (size_t i = 0; i < f->compiled.program.ops.count; i++) {
        size_t len = strlen(text);

        if (i > 0) {
            text[len++] = ' ';
        }
        describe(text + len, sizeof(text) - len, &f->compiled.program.ops.items[i]);
    }
    return text;
}

/* ---- shapes ---- */

#define CREATE "CREATE TABLE t (x);\n"
#define INSERT "INSERT INTO t VALUES (1);\n"

static const struct shape_case {
    const char *name;
    const char *text;
    brn_tx tx;
    uint32_t hidden; /* capabilities */
    bool resume;
    uint64_t done;
    const char *shape;
} shape_cases[] = {
    { "each", CREATE INSERT, BRN_TX_EACH, 0, false, 0, "begin guard 1 2 put history commit" },
    { "an empty file", "-- nothing\n", BRN_TX_EACH, 0, false, 0, "begin guard put history commit" },
    { "all: the runner begins and commits", CREATE INSERT, BRN_TX_ALL, 0, false, 0,
      "1 2 put history" },
    { "all: what a file may have set for the session is taken back", CREATE "SELECT 1;\n",
      BRN_TX_ALL, 0, false, 0, "1 2 put history barrier" },
    { "none", CREATE INSERT, BRN_TX_NONE, 0, false, 0,
      "begin guard 1 outcome1 commit begin guard 2 put history commit" },
    { "the file asks for none", "-- brant: transaction=off\n" CREATE, BRN_TX_EACH, 0, false, 0,
      "begin guard 1 put history commit" },
    { "the file asks for one", "-- brant: transaction=on\n" CREATE, BRN_TX_NONE, 0, false, 0,
      "begin guard 1 put history commit" },
    { "its own transaction", "BEGIN;\n" CREATE INSERT "COMMIT;\n", BRN_TX_EACH, 0, false, 0,
      "guard 1 2 3 outcome4 4 begin guard put history commit" },
    { "statements around its own transaction", CREATE "BEGIN;\n" INSERT "COMMIT;\n" INSERT,
      BRN_TX_EACH, 0, false, 0,
      "begin guard 1 outcome1 commit guard 2 3 outcome4 4 begin guard 5 put history commit" },
    { "its own transaction, rolled back", "BEGIN;\n" CREATE "ROLLBACK;\n", BRN_TX_EACH, 0, false, 0,
      "guard 1 2 3 outcome3 begin guard put history commit" },
    { "VACUUM outside of a transaction", "-- brant: transaction=off\n" CREATE "VACUUM;\n",
      BRN_TX_EACH, 0, false, 0,
      "begin guard 1 outcome1 commit guard intent2/1 2 outcome2 begin guard put history commit" },
    { "pragmas of foreign keys are moved out",
      "PRAGMA foreign_keys = off;\n" CREATE "PRAGMA foreign_keys = on;\n", BRN_TX_EACH, 0, false, 0,
      "begin(keys off) guard 2 put history commit" },
    { "foreign-keys=off", "-- brant: foreign-keys=off\n" CREATE, BRN_TX_EACH, 0, false, 0,
      "begin(keys off) guard 1 put history commit" },
    { "foreign-keys=off stays one transaction", "-- brant: foreign-keys=off\n" CREATE, BRN_TX_NONE,
      0, false, 0, "begin(keys off) guard 1 put history commit" },
    { "no transactions at all: intents", CREATE INSERT, BRN_TX_EACH, TXN, false, 0,
      "guard intent1/0 1 outcome1 guard intent2/1 2 outcome2 guard put history" },
    { "no DDL in transactions", CREATE INSERT, BRN_TX_EACH, BRN_CAP_TXN_DDL, false, 0,
      "guard intent1/0 1 outcome1 begin guard 2 put history commit" },
    { "no DDL in transactions, and rows before it and behind", INSERT CREATE INSERT INSERT,
      BRN_TX_EACH, BRN_CAP_TXN_DDL, false, 0,
      "begin guard 1 outcome1 commit guard intent2/1 2 outcome2 begin guard 3 4 put history "
      "commit" },
    { "no DDL in transactions, and some at the end", INSERT CREATE, BRN_TX_EACH, BRN_CAP_TXN_DDL,
      false, 0,
      "begin guard 1 outcome1 commit guard intent2/1 2 outcome2 begin guard put history commit" },
    { "no DDL in transactions, and none in the file", INSERT INSERT, BRN_TX_EACH, BRN_CAP_TXN_DDL,
      false, 0, "begin guard 1 2 put history commit" },
    { "resumed", CREATE INSERT INSERT, BRN_TX_EACH, 0, true, 2,
      "begin guard 3 put history commit" },
    { "resumed with everything done", CREATE INSERT, BRN_TX_EACH, 0, true, 2,
      "begin guard put history commit" },
    { "resumed without transactions", CREATE INSERT INSERT, BRN_TX_EACH, TXN, true, 1,
      "guard intent2/1 2 outcome2 guard intent3/2 3 outcome3 guard put history" },
    { "resumed: what was set for the session is set again",
      "-- brant: transaction=off\nPRAGMA foreign_keys = off;\n" CREATE INSERT, BRN_TX_EACH, 0, true,
      2, "1 begin guard 3 put history commit" },
    { "nothing is set again when nothing is left",
      "-- brant: transaction=off\nPRAGMA foreign_keys = off;\n" CREATE, BRN_TX_EACH, 0, true, 2,
      "begin guard put history commit" },
};

/* As where statements commit by themselves: VACUUM is one of them. */
static void inspect_committing(brn_stmt_info *out, const brn_conn *conn, const brn_stmt *stmt)
{
    brn_engine_sqlite.inspect(out, conn, stmt);
    out->anywhere = out->role == BRN_ROLE_ALONE || out->role == BRN_ROLE_COMMIT;
    out->ddl = out->ddl || out->role == BRN_ROLE_ALONE;
    out->unasked = out->role == BRN_ROLE_ALONE;
    out->bound = stmt->text.len > 9 && memcmp(stmt->text.ptr, "SAVEPOINT", 9) == 0;
}

static const struct idle_case {
    const char *name;
    const char *text;
    const char *shape; /* NULL: it is refused */
} idle_cases[] = {
    { "COMMIT without a transaction", INSERT "COMMIT;\n" INSERT,
      "begin guard 1 3 put history commit" },
    { "a transaction that ends before its COMMIT",
      "BEGIN;\n" INSERT "VACUUM;\n" INSERT INSERT "COMMIT;\n",
      "begin guard 2 outcome2 commit guard intent3/2 3 outcome3 begin guard 4 5 outcome5 commit "
      "begin guard put history commit" },
    { "and has none", "BEGIN;\nVACUUM;\n" INSERT,
      "guard intent2/1 2 outcome2 begin guard 3 put history commit" },
    { "and another one behind it", "BEGIN;\nVACUUM;\nBEGIN;\n" INSERT "COMMIT;\n",
      "guard intent2/1 2 outcome2 guard 3 4 outcome5 5 begin guard put history commit" },
    { "a transaction that holds", "BEGIN;\n" INSERT "COMMIT;\nVACUUM;\nCOMMIT;\n",
      "guard 1 2 outcome3 3 guard intent4/3 4 outcome4 begin guard put history commit" },
    { "ROLLBACK that comes too late", "BEGIN;\n" INSERT "VACUUM;\nROLLBACK;\n", NULL },
    { "ROLLBACK without a transaction", INSERT "ROLLBACK;\n", NULL },
    { "savepoints", "BEGIN;\nSAVEPOINT a;\n" INSERT "VACUUM;\nCOMMIT;\n", NULL },
};

static void control_that_does_nothing_is_left_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(idle_cases); i++) {
        const struct idle_case *c = &idle_cases[i];
        brant_status st;
        fixture f;

        start(&f, c->text, NULL);
        f.engine.caps &= ~(uint32_t)BRN_CAP_TXN_DDL;
        f.engine.inspect = inspect_committing;
        st = compile(&f);
        if (c->shape == NULL ? st != BRANT_EPARSE
                             : st != BRANT_OK || strcmp(shape(&f), c->shape) != 0) {
            fail_msg("%s: \"%s\" %s", c->name, shape(&f), brant_error_message(f.err));
        }
        stop(&f);
    }
}

static void inspect_warning(brn_stmt_info *out, const brn_conn *conn, const brn_stmt *stmt)
{
    brn_engine_sqlite.inspect(out, conn, stmt);
    out->anywhere = out->role == BRN_ROLE_COMMIT;
}

static void a_last_commit_without_begin_says_what_happens_anyway(void **state)
{
    static const struct idle_case cases[] = {
        { "in a transaction", CREATE INSERT "COMMIT;\n", "begin guard 1 2 put history commit" },
        { "without one", "-- brant: transaction=off\n" CREATE "COMMIT;\n-- end\n",
          "begin guard 1 outcome1 commit begin guard put history commit" },
        { "behind another", "BEGIN;\n" INSERT "COMMIT;\n" INSERT "COMMIT;\n",
          "guard 1 2 outcome3 3 begin guard 4 outcome4 commit begin guard put history commit" },
        { "with more behind it", CREATE "COMMIT;\n" INSERT, NULL },
        { "twice", CREATE "COMMIT;\nCOMMIT;\n", NULL },
    };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(cases); i++) {
        const struct idle_case *c = &cases[i];
        brant_status st;
        fixture f;

        start(&f, c->text, NULL);
        f.engine.inspect = inspect_warning;
        st = compile(&f);
        if (c->shape == NULL ? st != BRANT_EPARSE
                             : st != BRANT_OK || strcmp(shape(&f), c->shape) != 0) {
            fail_msg("%s: \"%s\" %s", c->name, shape(&f), brant_error_message(f.err));
        }
        stop(&f);
    }
}

static void operations_come_in_this_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(shape_cases); i++) {
        const struct shape_case *c = &shape_cases[i];
        fixture f;

        start(&f, c->text, NULL);
        f.engine.caps &= ~c->hidden;
        f.in.tx = c->tx;
        f.in.resume = c->resume;
        f.in.done = c->done;
        if (compile(&f) != BRANT_OK || strcmp(shape(&f), c->shape) != 0) {
            fail_msg("%s: \"%s\" %s", c->name, shape(&f), brant_error_message(f.err));
        }
        stop(&f);
    }
}

/* What goose and dbmate write for transaction=off. */
static void a_foreign_mark_asks_for_no_transaction_too(void **state)
{
    fixture f;

    (void)state;
    start(&f, INSERT INSERT, NULL);
    f.engine.caps &= ~(uint32_t)BRN_CAP_TXN_DDL;
    f.set.items.items[0]->up_transaction = BRN_SWITCH_OFF;
    assert_int_equal(compile(&f), BRANT_OK);
    assert_string_equal(
        shape(&f), "begin guard 1 outcome1 commit begin guard 2 put history commit");
    stop(&f);
}

static void the_next_row_is_written_with_the_completion(void **state)
{
    fixture f;
    const brn_op *ops;

    (void)state;
    start(&f, CREATE, NULL);
    f.next.id = "2_b";
    f.in.next = &f.next;
    assert_int_equal(compile(&f), BRANT_OK);
    assert_string_equal(shape(&f), "begin guard 1 put history put commit");
    ops = f.compiled.program.ops.items;
    assert_string_equal(ops[1].id, "1_a");
    assert_string_equal(ops[3].ledger->row->id, "1_a");
    assert_int_equal(ops[3].ledger->row->seq, 7);
    assert_int_equal(ops[3].ledger->row->status, BRN_ROW_COMPLETED);
    assert_int_equal(ops[3].ledger->row->stmts_done, 1);
    assert_true(ops[3].ledger->stamp);
    assert_string_equal(ops[4].ledger->history->outcome, "ok");
    assert_string_equal(ops[4].ledger->history->checksum, f.migration.source->up_digest);
    assert_ptr_equal(ops[5].ledger->row, &f.next);
    stop(&f);
}

static void undoing_removes_the_row(void **state)
{
    fixture f;

    (void)state;
    start(&f, CREATE, "DROP TABLE t;\nSELECT 1;\n");
    f.in.direction = BRN_DOWN;
    assert_int_equal(compile(&f), BRANT_OK);
    assert_string_equal(shape(&f), "begin guard 1 2 remove history commit");
    assert_string_equal(f.compiled.history->checksum, f.migration.source->down->digest);
    stop(&f);
}

/* Each outcome carries the digest that a later run computes from the file. */
static void digests_of_progress_are_those_of_the_file(void **state)
{
    fixture f;

    (void)state;
    start(&f, "-- brant: transaction=off\n" CREATE "VACUUM;\n" INSERT, NULL);
    assert_int_equal(compile(&f), BRANT_OK);
    for (size_t i = 0; i < f.compiled.program.ops.count; i++) {
        const brn_op *op = &f.compiled.program.ops.items[i];
        const brn_ledger_row *row = op->type == BRN_OP_LEDGER ? op->ledger->row : NULL;

        if (row != NULL &&
            (op->ledger->type == BRN_LEDGER_OUTCOME || op->ledger->type == BRN_LEDGER_INTENT)) {
            assert_string_equal(
                row->done_digest,
                brn_resume_digest(&f.arena, &f.compiled, (uint64_t)row->stmts_done));
            assert_null(brn_resume_misfit(&f.arena, &f.compiled, row));
        }
    }
    stop(&f);
}

/* ---- refusals ---- */

static const struct refused_case {
    const char *name;
    const char *text;
    brn_tx tx;
    uint32_t hidden;
    brant_status status;
    const char *id;
    uint32_t line;
    uint32_t column;
} refused_cases[] = {
    { "VACUUM", CREATE "  VACUUM;\n", BRN_TX_EACH, 0, BRANT_EPARSE, "transaction.alone", 2, 3 },
    { "VACUUM in its own transaction", "BEGIN;\nVACUUM;\nCOMMIT;\n", BRN_TX_EACH, 0, BRANT_EPARSE,
      "transaction.alone", 2, 1 },
    { "BEGIN twice", "BEGIN;\n" CREATE "BEGIN;\nCOMMIT;\n", BRN_TX_EACH, 0, BRANT_EPARSE,
      "transaction.unbalanced", 3, 1 },
    { "BEGIN without an end", CREATE "BEGIN;\n" INSERT, BRN_TX_EACH, 0, BRANT_EPARSE,
      "transaction.unbalanced", 2, 1 },
    { "COMMIT without a beginning", CREATE "COMMIT;\n", BRN_TX_EACH, 0, BRANT_EPARSE,
      "transaction.unbalanced", 2, 1 },
    { "ROLLBACK without a beginning", "ROLLBACK;\n", BRN_TX_EACH, 0, BRANT_EPARSE,
      "transaction.unbalanced", 1, 1 },
    { "its own transaction and transaction=on",
      "-- brant: transaction=on\nBEGIN;\n" CREATE "COMMIT;\n", BRN_TX_EACH, 0, BRANT_EPARSE,
      "transaction.own", 2, 1 },
    { "its own transaction and foreign-keys=off",
      "-- brant: foreign-keys=off\n" CREATE "BEGIN;\nCOMMIT;\n", BRN_TX_EACH, 0, BRANT_EPARSE,
      "transaction.own", 3, 1 },
    { "foreign-keys=off without a transaction",
      "-- brant: foreign-keys=off transaction=off\n" CREATE, BRN_TX_EACH, 0, BRANT_EPARSE,
      "directive.conflict", 1, 1 },
    { "foreign keys where there are none", "-- brant: foreign-keys=off\n" CREATE, BRN_TX_EACH,
      BRN_CAP_FOREIGN_KEYS, BRANT_EUNSUPPORTED, "directive.unsupported", 1, 1 },
    { "ATTACH", CREATE "ATTACH 'other.db' AS o;\n", BRN_TX_EACH, 0, BRANT_EPARSE, NULL, 2, 1 },
    { "all with a transaction of its own", "BEGIN;\n" CREATE "COMMIT;\n", BRN_TX_ALL, 0,
      BRANT_EUSAGE, "transaction.all", 1, 1 },
    { "all without a transaction", "-- brant: transaction=off\n" CREATE, BRN_TX_ALL, 0,
      BRANT_EUSAGE, "transaction.all", 1, 1 },
    { "all with foreign keys off", "PRAGMA foreign_keys = off;\n" CREATE, BRN_TX_ALL, 0,
      BRANT_EUSAGE, "transaction.all", 1, 1 },
    { "all where nothing can share", CREATE, BRN_TX_ALL, TXN, BRANT_EUSAGE, "transaction.all", 1,
      1 },
    { "transaction=on where DDL cannot", "-- brant: transaction=on\n" INSERT CREATE, BRN_TX_EACH,
      BRN_CAP_TXN_DDL, BRANT_EPARSE, "transaction.unsupported", 3, 1 },
    { "transaction=on where nothing can", "-- brant: transaction=on\n" INSERT, BRN_TX_EACH, TXN,
      BRANT_EPARSE, "transaction.unsupported", 2, 1 },
    { "an unset placeholder", "-- brant: placeholders=on\n" CREATE "DROP TABLE ${NO};\n",
      BRN_TX_EACH, 0, BRANT_EUSAGE, NULL, 3, 12 },
};

static void what_cannot_run_is_refused_at_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(refused_cases); i++) {
        const struct refused_case *c = &refused_cases[i];
        brant_status st;
        fixture f;

        start(&f, c->text, NULL);
        f.engine.caps &= ~c->hidden;
        f.in.tx = c->tx;
        st = compile(&f);
        if (st == BRANT_OK || (c->id != NULL && st != c->status) ||
            (c->id != NULL && strcmp(brant_error_id(f.err), c->id) != 0) ||
            brant_error_line(f.err) != c->line || brant_error_column(f.err) != c->column ||
            brant_error_file(f.err) == NULL || brant_error_hint(f.err) == NULL) {
            fail_msg(
                "%s: %s %s: %s at %u:%u", c->name, brant_status_name(st), brant_error_id(f.err),
                brant_error_message(f.err), brant_error_line(f.err), brant_error_column(f.err));
        }
        stop(&f);
    }
}

static void a_file_that_was_changed_meanwhile_is_refused(void **state)
{
    fixture f;

    (void)state;
    start(&f, CREATE, NULL);
    tree_write(&f.dir, "m/1_a.up.sql", CREATE INSERT);
    assert_int_equal(compile(&f), BRANT_EDRIFT);
    assert_string_equal(brant_error_id(f.err), "layout.changed");
    stop(&f);
}

/* ---- placeholders ---- */

static const struct placeholder_case {
    const char *name;
    const char *text;
    const char *setting; /* of placeholders */
    const char *sql;     /* of the first statement */
} placeholder_cases[] = {
    { "off", "DROP TABLE ${NAME};\n", "false", "DROP TABLE ${NAME}" },
    { "by setting", "DROP TABLE ${NAME};\n", "true", "DROP TABLE users" },
    { "by directive", "-- brant: placeholders=on\nDROP TABLE ${NAME};\n", "false",
      "DROP TABLE users" },
    { "the directive wins", "-- brant: placeholders=off\nDROP TABLE ${NAME};\n", "true",
      "DROP TABLE ${NAME}" },
};

static void placeholders_are_replaced_in_what_is_sent_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(placeholder_cases); i++) {
        const struct placeholder_case *c = &placeholder_cases[i];
        const brn_op *op;
        fixture f;

        start(&f, c->text, NULL);
        assert_int_equal(
            brant_settings_set(
                f.db.settings, "placeholders", c->setting, BRANT_ORIGIN_FLAG, NULL, NULL),
            BRANT_OK);
        if (compile(&f) != BRANT_OK) {
            fail_msg("%s: %s", c->name, brant_error_message(f.err));
        }
        op = &f.compiled.program.ops.items[2];
        if (!brn_str_eq_c(op->sql, c->sql)) {
            fail_msg("%s: %.*s", c->name, BRN_STR_ARG(op->sql));
        }
        assert_true(op->stmt->text.ptr[0] == 'D');
        stop(&f);
    }
}

/* Between the check of all texts and its turn, a file may change: what was digested runs. */
static void a_text_that_was_kept_is_not_read_again(void **state)
{
    brn_migration *order[] = { NULL };
    brn_graph graph = { .order = { .items = order, .count = 1 } };
    brn_texts texts = { 0 };
    fixture f;

    (void)state;
    start(&f, CREATE, NULL);
    order[0] = &f.migration;
    assert_int_equal(brn_texts_begin(&texts, &graph, &f.err), BRANT_OK);
    f.in.texts = &texts;
    assert_int_equal(compile(&f), BRANT_OK);
    brn_compiled_release(&f.compiled);
    tree_write(&f.dir, "m/1_a.up.sql", CREATE INSERT);
    assert_int_equal(compile(&f), BRANT_OK);
    assert_int_equal(f.compiled.stmts.count, 1);
    brn_compiled_release(&f.compiled);
    f.in.direction = BRN_DOWN; /* another text */
    assert_int_equal(compile(&f), BRANT_OK);
    assert_true(brn_str_eq_c(f.compiled.stmts.items[0].text, "DROP TABLE t"));
    brn_texts_release(&texts);
    stop(&f);
}

/* The engine counts in what was sent; a person reads the file. */
static void a_position_is_one_of_the_file(void **state)
{
    brant_error *err = NULL;
    fixture f;

    (void)state;
    start(&f, "-- brant: placeholders=on\nINSERT INTO ${NAME}\n  VALUES (nope);\n", NULL);
    assert_int_equal(compile(&f), BRANT_OK);
    (void)brn_error(&err, BRANT_ESTATEMENT, "x", "x");
    brn_error_offset(&err, strlen("INSERT INTO users\n  VALUES ("));
    brn_compiled_locate(&f.compiled, &f.target, &f.compiled.program.ops.items[2], &err);
    assert_int_equal(brant_error_line(err), 3);
    assert_int_equal(brant_error_column(err), 11);
    assert_non_null(strstr(brant_error_file(err), "1_a.up.sql"));
    brant_error_free(err);
    stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_come_in_this_order),
        cmocka_unit_test(control_that_does_nothing_is_left_out),
        cmocka_unit_test(a_last_commit_without_begin_says_what_happens_anyway),
        cmocka_unit_test(a_foreign_mark_asks_for_no_transaction_too),
        cmocka_unit_test(the_next_row_is_written_with_the_completion),
        cmocka_unit_test(undoing_removes_the_row),
        cmocka_unit_test(digests_of_progress_are_those_of_the_file),
        cmocka_unit_test(what_cannot_run_is_refused_at_its_place),
        cmocka_unit_test(a_file_that_was_changed_meanwhile_is_refused),
        cmocka_unit_test(a_text_that_was_kept_is_not_read_again),
        cmocka_unit_test(placeholders_are_replaced_in_what_is_sent_only),
        cmocka_unit_test(a_position_is_one_of_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

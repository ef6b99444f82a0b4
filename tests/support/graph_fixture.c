/* SPDX-License-Identifier: Apache-2.0 */
#include "support/graph_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

void graph_start(graph_fixture *f)
{
    memset(f, 0, sizeof(*f));
}

void graph_stop(graph_fixture *f)
{
    brant_error_free(f->err);
    brn_arena_release(&f->arena);
}

static void add_requires(graph_fixture *f, brn_props *props, const char *text)
{
    brn_str rest = brn_str_from(text);
    brn_str one;

    props->has_requires = true;
    if (strcmp(text, "none") == 0) {
        return;
    }
    for (uint32_t column = 20; brn_str_split(&rest, ',', &one); column += 10) {
        brn_require *req = BRN_VEC_PUSH(&f->arena, &props->requires);

        assert_non_null(req);
        req->id = brn_arena_strndup(&f->arena, one.ptr, one.len);
        req->line = 2;
        req->column = column;
    }
}

brn_source *graph_add_file(graph_fixture *f, size_t database, const graph_file *file)
{
    brn_source *source = brn_arena_alloc(&f->arena, sizeof(*source));
    brn_source **slot = BRN_VEC_PUSH(&f->arena, &f->sets[database].items);
    brn_props *props = brn_arena_alloc(&f->arena, sizeof(*props));
    size_t version = strcspn(file->id, "_");

    assert_non_null(source);
    assert_non_null(slot);
    assert_non_null(props);
    brn_props_init(props);
    source->props = props;
    source->down = &brn_no_down_script;
    source->id = file->id;
    source->version = brn_arena_strndup(&f->arena, file->id, version);
    source->name = file->id[version] == '_' ? file->id + version + 1 : "";
    source->up_path = brn_arena_printf(&f->arena, "m/%s.up.sql", file->id);
    if (!file->no_down) {
        source->down_path = brn_arena_printf(&f->arena, "m/%s.down.sql", file->id);
    }
    props->kind = file->manual ? BRN_KIND_MANUAL : BRN_KIND_SQL;
    if (file->requires != NULL) {
        add_requires(f, props, file->requires);
    }
    assert_false(f->arena.oom);
    *slot = source;
    return source;
}

void graph_add(graph_fixture *f, const char *name, const graph_file *files)
{
    size_t i = f->count++;

    assert_true(i < GRAPH_DATABASES_MAX);
    f->inputs[i].name = name;
    f->inputs[i].sources = &f->sets[i];
    for (; files != NULL && files->id != NULL; files++) {
        (void)graph_add_file(f, i, files);
    }
}

brant_status graph_build(graph_fixture *f)
{
    brant_error_free(f->err);
    f->err = NULL;
    return brn_graph_build(&f->graph, &f->arena, f->inputs, f->count, &f->err);
}

void graph_build_ok(graph_fixture *f)
{
    if (graph_build(f) != BRANT_OK) {
        fail_msg("%s: %s", brant_error_id(f->err), brant_error_message(f->err));
    }
}

static void add_row(graph_fixture *f, size_t database, const graph_row *from)
{
    brn_ledger_rows *rows = &f->rows[database];
    brn_ledger_row *row = BRN_VEC_PUSH(&f->arena, rows);

    assert_non_null(row);
    row->id = from->id;
    row->version = brn_arena_strndup(&f->arena, from->id, strcspn(from->id, "_"));
    row->seq = (int64_t)rows->count;
    row->status = from->status;
    row->direction = from->direction;
    row->stmts_done = from->done;
    row->intent = from->intent;
    row->started_us = 1000 * row->seq;
    row->finished_us = from->status == BRN_ROW_COMPLETED ? 1000 * row->seq + 500 : 0;
}

void graph_join(graph_fixture *f, size_t database, const graph_row *rows)
{
    f->rows[database].count = 0;
    for (; rows->id != NULL; rows++) {
        add_row(f, database, rows);
    }
    brn_graph_join(&f->graph, database, &f->rows[database]);
}

void graph_completed(graph_fixture *f, size_t database, const char *ids)
{
    brn_str rest = brn_str_from(ids);
    brn_str one;

    f->rows[database].count = 0;
    while (brn_str_split(&rest, ' ', &one)) {
        graph_row row = { brn_arena_strndup(&f->arena, one.ptr, one.len), BRN_ROW_COMPLETED, BRN_UP,
                          0, 0 };

        add_row(f, database, &row);
    }
    brn_graph_join(&f->graph, database, &f->rows[database]);
}

brn_migration *graph_get(graph_fixture *f, const char *id)
{
    brn_migration *m = brn_graph_find(&f->graph, SIZE_MAX, id, NULL);

    if (m == NULL) {
        fail_msg("no migration %s", id);
    }
    return m;
}

static void add_name(graph_fixture *f, brn_buf *text, const brn_migration *m)
{
    if (f->count > 1) {
        brn_buf_printf(text, "%s:", f->inputs[m->database].name);
    }
    brn_buf_add_c(text, m->id);
}

static const char *keep(graph_fixture *f, brn_buf *text)
{
    const char *kept = brn_arena_strdup(&f->arena, brn_buf_text(text));

    brn_buf_release(text);
    assert_non_null(kept);
    return kept;
}

const char *graph_order(graph_fixture *f)
{
    brn_buf text;

    brn_buf_init(&text, 0);
    for (size_t i = 0; i < f->graph.order.count; i++) {
        brn_buf_add_c(&text, i > 0 ? " " : "");
        add_name(f, &text, f->graph.order.items[i]);
    }
    return keep(f, &text);
}

const char *graph_steps(graph_fixture *f, const brn_steps_plan *plan)
{
    brn_buf text;

    brn_buf_init(&text, 0);
    for (size_t i = 0; i < plan->steps.count; i++) {
        const brn_step *step = &plan->steps.items[i];

        brn_buf_add_c(&text, i > 0 ? " " : "");
        brn_buf_add_c(&text, step->direction == BRN_DOWN ? "-" : "");
        add_name(f, &text, step->migration);
        brn_buf_add_c(&text, step->manual ? "!" : "");
        brn_buf_add_c(&text, step->blocked ? "?" : "");
    }
    return keep(f, &text);
}

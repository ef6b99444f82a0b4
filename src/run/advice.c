/* SPDX-License-Identifier: Apache-2.0 */
#include "run/advice.h"

#include <string.h>

#include "text/classify.h"

#define LARGE_STATEMENTS 1000
#define LARGE_BYTES ((size_t)1 << 20)

static brant_finding *add(
    brn_run *run, const brn_step *step, const brn_compiled *c, const char *id, const char *message)
{
    if (message == NULL) {
        return NULL;
    }
    return brn_finding_put(
        &run->world->findings, run->arena,
        &(brant_finding){
            .id = id,
            .warning = 1,
            .database = run->world->graph.databases[step->migration->database].name,
            .migration = step->migration->id,
            .file = c->script.file,
            .message = message,
        });
}

/* Long transactions hold locks, and a file of this size cannot be reviewed. */
static void note_large(brn_run *run, const brn_step *step, const brn_compiled *c)
{
    bool large = c->stmts.count > LARGE_STATEMENTS || c->script.text.len > LARGE_BYTES;
    brant_finding *f =
        !large ? NULL
               : add(run, step, c, "plan.large",
                     brn_arena_printf(
                         run->arena, "\"%s\" is large: %zu statements, %zu KiB",
                         step->migration->id, c->stmts.count, c->script.text.len / 1024));
    if (f != NULL) {
        f->hint = "Split it into several migrations: each is its own transaction, and a failure "
                  "repeats less.";
    }
}

/* ---- what keeps others waiting ---- */

static bool is_made(const brn_advice *advice, brn_str table)
{
    for (size_t i = 0; i < advice->made.count; i++) {
        if (brn_str_ieq(advice->made.items[i], table)) {
            return true;
        }
    }
    return false;
}

static void note_blocking(
    brn_run *run, const brn_step *step, const brn_compiled *c, size_t i, brn_str table)
{
    const brn_stmt_info *info = &c->infos[i];
    brant_finding *f =
        add(run, step, c, "plan.blocks",
            brn_arena_printf(
                run->arena, "line %u: %s on \"%.*s\" %s", (unsigned)c->stmts.items[i].line,
                info->kind, BRN_STR_ARG(table), info->blocks));
    if (f != NULL) {
        f->hint = info->blocks_hint;
    }
}

/* A table that the plan itself makes has no users yet, and as a rule few rows. */
static void look_at_statement(
    brn_advice *advice, brn_run *run, const brn_step *step, const brn_compiled *c, size_t i)
{
    const brn_dialect *dialect = run->session->targets[step->migration->database].engine->dialect;
    brn_stmt_class what = { 0 };
    brn_classify(&what, run->arena, dialect, &c->stmts.items[i]);
    if (what.verb == BRN_VERB_CREATE && what.object == BRN_OBJECT_TABLE) {
        brn_str *slot = BRN_VEC_PUSH(run->arena, &advice->made);
        if (slot != NULL) {
            *slot = what.name;
        }
    } else if (c->infos[i].blocks != NULL && !is_made(advice, what.on)) {
        note_blocking(run, step, c, i, what.on);
    }
}

/* ---- who was here before ---- */

#define FORCE "brant force VERSION"

static const struct other_tool {
    const char *table;
    const char *name;
    const char *remedy;
} other_tools[] = {
    { "schema_migrations", "golang-migrate, dbmate or Rails", FORCE },
    { "goose_db_version", "goose", FORCE },
    { "gorp_migrations", "sql-migrate", FORCE },
    { "flyway_schema_history", "Flyway", FORCE },
    { "databasechangelog", "Liquibase", FORCE },
    { "_prisma_migrations", "prisma", FORCE },
    { "drizzle.__drizzle_migrations", "drizzle", FORCE },
    { "__diesel_schema_migrations", "diesel", FORCE },
    { "_sqlx_migrations", "sqlx", FORCE },
    { "alembic_version", "Alembic", FORCE },
    { "gofr_migrations", "GoFr", "brant adopt" },
};

/* Where brant's tables would stand: in another schema it is about something else. */
static const struct other_tool *find_tool(const brn_object_info *object)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(other_tools); i++) {
        if (brn_str_ieq(brn_str_from(object->name), brn_str_from(other_tools[i].table))) {
            return &other_tools[i];
        }
    }
    return NULL;
}

const char *brn_advice_other_tool(brn_run *run, const brn_target *target)
{
    brn_object_list objects = { 0 };
    brant_error *ignored = NULL;
    if (target->mirror != BRN_MIRROR_NONE || (target->conn->caps & BRN_CAP_OBJECTS) == 0) {
        return NULL;
    }
    run->session->round_trips++;
    if (target->conn->engine->objects(&objects, run->arena, target->conn, &ignored) != BRANT_OK) {
        brant_error_free(ignored);
        return NULL;
    }
    for (size_t i = 0; i < objects.count; i++) {
        const brn_object_info *object = &objects.items[i];
        const struct other_tool *tool =
            strcmp(object->type, "table") == 0 ? find_tool(object) : NULL;
        if (tool != NULL) {
            return brn_arena_printf(
                run->arena,
                "There is the table \"%s\" of %s. What that has applied is not run again but "
                "recorded, with \"%s\". Otherwise mend the file and run \"brant up\" again.",
                object->name, tool->name, tool->remedy);
        }
    }
    return NULL;
}

/* ---- what cannot be taken back ---- */

bool brn_advice_is_partial(const brn_run *run, const brn_step *step, const brn_compiled *c)
{
    const brn_target *target = &run->session->targets[step->migration->database];
    uint32_t caps = target->conn != NULL ? target->conn->caps : target->engine->caps;
    bool ddl = false;
    if (c->transactional || c->apart || c->call || c->stmts.count < 2 ||
        (caps & BRN_CAP_TXN_DDL) != 0) {
        return false;
    }
    for (size_t i = 0; i < c->stmts.count && !ddl; i++) {
        ddl = c->infos[i].ddl;
    }
    return ddl;
}

void brn_advice_note(brn_advice *advice, brn_run *run, const brn_step *step, const brn_compiled *c)
{
    note_large(run, step, c);
    for (size_t i = 0; i < c->stmts.count && !c->call; i++) {
        look_at_statement(advice, run, step, c, i);
    }
}

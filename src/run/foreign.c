/* SPDX-License-Identifier: Apache-2.0 */
#include "run/foreign.h"

#include <string.h>

#include "engine/sql_ledger.h"

static size_t count_steps(const brn_run *run, size_t database)
{
    size_t count = 0;
    for (size_t i = 0; i < run->plan.steps.count; i++) {
        count += run->plan.steps.items[i].migration->database == database;
    }
    return count;
}

static brant_status refuse(
    const brn_target *target, const char *table, size_t count, brant_error **err)
{
    brn_error(
        err, BRANT_EDRIFT, "adopt.foreign_history",
        "\"%s\" has the table \"%s\" of %s, and no record of brant's", brn_target_name(target),
        table, brn_sql_foreign_tool(table));
    brn_error_detail(
        err, "%zu migration%s would run, although that tool may have applied %s.", count,
        count == 1 ? "" : "s", count == 1 ? "it" : "them");
    brn_error_hint(
        err,
        "Record what is applied with \"brant force VERSION\": the version that the tool shows. Where "
        "none of these migrations is applied, and the table is another program's, say so with "
        "\"brant force -1\". Nothing is run by either.");
    return BRANT_EDRIFT;
}

/* Whether the other ledger is of these migrations: several projects may share a database. */
static bool is_of_these(const brn_run *run, size_t database)
{
    const brn_ledger_moved *moved = &run->world->ledgers[database].moved;
    const brn_migration *m =
        moved->schema != NULL
            ? brn_graph_by_id(&run->world->graph.databases[database], brn_str_from(moved->id))
            : NULL;
    return m != NULL && strcmp(m->source->up_digest, moved->checksum) == 0;
}

static brant_status refuse_again(
    const brn_target *target, const brn_ledger_moved *moved, size_t count, brant_error **err)
{
    brn_error(
        err, BRANT_EDRIFT, "ledger.moved",
        "\"%s\" has no ledger where it belongs now, and one in schema \"%s\" that has \"%s\"",
        brn_target_name(target), moved->schema, moved->id);
    brn_error_detail(
        err,
        "%zu migration%s would run, although that one may have %s. The search_path was another "
        "one then, or has a schema now that did not exist.",
        count, count == 1 ? "" : "s", count == 1 ? "it" : "them");
    brn_error_hint(
        err,
        "Say which one counts with the setting ledger-schema: \"%s\" to go on, another one to begin "
        "a new ledger there.",
        moved->schema);
    return BRANT_EDRIFT;
}

brant_status brn_foreign_refuse(const brn_run *run, brant_error **err)
{
    for (size_t i = 0; i < run->session->count; i++) {
        size_t count = is_of_these(run, i) ? count_steps(run, i) : 0;
        if (count > 0) {
            return refuse_again(
                &run->session->targets[i], &run->world->ledgers[i].moved, count, err);
        }
    }
    for (size_t i = 0; i < run->session->count; i++) {
        const char *table = run->world->ledgers[i].foreign;
        size_t count = table != NULL ? count_steps(run, i) : 0;
        if (count > 0) {
            return refuse(&run->session->targets[i], table, count, err);
        }
    }
    return BRANT_OK;
}

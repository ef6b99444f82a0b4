/* SPDX-License-Identifier: Apache-2.0 */
#include "run/backup.h"

#include "core/settings.h"

/* Statements that an earlier run has done lose nothing any more. */
static size_t done_before(const brn_step *step)
{
    const brn_migration *m = step->migration;
    bool partial = m->state == BRN_STATE_PARTIAL_UP || m->state == BRN_STATE_PARTIAL_DOWN;
    return partial && m->row->stmts_done > 0 ? (size_t)m->row->stmts_done : 0;
}

void brn_backup_note(brn_run *run, const brn_step *step, const brn_compiled *compiled)
{
    brn_loss *loss = NULL;
    for (size_t i = done_before(step); i < compiled->stmts.count; i++) {
        if (!compiled->infos[i].destructive) {
            continue;
        }
        if (loss == NULL) {
            loss = BRN_VEC_PUSH(run->arena, &run->losses);
            if (loss == NULL) {
                return;
            }
            *loss = (brn_loss){
                .migration = step->migration,
                .direction = step->direction,
                .file = brn_arena_strdup(run->arena, compiled->script.file),
                .kind = brn_arena_strdup(run->arena, compiled->infos[i].kind),
                .line = compiled->stmts.items[i].line,
            };
        }
        loss->count++;
    }
}

static const brn_loss *loss_of(const brn_run *run, const brn_step *step)
{
    for (size_t i = 0; i < run->losses.count; i++) {
        const brn_loss *loss = &run->losses.items[i];
        if (loss->migration == step->migration && loss->direction == step->direction) {
            return loss;
        }
    }
    return NULL;
}

/* False also when the engine cannot tell: a reminder too many does no harm. */
static bool is_empty(brn_run *run, size_t database)
{
    brn_conn *conn = run->session->targets[database].conn;
    brn_object_list objects = { 0 };
    if (conn == NULL || (conn->caps & BRN_CAP_OBJECTS) == 0) {
        return false;
    }
    uint64_t before = conn->requests;
    brant_status st = conn->engine->objects(&objects, run->arena, conn, NULL);
    run->session->round_trips += conn->requests - before;
    return st == BRANT_OK && objects.count == 0;
}

/* What the plan loses of one database: the first of it, and how many statements. */
static const brn_loss *losses_of(size_t *count, const brn_run *run, size_t database)
{
    const brn_loss *first = NULL;
    for (size_t i = 0; i < run->plan.steps.count; i++) {
        const brn_step *step = &run->plan.steps.items[i];
        const brn_loss *loss = loss_of(run, step);
        if (loss != NULL && step->migration->database == database) {
            first = first != NULL ? first : loss;
            *count += loss->count;
        }
    }
    return first;
}

static void remind(brn_run *run, const brn_loss *first, size_t count)
{
    const char *message = brn_arena_printf(
        run->arena,
        "%zu statement%s data, %s %s:%u (%s): have a backup; --backup-recorded TEXT says that "
        "there is one",
        count, count == 1 ? " loses" : "s lose", count == 1 ? "at" : "the first at", first->file,
        first->line, first->kind);
    brant_event ev = {
        .type = BRANT_EVENT_WARNING,
        .database = brn_target_name(&run->session->targets[first->migration->database]),
        .migration = first->migration->id,
        .direction = brn_direction_name(first->direction),
        .file = first->file,
        .line = first->line,
        .id = "run.backup",
        .message = message,
    };
    if (message != NULL) {
        brn_emit(&run->session->emitter, &ev);
    }
}

void brn_backup_remind(brn_run *run)
{
    for (size_t i = 0; i < run->session->count; i++) {
        size_t count = 0;
        const brn_loss *first = losses_of(&count, run, i);
        const brant_settings *settings = brn_target_settings(&run->session->targets[i]);
        const char *recorded = brant_settings_text(settings, "backup-recorded");
        bool is_recorded = recorded != NULL && recorded[0] != '\0';
        if (first == NULL) {
            continue;
        }
        if (is_recorded) {
            run->backup = brn_arena_printf(run->arena, "backup: %s", recorded);
        } else if (!is_empty(run, i)) {
            remind(run, first, count);
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "run/box.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"

brn_box *brn_box_new(void)
{
    return calloc(1, sizeof(brn_box));
}

void brn_box_free(void *doc)
{
    brn_box *box = doc;
    if (box != NULL) {
        brn_arena_release(&box->arena);
        free(box);
    }
}

brant_status brn_options_read(void *out, size_t known, const void *in, brant_error **err)
{
    memset(out, 0, known);
    if (in == NULL) {
        return BRANT_OK;
    }
    size_t given = 0;
    memcpy(&given, in, sizeof(given));
    if (given < sizeof(given)) {
        return brn_error(err, BRANT_EUSAGE, "options.size", "the options' size field is not set");
    }
    const unsigned char *bytes = in;
    for (size_t i = known; i < given; i++) {
        if (bytes[i] != 0) {
            return brn_error(
                err, BRANT_EUSAGE, "options.newer", "the options are newer than this library");
        }
    }
    memcpy(out, in, given < known ? given : known);
    return BRANT_OK;
}

void brant_overview_free(brant_overview *overview)
{
    brn_box_free(overview);
}

void brant_history_free(brant_history *history)
{
    brn_box_free(history);
}

void brant_plan_free(brant_plan *plan)
{
    brn_box_free(plan);
}

void brant_report_free(brant_report *report)
{
    brn_box_free(report);
}

void brant_ping_free(brant_ping_result *result)
{
    if (result != NULL) {
        for (size_t i = 0; i < result->count; i++) {
            brant_error *owned = NULL;
            memcpy(&owned, &result->databases[i]->error, sizeof(owned));
            brant_error_free(owned);
        }
    }
    brn_box_free(result);
}

void brant_locks_free(brant_locks *locks)
{
    brn_box_free(locks);
}

void brant_repair_result_free(brant_repair_result *result)
{
    brn_box_free(result);
}

void brant_validation_free(brant_validation *validation)
{
    brn_box_free(validation);
}

void brant_health_free(brant_health_result *result)
{
    brn_box_free(result);
}

void brant_new_files_free(brant_new_files *files)
{
    brn_box_free(files);
}

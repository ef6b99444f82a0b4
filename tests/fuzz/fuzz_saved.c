/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Saved plans: any bytes give a plan or an error; a plan that was read has every text it needs.
 */
#include <stdlib.h>
#include <string.h>

#include "run/saved.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
    if (!good) {
        abort();
    }
}

static void check_steps(const brn_saved *saved)
{
    for (size_t i = 0; i < saved->steps.count; i++) {
        const brn_saved_step *step = &saved->steps.items[i];
        require(step->database != NULL && step->id != NULL && step->direction != NULL);
        require(step->checksum != NULL);
        for (size_t j = 0; j < step->statements.count; j++) {
            require(step->statements.items[j].text.ptr != NULL);
        }
    }
    for (size_t i = 0; i < saved->databases.count; i++) {
        const brn_saved_database *db = &saved->databases.items[i];
        require(db->name != NULL && db->engine != NULL && db->tx != NULL && db->state != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    brn_arena arena = { 0 };
    brn_saved saved;
    brant_error *err = NULL;
    brant_status st;

    if (size > 65536) {
        return 0;
    }
    st = brn_saved_read(&saved, &arena, (brn_str){ (const char *)data, size }, "plan.json", &err);
    require((st == BRANT_OK) == (err == NULL));
    if (st == BRANT_OK) {
        check_steps(&saved);
    }
    brant_error_free(err);
    brn_arena_release(&arena);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* .env files: any bytes give variables or an error with a position, and nothing is read twice. */
#include <stdlib.h>
#include <string.h>

#include "core/dotenv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
    if (!good) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    brn_arena arena = { 0 };
    brn_dotenv_list list = { 0 };
    brant_error *err = NULL;
    brant_status st;

    if (size > 65536) {
        return 0;
    }
    st = brn_dotenv_parse(&list, &arena, (brn_str){ (const char *)data, size }, ".env", &err);
    require((st == BRANT_OK) == (err == NULL));
    for (size_t i = 0; i < list.count; i++) {
        require(list.items[i].name[0] != '\0' && strlen(list.items[i].value) <= size);
        require(list.items[i].line > 0 && list.items[i].column > 0);
    }
    if (err != NULL) {
        require(st == BRANT_EPARSE && brant_error_status(err) == st);
        require(brant_error_line(err) > 0 && brant_error_column(err) > 0);
    }
    brant_error_free(err);
    brn_arena_release(&arena);
    return 0;
}

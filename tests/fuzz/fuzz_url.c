/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Database URLs: any bytes give parts or an error, and what people see has no password: read
 * again, the shown URL is one with the password "***".
 */
#include <stdlib.h>
#include <string.h>

#include "core/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
    if (!good) {
        abort();
    }
}

static void check_shown(const brn_url *url, brn_arena *arena)
{
    brn_url again;
    brn_str shown = brn_str_from(url->shown);

    require(brn_url_parse(&again, arena, shown, NULL) == BRANT_OK);
    require(strcmp(again.scheme, url->scheme) == 0);
    require((again.password == NULL) == (url->password == NULL));
    require(again.password == NULL || strcmp(again.password, "***") == 0);
    require((again.host == NULL) == (url->host == NULL));
    require(again.port == url->port);
    require(again.params.count == url->params.count);
    require(strcmp(again.shown, url->shown) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    brn_arena arena = { 0 };
    brn_url url;
    brant_error *err = NULL;
    brant_status st;

    if (size > 65536) {
        return 0;
    }
    st = brn_url_parse(&url, &arena, (brn_str){ (const char *)data, size }, &err);
    require((st == BRANT_OK) == (err == NULL));
    if (st == BRANT_OK) {
        require(url.scheme[0] != '\0' && url.path != NULL);
        check_shown(&url, &arena);
    }
    brant_error_free(err);
    brn_arena_release(&arena);
    return 0;
}

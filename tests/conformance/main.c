/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "conformance/conformance.h"

static const conf_quirks *const all_quirks[] = {
    &conf_quirks_sqlite,
#ifdef BRANT_LINK_POSTGRES
    &conf_quirks_postgres,
#endif
#ifdef BRANT_LINK_MYSQL
    &conf_quirks_mysql,
#endif
};

static const conf_quirks *find_quirks(const char *name)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(all_quirks); i++) {
        if (strcmp(all_quirks[i]->engine->name, name) == 0) {
            return all_quirks[i];
        }
    }
    return strcmp(name, "sqlite_lent") == 0 ? conf_quirks_sqlite_lent() : NULL;
}

int main(int argc, char **argv)
{
    const conf_quirks *quirks = argc == 2 ? find_quirks(argv[1]) : NULL;
    char url[CONF_URL];
    int failed = 0;

    if (quirks == NULL) {
        (void)fprintf(stderr, "usage: conformance ENGINE\n");
        return 2;
    }
    if (!quirks->create(url)) {
        (void)printf("no %s server here\n", quirks->engine->name);
        return 77;
    }
    quirks->destroy(url);
    conf_use(quirks);
    failed += conf_group_connect();
    failed += conf_group_ledger();
    failed += conf_group_program();
    failed += conf_group_lock();
    failed += conf_group_probe();
    failed += conf_group_keys();
    failed += conf_group_execute();
    failed += conf_group_functions();
    failed += conf_group_attach();
    failed += conf_group_sessions();

    failed += conf_group_decorators();
    if (quirks->own != NULL) {
        failed += quirks->own();
    }
    return failed != 0;
}

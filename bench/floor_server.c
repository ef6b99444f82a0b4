/* SPDX-License-Identifier: Apache-2.0 */
#include "floor_server.h"

#include <stdio.h>
#include <string.h>

enum {
    EXIT_FAILED = 1,
    EXIT_USAGE = 2
};

void floor_id(char id[FLOOR_NAME], const directory *dir, size_t index)
{
    size_t len = index < dir->len ? strcspn(dir->names[index], ".") : 0;

    (void)snprintf(id, FLOOR_NAME, "%.*s", (int)len, index < dir->len ? dir->names[index] : "");
}

static int usage(const floor_server *server)
{
    (void)fprintf(
        stderr,
        "usage: %s ledger|bare DIRECTORY URL\n"
        "       %s look DIRECTORY URL QUERY\n"
        "       %s connect URL\n",
        server->name, server->name, server->name);
    return EXIT_USAGE;
}

/* `query` NULL: run the files. */
static int use(
    const floor_server *server, void *session, const directory *dir, bool ledger, const char *query)
{
    static char text[FILE_BYTES_MAX + 1];

    if (query == NULL) {
        return server->run(session, dir, text, ledger);
    }
    return directory_digest(dir, text) == 0 ? server->ask(session, query) : -1;
}

int floor_main(const floor_server *server, int argc, char **argv)
{
    directory dir = { .fd = -1 };
    bool connects = argc == 3 && strcmp(argv[1], "connect") == 0;
    bool looks = argc == 5 && strcmp(argv[1], "look") == 0;
    bool ledger = argc == 4 && strcmp(argv[1], "ledger") == 0;
    bool bare = argc == 4 && strcmp(argv[1], "bare") == 0;
    void *session;
    int result = 0;

    if (!connects && !looks && !ledger && !bare) {
        return usage(server);
    }
    if (!connects && directory_read(&dir, argv[2]) != 0) {
        perror(argv[2]);
        return EXIT_FAILED;
    }
    session = server->open(argv[connects ? 2 : 3]);
    if (session == NULL) {
        return EXIT_FAILED;
    }
    if (!connects) {
        result = use(server, session, &dir, ledger, looks ? argv[4] : NULL);
    }
    server->close(session);
    return result == 0 ? 0 : EXIT_FAILED;
}

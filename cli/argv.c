/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/argv.h"

#include <string.h>

#define LONG_DATABASE "--database"

bool cli_argv_is_secret(const char *word)
{
    const char *rest = word != NULL ? strstr(word, "://") : NULL;

    return word != NULL &&
           (strstr(word, "password=") != NULL || (rest != NULL && strchr(rest, '@') != NULL));
}

static void wipe(char *text)
{
    /* volatile: nobody in this program reads the words again, so the compiler may drop the writes.
     */
    volatile char *p = text;

    while (*p != '\0') {
        *p++ = '*';
    }
}

/* The value of -d in the same word ("-dURL", "--database=URL"), or NULL. */
static char *joined_value(char *word)
{
    size_t len = strlen(LONG_DATABASE);

    if (strncmp(word, LONG_DATABASE "=", len + 1) == 0) {
        return word + len + 1;
    }
    return word[0] == '-' && word[1] == 'd' ? word + 2 : NULL;
}

/* Whether the next word is the value of -d: "--database", "-d", and "-d" behind others ("-vd"). */
static bool awaits_value(const char *word)
{
    size_t len = strlen(word);

    return strcmp(word, LONG_DATABASE) == 0 ||
           (len >= 2 && word[0] == '-' && word[1] != '-' && word[len - 1] == 'd');
}

static void wipe_word(char *word, bool is_database)
{
    char *value = is_database ? word : joined_value(word);

    /* The name of a database in the project file has no colon and is no secret. */
    if (value != NULL && strchr(value, ':') != NULL) {
        wipe(value);
    } else if (cli_argv_is_secret(word)) {
        wipe(word);
    }
}

const char *const *cli_argv_take(brn_arena *arena, int argc, char **argv)
{
    size_t count = argc > 0 ? (size_t)argc : 0;
    const char **words = brn_arena_array(arena, count + 1, sizeof(*words));
    bool is_database = false;

    for (size_t i = 0; i < count; i++) {
        char *copy = brn_arena_strdup(arena, argv[i]);

        if (words != NULL) {
            words[i] = copy;
        }
        if (i > 0) {
            bool next = !is_database && awaits_value(argv[i]);

            wipe_word(argv[i], is_database);
            is_database = next;
        }
    }
    return arena->oom ? NULL : words;
}

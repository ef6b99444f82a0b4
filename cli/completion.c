/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/completion.h"

#include <string.h>

static cli_value value_of_word(const char *word)
{
    static const struct {
        const char *word;
        cli_value_kind kind;
    } known[] = {
        { "FILE", CLI_VALUE_FILE },
        { "PLAN", CLI_VALUE_FILE },
        { "DIR", CLI_VALUE_DIR },
        { "COMMAND", CLI_VALUE_COMMAND },
    };
    cli_value value = { CLI_VALUE_TEXT, word != NULL ? word : "VALUE", NULL };

    if (strchr(value.metavar, '|') != NULL) {
        value.kind = CLI_VALUE_WORDS;
        value.words = word;
        return value;
    }
    for (size_t i = 0; i < BRN_ARRAY_LEN(known); i++) {
        if (strcmp(value.metavar, known[i].word) == 0) {
            value.kind = known[i].kind;
        }
    }
    return value;
}

cli_value cli_value_of_setting(const brant_setting_info *setting)
{
    cli_value value = value_of_word(setting->metavar);

    switch (setting->type) {
    case BRANT_SETTING_BOOL:
        return (cli_value){ CLI_VALUE_NONE, NULL, NULL };
    case BRANT_SETTING_CHOICE:
        value.kind = CLI_VALUE_WORDS;
        value.words = setting->choices;
        break;
    case BRANT_SETTING_URL:
        value.kind = CLI_VALUE_DATABASE;
        break;
    default:
        break;
    }
    return value;
}

cli_value cli_value_of_option(const cli_opt *option)
{
    return option->type == CLI_OPT_BOOL ? (cli_value){ CLI_VALUE_NONE, NULL, NULL }
                                        : value_of_word(option->metavar);
}

cli_value cli_value_of_argument(const cli_command *command)
{
    cli_value value = value_of_word(command->arg);

    if (command->max_args == 0) {
        return (cli_value){ CLI_VALUE_NONE, NULL, NULL };
    }
    if ((command->flags & CLI_ARGS_ARE_DATABASES) != 0) {
        value.kind = CLI_VALUE_DATABASE;
    }
    return value;
}

brn_str cli_short_help(const char *help)
{
    size_t len = strcspn(help, ";:");

    for (size_t i = 0; i < len; i++) {
        if (help[i] == '.' && (help[i + 1] == ' ' || help[i + 1] == '\0')) {
            len = i;
        }
    }
    return (brn_str){ help, len };
}

void cli_add_words(brn_buf *out, const char *words, const char *between)
{
    brn_str rest = brn_str_from(words);
    brn_str word;

    for (bool is_first = true; brn_str_split(&rest, '|', &word); is_first = false) {
        brn_buf_add_c(out, is_first ? "" : between);
        brn_buf_add_str(out, word);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The script for fish 3. Its own helpers for commands take the value of an option for a command.
 */
#include "cli/completion.h"

static const char tail[] = "\n"
                           "function __brant_needs_command\n"
                           "    not __brant_command >/dev/null\n"
                           "end\n"
                           "\n"
                           "function __brant_is\n"
                           "    set -l found (__brant_command)\n"
                           "    test \"$found\" = $argv[1]\n"
                           "end\n"
                           "\n"
                           "# Names of the project's databases; no database is opened.\n"
                           "function __brant_databases\n"
                           "    brant config 2>/dev/null </dev/null |\n"
                           "        " CLI_COMPLETION_NAMES "\n"
                           "end\n"
                           "\n"
                           "complete -c brant -f\n";

/* Inside of single quotes. */
static void add_quoted(brn_buf *out, brn_str text)
{
    brn_buf_add_char(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'' || text.ptr[i] == '\\') {
            brn_buf_add_char(out, '\\');
        }
        brn_buf_add_char(out, text.ptr[i]);
    }
    brn_buf_add_char(out, '\'');
}

/* The function that finds the command on the line, by its own name. */
static void add_finder(brn_buf *out, const cli_command *const *commands)
{
    const brant_setting_info *s;

    brn_buf_add_c(
        out, "# fish completion for brant. Made by \"brant completion fish\".\n"
             "\n"
             "# Prints the command on the line by its own name; fails when there is none yet.\n"
             "function __brant_command\n"
             "    set -l words (commandline -poc)\n"
             "    set -l is_value no\n"
             "    set -l found\n"
             "    for word in $words[2..-1]\n"
             "        if test $is_value = yes\n"
             "            set is_value no\n"
             "            continue\n"
             "        end\n"
             "        switch $word\n"
             "            case");
    for (size_t i = 0; (s = brant_setting_at(i)) != NULL; i++) {
        if ((s->flags & BRANT_SETTING_GLOBAL_FLAG) == 0 || s->type == BRANT_SETTING_BOOL) {
            continue;
        }
        if (s->letter != 0) {
            brn_buf_printf(out, " -%c", s->letter);
        }
        brn_buf_printf(out, " --%s", s->key);
    }
    brn_buf_add_c(
        out, "\n"
             "                set is_value yes\n"
             "            case '-*'\n");
    for (const cli_command *const *c = commands; *c != NULL; c++) {
        if ((*c)->run != NULL && (*c)->alias != NULL) {
            brn_buf_printf(
                out, "            case %s\n                set found %s\n                break\n",
                (*c)->alias, (*c)->name);
        }
    }
    brn_buf_add_c(
        out, "            case '*'\n"
             "                set found $word\n"
             "                break\n"
             "        end\n"
             "    end\n"
             "    test -n \"$found\"; and echo $found\n"
             "end\n");
}

/* What stands behind the name of an option, or of the command whose argument it is. */
static void add_value(brn_buf *out, cli_value value)
{
    switch (value.kind) {
    case CLI_VALUE_NONE:
        break;
    case CLI_VALUE_TEXT:
        brn_buf_add_c(out, " -x");
        break;
    case CLI_VALUE_WORDS:
        brn_buf_add_c(out, " -x -a '");
        cli_add_words(out, value.words, " ");
        brn_buf_add_char(out, '\'');
        break;
    case CLI_VALUE_FILE:
        brn_buf_add_c(out, " -r -F");
        break;
    case CLI_VALUE_DIR:
        brn_buf_add_c(out, " -x -a '(__fish_complete_directories)'");
        break;
    case CLI_VALUE_DATABASE:
        brn_buf_add_c(out, " -x -a '(__brant_databases)'");
        break;
    case CLI_VALUE_COMMAND:
        brn_buf_add_c(out, " -x -a '$__brant_commands options'");
        break;
    }
}

static void add_option(
    brn_buf *out,
    const char *command,
    char letter,
    const char *name,
    cli_value value,
    const char *help)
{
    brn_buf_add_c(out, "complete -c brant");
    if (command != NULL) {
        brn_buf_printf(out, " -n '__brant_is %s'", command);
    }
    if (letter != 0) {
        brn_buf_printf(out, " -s %c", letter);
    }
    brn_buf_printf(out, " -l %s", name);
    add_value(out, value);
    brn_buf_add_c(out, " -d ");
    add_quoted(out, cli_short_help(help));
    brn_buf_add_char(out, '\n');
}

static void add_name(brn_buf *out, const char *name, const char *same_as, const char *help)
{
    brn_buf_printf(out, "complete -c brant -n __brant_needs_command -a %s -d ", name);
    if (same_as != NULL) {
        brn_buf_printf(out, "'Same as %s'", same_as);
    } else {
        add_quoted(out, cli_short_help(help));
    }
    brn_buf_add_char(out, '\n');
}

static void add_settings(brn_buf *out)
{
    const brant_setting_info *s;

    brn_buf_add_c(out, "\n# Options of every command.\n");
    for (size_t i = 0; (s = brant_setting_at(i)) != NULL; i++) {
        if ((s->flags & BRANT_SETTING_GLOBAL_FLAG) != 0) {
            add_option(out, NULL, s->letter, s->key, cli_value_of_setting(s), s->help);
        }
    }
    add_option(out, NULL, 'h', "help", (cli_value){ 0 }, "Show help");
    brn_buf_add_c(
        out, "complete -c brant -n __brant_needs_command -l version -d 'Show the version of "
             "brant'\n");
}

static void add_command(brn_buf *out, const cli_command *command)
{
    cli_value argument = cli_value_of_argument(command);

    brn_buf_add_char(out, '\n');
    add_name(out, command->name, NULL, command->summary);
    if (command->alias != NULL) {
        add_name(out, command->alias, command->name, NULL);
    }
    for (const cli_opt *o = command->opts; o != NULL && o->name != NULL; o++) {
        add_option(out, command->name, o->letter, o->name, cli_value_of_option(o), o->help);
    }
    if (argument.kind == CLI_VALUE_FILE) {
        brn_buf_printf(out, "complete -c brant -n '__brant_is %s' -F\n", command->name);
    } else if (argument.kind != CLI_VALUE_NONE && argument.kind != CLI_VALUE_TEXT) {
        brn_buf_printf(out, "complete -c brant -n '__brant_is %s'", command->name);
        add_value(out, argument);
        brn_buf_add_char(out, '\n');
    }
}

void cli_completion_fish(brn_buf *out, const cli_command *const *commands)
{
    add_finder(out, commands);
    brn_buf_add_c(out, tail);
    add_settings(out);
    brn_buf_add_c(out, "\nset -g __brant_commands");
    for (const cli_command *const *c = commands; *c != NULL; c++) {
        brn_buf_printf(
            out, "%s%s", (*c)->run != NULL ? " " : "", (*c)->run != NULL ? (*c)->name : "");
    }
    brn_buf_add_char(out, '\n');
    for (const cli_command *const *c = commands; *c != NULL; c++) {
        if ((*c)->run != NULL) {
            add_command(out, *c);
        }
    }
}

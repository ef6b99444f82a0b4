/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The function for zsh's own completion system.
 */
#include "cli/completion.h"

static const char head[] = "#compdef brant\n"
                           "# zsh completion for brant. Made by \"brant completion zsh\".\n";

static const char tail[] =
    "\n"
    "# Names of the project's databases; no database is opened.\n"
    "__brant_databases() {\n"
    "  local -a names\n"
    "  if compset -P '[a-z]#:'; then\n"
    "    _files\n"
    "    return\n"
    "  fi\n"
    "  names=(${(f)\"$(_call_program databases brant config 2>/dev/null </dev/null |\n"
    "    " CLI_COMPLETION_NAMES ")\"})\n"
    "  _describe -t databases database names\n"
    "}\n"
    "\n"
    "_brant() {\n"
    "  local curcontext=\"$curcontext\" state line ret=1\n"
    "  typeset -A opt_args\n"
    "\n"
    "  _arguments -C -s $__brant_options '--version[Show the version of brant]' \\\n"
    "    '1:command:__brant_commands' '*::argument:->arguments' && ret=0\n"
    "  if [[ $state == arguments ]]; then\n"
    "    # \"migrate\" before the name of another command is only a prefix.\n"
    "    if (( CURRENT > 2 )) && [[ $words[1] == migrate && "
    "-n ${(M)__brant_names:#$words[2]} ]]; then\n"
    "      shift words\n"
    "      (( CURRENT-- ))\n"
    "    fi\n"
    "    __brant_arguments $words[1] && ret=0\n"
    "  fi\n"
    "  return ret\n"
    "}\n"
    "\n"
    "_brant \"$@\"\n";

/* Inside of single quotes, and of a specification where brackets and colons mean something. */
static void add_quoted(brn_buf *out, brn_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '\'') {
            brn_buf_add_c(out, "'\\''");
            continue;
        }
        if (c == '[' || c == ']' || c == ':' || c == '\\') {
            brn_buf_add_char(out, '\\');
        }
        brn_buf_add_char(out, c);
    }
}

/* ":FILE:_files", the end of a specification. */
static void add_value(brn_buf *out, cli_value value)
{
    if (value.kind == CLI_VALUE_NONE) {
        return;
    }
    brn_buf_add_char(out, ':');
    if (value.kind != CLI_VALUE_WORDS) {
        add_quoted(out, brn_str_from(value.metavar));
    } else {
        brn_buf_add_c(out, "word");
    }
    brn_buf_add_char(out, ':');
    switch (value.kind) {
    case CLI_VALUE_NONE:
        break;
    case CLI_VALUE_TEXT: /* the caller says how to show that */
        break;
    case CLI_VALUE_WORDS:
        brn_buf_add_char(out, '(');
        cli_add_words(out, value.words, " ");
        brn_buf_add_char(out, ')');
        break;
    case CLI_VALUE_FILE:
        brn_buf_add_c(out, "_files");
        break;
    case CLI_VALUE_DIR:
        brn_buf_add_c(out, "_files -/");
        break;
    case CLI_VALUE_DATABASE:
        brn_buf_add_c(out, "__brant_databases");
        break;
    case CLI_VALUE_COMMAND:
        brn_buf_add_c(out, "__brant_commands");
        break;
    }
}

/* '(-t --to)'{-t+,--to=}'[help]:ID: ' */
static void add_option(
    brn_buf *out, char letter, const char *name, cli_value value, bool repeats, const char *help)
{
    bool takes = value.kind != CLI_VALUE_NONE;

    if (letter != 0 && repeats) {
        brn_buf_printf(out, "'*'{-%c+,--%s=}'[", letter, name);
    } else if (letter != 0) {
        brn_buf_printf(
            out, "'(-%c --%s)'{-%c%s,--%s%s}'[", letter, name, letter, takes ? "+" : "", name,
            takes ? "=" : "");
    } else {
        brn_buf_printf(out, "'%s--%s%s[", repeats ? "*" : "", name, takes ? "=" : "");
    }
    add_quoted(out, cli_short_help(help));
    brn_buf_add_char(out, ']');
    add_value(out, value);
    brn_buf_add_c(out, value.kind == CLI_VALUE_TEXT ? " '" : "'");
}

static void add_description(brn_buf *out, const char *name, brn_str help)
{
    brn_buf_printf(out, "  '%s:", name);
    add_quoted(out, help);
    brn_buf_add_c(out, "'\n");
}

static void add_commands(brn_buf *out, const cli_command *const *commands)
{
    brn_buf_add_c(out, "\ntypeset -ga __brant_list __brant_names\n__brant_list=(\n");
    for (const cli_command *const *c = commands; *c != NULL; c++) {
        if ((*c)->run == NULL) {
            continue;
        }
        add_description(out, (*c)->name, cli_short_help((*c)->summary));
        if ((*c)->alias != NULL) {
            brn_buf_printf(out, "  '%s:Same as %s'\n", (*c)->alias, (*c)->name);
        }
    }
    brn_buf_add_c(
        out, ")\n"
             "__brant_names=(${__brant_list%%:*})\n"
             "\n"
             "__brant_commands() {\n"
             "  _describe -t commands command __brant_list\n"
             "}\n");
}

static void add_options(brn_buf *out)
{
    const brant_setting_info *s;

    brn_buf_add_c(out, "\ntypeset -ga __brant_options\n__brant_options=(\n");
    for (size_t i = 0; (s = brant_setting_at(i)) != NULL; i++) {
        if ((s->flags & BRANT_SETTING_GLOBAL_FLAG) == 0) {
            continue;
        }
        brn_buf_add_c(out, "  ");
        add_option(
            out, s->letter, s->key, cli_value_of_setting(s),
            (s->flags & BRANT_SETTING_REPEATABLE) != 0, s->help);
        brn_buf_add_char(out, '\n');
    }
    brn_buf_add_c(out, "  '(-h --help)'{-h,--help}'[Show help]'\n)\n");
}

static void add_arguments(brn_buf *out, const cli_command *const *commands)
{
    brn_buf_add_c(out, "\n__brant_arguments() {\n  case $1 in\n");
    for (const cli_command *const *c = commands; *c != NULL; c++) {
        cli_value argument;

        if ((*c)->run == NULL) {
            continue;
        }
        argument = cli_value_of_argument(*c);
        brn_buf_printf(out, "  (%s", (*c)->name);
        if ((*c)->alias != NULL) {
            brn_buf_printf(out, "|%s", (*c)->alias);
        }
        brn_buf_add_c(out, ")\n    _arguments -s $__brant_options");
        for (const cli_opt *o = (*c)->opts; o != NULL && o->name != NULL; o++) {
            brn_buf_add_c(out, " \\\n      ");
            add_option(out, o->letter, o->name, cli_value_of_option(o), false, o->help);
        }
        if (argument.kind != CLI_VALUE_NONE) {
            brn_buf_printf(out, " \\\n      '%s", (*c)->max_args == CLI_ANY_ARGS ? "*" : "1");
            add_value(out, argument);
            /* Its name is shown only where no option is being typed. */
            brn_buf_add_c(out, argument.kind == CLI_VALUE_TEXT ? "_guard \"^-*\" argument'" : "'");
        }
        brn_buf_add_c(out, "\n    ;;\n");
    }
    brn_buf_add_c(out, "  esac\n}\n");
}

void cli_completion_zsh(brn_buf *out, const cli_command *const *commands)
{
    brn_buf_add_c(out, head);
    add_commands(out, commands);
    add_options(out);
    add_arguments(out, commands);
    brn_buf_add_c(out, tail);
}

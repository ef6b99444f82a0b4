/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The script for bash 3.2 and later; it needs nothing of the package bash-completion.
 */
#include "cli/completion.h"

/* --- what is the same in each ----------------------------------------------------------------- */

static const char head[] =
    "# bash completion for brant. Made by \"brant completion bash\"; needs no other file.\n"
    "# shellcheck shell=bash\n"
    "\n"
    "# Bash takes --option=value and sqlite:app.db apart; brant does not.\n"
    "__brant_words()\n"
    "{\n"
    "    local word glue='' last=0\n"
    "    words=()\n"
    "    for word in \"${COMP_WORDS[@]:0:COMP_CWORD+1}\"; do\n"
    "        if [[ $last -gt 0 && ( -n $glue || $word == [=:]* ) ]]; then\n"
    "            words[last]+=$word\n"
    "        else\n"
    "            last=${#words[@]}\n"
    "            words[last]=$word\n"
    "        fi\n"
    "        glue=\n"
    "        [[ $word != [=:]* || $word == *[!=:]* ]] || glue=yes\n"
    "    done\n"
    "}\n"
    "\n"
    "# Lines of standard input become answers, without what bash takes for another word.\n"
    "__brant_answer()\n"
    "{\n"
    "    local line\n"
    "    while IFS= read -r line; do\n"
    "        line=$1$line\n"
    "        COMPREPLY+=(\"${line:skip}\")\n"
    "    done\n"
    "}\n"
    "\n"
    "__brant_files()\n"
    "{\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    __brant_answer \"$1\" < <(compgen \"$3\" -- \"$2\")\n"
    "}\n"
    "\n"
    "# Names of the project's databases; no database is opened.\n"
    "__brant_databases()\n"
    "{\n"
    "    \"$program\" config 2>/dev/null </dev/null |\n"
    "        " CLI_COMPLETION_NAMES "\n"
    "}\n"
    "\n"
    "# __brant_propose BEFORE WORD: BEFORE stands before WORD already.\n"
    "__brant_propose()\n"
    "{\n"
    "    case $kind in\n"
    "    words*) __brant_answer \"$1\" < <(compgen -W \"${kind#words}\" -- \"$2\") ;;\n"
    "    file) __brant_files \"$1\" \"$2\" -f ;;\n"
    "    dir) __brant_files \"$1\" \"$2\" -d ;;\n"
    "    database)\n"
    "        if [[ $2 == *:* && $2 != *://* ]]; then\n"
    "            __brant_files \"$1${2%%:*}:\" \"${2#*:}\" -f\n"
    "        else\n"
    "            __brant_answer \"$1\" < <(compgen -W \"$(__brant_databases)\" -- \"$2\")\n"
    "        fi\n"
    "        ;;\n"
    "    esac\n"
    "}\n";

static const char tail[] =
    "\n"
    "_brant()\n"
    "{\n"
    "    local words=() word cur piece skip i program=$1\n"
    "    local command='' argument='' kind='' option='' options='' prefix='' args_only=''\n"
    "\n"
    "    COMPREPLY=()\n"
    "    __brant_words\n"
    "    cur=${words[${#words[@]}-1]}\n"
    "    piece=${COMP_WORDS[COMP_CWORD]}\n"
    "    [[ $piece != [=:]* || $piece == *[!=:]* ]] || piece=\n"
    "    skip=$((${#cur} - ${#piece}))\n"
    "    for ((i = 1; i < ${#words[@]} - 1; i++)); do\n"
    "        word=${words[i]}\n"
    "        if [[ -n $option ]]; then\n"
    "            option=\n"
    "        elif [[ $word == -- ]]; then\n"
    "            args_only=yes\n"
    "        elif [[ $word == -?* && -z $args_only ]]; then\n"
    "            __brant_option \"$word\"\n"
    "            [[ -z $kind ]] || option=$word\n"
    "        elif [[ -z $command || -n $prefix ]]; then\n"
    "            prefix=\n"
    "            [[ -n $command || $word != migrate ]] || prefix=yes\n"
    "            __brant_command \"$word\"\n"
    "        fi\n"
    "    done\n"
    "    if [[ -n $option ]]; then\n"
    "        __brant_option \"$option\"\n"
    "        __brant_propose '' \"$cur\"\n"
    "    elif [[ $cur == --*=* && -z $args_only ]]; then\n"
    "        __brant_option \"${cur%%=*}\"\n"
    "        __brant_propose \"${cur%%=*}=\" \"${cur#*=}\"\n"
    "    elif [[ $cur == -* && -z $args_only ]]; then\n"
    "        kind=\"words $options $__brant_options\"\n"
    "        __brant_propose '' \"$cur\"\n"
    "    else\n"
    "        kind=$argument\n"
    "        [[ -n $command ]] || kind=\"words $__brant_commands\"\n"
    "        __brant_propose '' \"$cur\"\n"
    "    fi\n"
    "}\n"
    "\n"
    "complete -F _brant brant\n";

/* --- what comes from the tables --------------------------------------------------------------- */

static void add_commands(brn_buf *out, const cli_command *const *commands)
{
    const char *between = "";

    for (const cli_command *const *c = commands; *c != NULL; c++) {
        if ((*c)->run == NULL) {
            continue;
        }
        brn_buf_printf(out, "%s%s", between, (*c)->name);
        between = " ";
        if ((*c)->alias != NULL) {
            brn_buf_printf(out, " %s", (*c)->alias);
        }
    }
}

/* In quotes. */
static void add_kind(brn_buf *out, cli_value value)
{
    static const char *const words[] = {
        [CLI_VALUE_NONE] = "''",
        [CLI_VALUE_TEXT] = "'text'",
        [CLI_VALUE_FILE] = "'file'",
        [CLI_VALUE_DIR] = "'dir'",
        [CLI_VALUE_DATABASE] = "'database'",
        [CLI_VALUE_COMMAND] = "\"words $__brant_commands options\"",
    };

    if (value.kind != CLI_VALUE_WORDS) {
        brn_buf_add_c(out, words[value.kind]);
        return;
    }
    brn_buf_add_c(out, "'words ");
    cli_add_words(out, value.words, " ");
    brn_buf_add_char(out, '\'');
}

static void add_lists(brn_buf *out, const cli_command *const *commands)
{
    const brant_setting_info *setting;

    brn_buf_add_c(out, "\n__brant_commands='");
    add_commands(out, commands);
    brn_buf_add_c(out, "'\n__brant_options='");
    for (size_t i = 0; (setting = brant_setting_at(i)) != NULL; i++) {
        if ((setting->flags & BRANT_SETTING_GLOBAL_FLAG) != 0) {
            brn_buf_printf(out, "--%s ", setting->key);
        }
    }
    brn_buf_add_c(out, "--help --version'\n");
}

/* Sets the command by its own name, its options, and what its arguments are. */
static void add_command_function(brn_buf *out, const cli_command *const *commands)
{
    brn_buf_add_c(out, "\n__brant_command()\n{\n    case $1 in\n");
    for (const cli_command *const *c = commands; *c != NULL; c++) {
        if ((*c)->run == NULL) {
            continue;
        }
        brn_buf_printf(out, "    %s", (*c)->name);
        if ((*c)->alias != NULL) {
            brn_buf_printf(out, " | %s", (*c)->alias);
        }
        brn_buf_printf(out, ")\n        command=%s argument=", (*c)->name);
        add_kind(out, cli_value_of_argument(*c));
        brn_buf_add_c(out, " options='");
        for (const cli_opt *o = (*c)->opts; o != NULL && o->name != NULL; o++) {
            brn_buf_printf(out, "%s--%s", o == (*c)->opts ? "" : " ", o->name);
        }
        brn_buf_add_c(out, "'\n        ;;\n");
    }
    brn_buf_add_c(out, "    *) [[ -n $command ]] || command=$1 ;;\n    esac\n}\n");
}

static void add_option_case(
    brn_buf *out, const char *command, char letter, const char *name, cli_value value)
{
    if (value.kind == CLI_VALUE_NONE) {
        return;
    }
    brn_buf_add_c(out, "    ");
    if (letter != 0) {
        brn_buf_printf(out, "%s:-%c | ", command, letter);
    }
    brn_buf_printf(out, "%s:--%s) kind=", command, name);
    add_kind(out, value);
    brn_buf_add_c(out, " ;;\n");
}

/* Sets what the value of an option is; nothing for one that takes none. */
static void add_option_function(brn_buf *out, const cli_command *const *commands)
{
    const brant_setting_info *setting;

    brn_buf_add_c(out, "\n__brant_option()\n{\n    kind=\n    case $command:$1 in\n");
    for (const cli_command *const *c = commands; *c != NULL; c++) {
        for (const cli_opt *o = (*c)->opts; o != NULL && o->name != NULL; o++) {
            add_option_case(out, (*c)->name, o->letter, o->name, cli_value_of_option(o));
        }
    }
    for (size_t i = 0; (setting = brant_setting_at(i)) != NULL; i++) {
        if ((setting->flags & BRANT_SETTING_GLOBAL_FLAG) != 0) {
            add_option_case(out, "*", setting->letter, setting->key, cli_value_of_setting(setting));
        }
    }
    brn_buf_add_c(out, "    esac\n}\n");
}

void cli_completion_bash(brn_buf *out, const cli_command *const *commands)
{
    brn_buf_add_c(out, head);
    add_lists(out, commands);
    add_command_function(out, commands);
    add_option_function(out, commands);
    brn_buf_add_c(out, tail);
}

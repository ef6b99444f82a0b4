/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a reference page to standard output, from the tables that the program itself uses:
 *
 *     gen_docs settings >docs/settings.md
 *     gen_docs commands >docs/commands.md
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <brant/settings.h>

#include "cli/command.h"
#include "cli/print.h"

#define COLUMNS 100
#define NOTE "<!-- Made by ./dev docs from the sources: do not edit. -->\n\n"

static void add_paragraph(brn_buf *out, const char *text)
{
    cli_wrap(out, text, 0, COLUMNS);
    brn_buf_add_char(out, '\n');
}

/* --- settings --------------------------------------------------------------------------------- */

static void add_words(brn_buf *out, const char *words, const char *before)
{
    const char *separator = before;

    for (const char *p = words; *p != '\0';) {
        size_t len = strcspn(p, "|");

        brn_buf_printf(out, "%s`%.*s`", separator, (int)len, p);
        separator = ", ";
        p += len + (p[len] == '|');
    }
}

static void add_range(brn_buf *out, const brant_setting_info *s)
{
    const char *unit = s->type == BRANT_SETTING_DURATION ? " ms" : "";

    if (s->min > 0) {
        brn_buf_printf(out, ", from %" PRId64 "%s", s->min, unit);
    }
    if (s->max > 0 && s->max < INT64_MAX) {
        brn_buf_printf(out, ", up to %" PRId64 "%s", s->max, unit);
    }
}

static void add_type(brn_buf *out, const brant_setting_info *s)
{
    static const char *const names[] = {
        [BRANT_SETTING_TEXT] = "text",
        [BRANT_SETTING_BOOL] = "`true` or `false`",
        [BRANT_SETTING_INT] = "number",
        [BRANT_SETTING_DURATION] = "duration",
        [BRANT_SETTING_CHOICE] = "one of ",
        [BRANT_SETTING_SECRET] = "text that is never shown",
        [BRANT_SETTING_URL] = "database URL, or name",
    };

    brn_buf_printf(out, "- type: %s", names[s->type]);
    if (s->type == BRANT_SETTING_CHOICE) {
        add_words(out, s->choices, "");
    } else {
        add_range(out, s);
    }
    brn_buf_add_char(out, '\n');
}

static void add_option(brn_buf *out, const brant_setting_info *s)
{
    if ((s->flags & BRANT_SETTING_GLOBAL_FLAG) == 0) {
        return;
    }
    brn_buf_add_c(out, "- option: ");
    if (s->letter != 0) {
        brn_buf_printf(out, "`-%c`, ", s->letter);
    }
    brn_buf_printf(
        out, "`--%s%s%s`%s\n", s->key, s->metavar != NULL ? " " : "",
        s->metavar != NULL ? s->metavar : "",
        (s->flags & BRANT_SETTING_REPEATABLE) != 0 ? ", also several times" : "");
}

static void add_environment(brn_buf *out, const brant_setting_info *s)
{
    brn_buf_add_c(out, "- environment: `BRANT_");
    for (const char *p = s->key; *p != '\0'; p++) {
        char upper = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;

        brn_buf_add_char(out, upper == '-' ? '_' : upper);
    }
    brn_buf_add_char(out, '`');
    if (s->env_also != NULL) {
        add_words(out, s->env_also, ", ");
    }
    brn_buf_add_char(out, '\n');
}

static void add_setting(brn_buf *out, const brant_setting_info *s)
{
    brn_buf_printf(out, "\n## %s\n\n", s->key);
    add_paragraph(out, s->help);
    add_type(out, s);
    if (s->default_value != NULL) {
        brn_buf_printf(out, "- default: `%s`\n", s->default_value);
    }
    add_option(out, s);
    add_environment(out, s);
    brn_buf_printf(out, "- since: %s\n", s->since);
}

static void write_settings(brn_buf *out)
{
    const brant_setting_info *s;

    brn_buf_add_c(out, "# Settings\n\n" NOTE);
    add_paragraph(
        out,
        "A setting has one name: `lock-timeout` in `brant.yaml`, `--lock-timeout` as an option "
        "of every command, `BRANT_LOCK_TIMEOUT` in the environment and in `.env`. Option wins "
        "over environment, that over `.env`, that over `brant.yaml`, that over the default. "
        "`brant config` shows every value and where it came from.");
    add_paragraph(
        out, "A duration is `300` or `300s` (seconds), `5m`, `1h30m` or `500ms`. [The guide]("
             "guide.md#configuration) says more.");
    brn_buf_truncate(out, out->len - 1);
    for (size_t i = 0; (s = brant_setting_at(i)) != NULL; i++) {
        add_setting(out, s);
    }
}

/* --- commands --------------------------------------------------------------------------------- */

/* A bar would end the cell of a table. */
static void add_cell_text(brn_buf *out, const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        brn_buf_add_c(out, *text == '|' ? "\\" : "");
        brn_buf_add_char(out, *text);
    }
}

static void add_own_options(brn_buf *out, const cli_opt *opts)
{
    if (opts == NULL || opts->name == NULL) {
        return;
    }
    brn_buf_add_c(out, "\n| option | |\n|---|---|\n");
    for (; opts->name != NULL; opts++) {
        brn_buf_add_c(out, "| ");
        if (opts->letter != 0) {
            brn_buf_printf(out, "`-%c`, ", opts->letter);
        }
        brn_buf_printf(out, "`--%s%s", opts->name, opts->metavar != NULL ? " " : "");
        add_cell_text(out, opts->metavar);
        brn_buf_printf(out, "` | %s |\n", opts->help);
    }
}

static void add_command(brn_buf *out, const cli_command *c)
{
    brn_buf_printf(out, "\n## %s\n\n%s.\n\n```text\n", c->name, c->summary);
    brn_buf_printf(out, "brant %s%s%s\n", c->name, c->usage[0] != '\0' ? " " : "", c->usage);
    brn_buf_add_c(out, "```\n");
    if (c->alias != NULL) {
        brn_buf_printf(out, "\nAlso `brant %s`.\n", c->alias);
    }
    if (c->details != NULL) {
        brn_buf_add_char(out, '\n');
        cli_wrap(out, c->details, 0, COLUMNS);
    }
    add_own_options(out, c->opts);
    brn_buf_printf(out, "\n```sh\n%s\n```\n", c->example);
}

static void write_commands(brn_buf *out)
{
    brn_buf_add_c(out, "# Commands\n\n" NOTE);
    add_paragraph(
        out, "Every command also takes the options that are [settings](settings.md), before or "
             "behind its name, and `--help`. With `--json` it answers with one JSON document, "
             "described in [schema](schema). [Exit codes](guide.md#exit-codes) are the same for "
             "all.");
    brn_buf_truncate(out, out->len - 1);
    for (const cli_command *const *c = cli_commands; *c != NULL; c++) {
        if ((*c)->run != NULL) {
            add_command(out, *c);
        }
    }
}

int main(int argc, char **argv)
{
    brn_buf out = { 0 };
    int rc = 1;

    if (argc == 2 && strcmp(argv[1], "settings") == 0) {
        write_settings(&out);
    } else if (argc == 2 && strcmp(argv[1], "commands") == 0) {
        write_commands(&out);
    } else {
        (void)fprintf(stderr, "usage: gen_docs settings|commands\n");
        return 2;
    }
    if (!out.failed && fwrite(out.ptr, 1, out.len, stdout) == out.len && fflush(stdout) == 0) {
        rc = 0;
    }
    brn_buf_release(&out);
    return rc;
}

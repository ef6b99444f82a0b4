/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cli/argv.h"
#include "cli/nearest.h"
#include "cli/options.h"

#define WORDS_MAX 10

/* --- a table of commands of its own ----------------------------------------------------------- */

typedef struct go_args {
    const char *to;
    uint64_t count;
    bool dry_run;
    const char *version;
} go_args;

static int never_run(cli_context *ctx, const void *values)
{
    (void)ctx;
    (void)values;
    return 99;
}

static const cli_opt go_opts[] = {
    { "to", 't', CLI_OPT_STRING, offsetof(go_args, to), "ID", "" },
    { "count", 0, CLI_OPT_COUNT, offsetof(go_args, count), "N", "" },
    { "dry-run", 'n', CLI_OPT_BOOL, offsetof(go_args, dry_run), NULL, "" },
    { "version", 0, CLI_OPT_STRING, offsetof(go_args, version), "V", "" },
    { 0 },
};

static const cli_command go = { .name = "go",
                                .alias = "migrate",
                                .opts = go_opts,
                                .args_size = sizeof(go_args),
                                .arg = "N",
                                .max_args = 2,
                                .run = never_run };
static const cli_command needy = {
    .name = "needy", .arg = "THING", .min_args = 1, .max_args = 1, .run = never_run
};
static const cli_command later = { .name = "later" };
static const cli_command *const commands[] = { &go, &needy, &later, NULL };

static bool parse(
    cli_parse *out, brn_arena *arena, const char *const words[WORDS_MAX], cli_failure *failure)
{
    const char *argv[WORDS_MAX + 1] = { "brant" };
    int argc = 1;

    while (argc <= WORDS_MAX && words[argc - 1] != NULL) {
        argv[argc] = words[argc - 1];
        argc++;
    }
    /* What was parsed points to the words: they have to outlive this frame. */
    for (int i = 0; i < argc; i++) {
        argv[i] = brn_arena_strdup(arena, argv[i]);
    }
    return cli_options_parse(out, arena, commands, argc, argv, failure);
}

/* Everything that was parsed, as one line: "go to=3 n=1 args=[a b] lock-timeout=5m(--lock-timeout)"
 */
static void describe(brn_buf *out, const cli_parse *p)
{
    const go_args *values = p->command == &go ? p->values : NULL;

    brn_buf_printf(out, "%s", p->command != NULL ? p->command->name : "-");
    if (p->help) {
        brn_buf_add_c(out, " help");
    }
    if (p->version) {
        brn_buf_add_c(out, " version");
    }
    if (values != NULL && values->to != NULL) {
        brn_buf_printf(out, " to=%s", values->to);
    }
    if (values != NULL && values->count > 0) {
        brn_buf_printf(out, " count=%llu", (unsigned long long)values->count);
    }
    if (values != NULL && values->dry_run) {
        brn_buf_add_c(out, " dry");
    }
    if (values != NULL && values->version != NULL) {
        brn_buf_printf(out, " v=%s", values->version);
    }
    for (size_t i = 0; i < p->args.count; i++) {
        brn_buf_printf(out, " [%s]", p->args.items[i]);
    }
    for (size_t i = 0; i < p->flags.count; i++) {
        const cli_flag *f = &p->flags.items[i];

        brn_buf_printf(out, " %s=%s(%s)", f->setting->key, f->value, f->where);
    }
}

static const struct good_case {
    const char *name;
    const char *words[WORDS_MAX];
    const char *want;
} good_cases[] = {
    { "nothing", { NULL }, "-" },
    { "a command", { "go" }, "go" },
    { "help before", { "--help", "go" }, "go help" },
    { "help behind", { "needy", "-h" }, "needy help" },
    { "the program's version", { "--version" }, "- version" },
    { "an option of the command wins over --version", { "go", "--version", "3" }, "go v=3" },
    { "value joined", { "go", "--to=3" }, "go to=3" },
    { "value in the next word", { "go", "--to", "3" }, "go to=3" },
    { "empty value", { "go", "--to=" }, "go to=" },
    { "value with an equals sign", { "go", "--to=a=b" }, "go to=a=b" },
    { "value that begins with a dash, joined", { "go", "--to=--x" }, "go to=--x" },
    { "negative number as value", { "go", "--to", "-1" }, "go to=-1" },
    { "dash as value", { "go", "--to", "-" }, "go to=-" },
    { "letter and value", { "go", "-t", "3" }, "go to=3" },
    { "letter with value", { "go", "-t3" }, "go to=3" },
    { "letters", { "go", "-nt3" }, "go to=3 dry" },
    { "letters of both kinds", { "go", "-nv" }, "go dry verbose=true(-v)" },
    { "the last value counts", { "go", "--to", "1", "--to", "2" }, "go to=2" },
    { "a count", { "go", "--count", "12" }, "go count=12" },
    { "arguments", { "go", "a", "b" }, "go [a] [b]" },
    { "negative number", { "go", "-1" }, "go [-1]" },
    { "dash alone", { "go", "-" }, "go [-]" },
    { "end of options", { "go", "--", "--to", "-n" }, "go [--to] [-n]" },
    { "option behind arguments", { "go", "a", "-n", "b" }, "go dry [a] [b]" },
    { "setting before the command",
      { "--lock-timeout", "5m", "go" },
      "go lock-timeout=5m(--lock-timeout)" },
    { "setting behind it", { "go", "--lock-timeout=5m" }, "go lock-timeout=5m(--lock-timeout)" },
    { "a setting without value", { "go", "--json" }, "go json=true(--json)" },
    { "a setting that begins with no", { "go", "--no-color" }, "go no-color=true(--no-color)" },
    { "bool with a value",
      { "go", "--auto-migrate=false" },
      "go auto-migrate=false(--auto-migrate)" },
    { "bool does not take the next word", { "--json", "go" }, "go json=true(--json)" },
    { "database joined", { "-dmain", "go" }, "go database=main(-d)" },
    { "database, repeated",
      { "-d", "main", "go", "--database", "events" },
      "go database=main\nevents(--database)" },
    { "a setting that is not repeatable", { "go", "-ma", "-mb" }, "go migrations=b(-m)" },
    { "alias", { "migrate" }, "go" },
    { "alias with an argument", { "migrate", "3" }, "go [3]" },
    { "alias as prefix", { "migrate", "needy", "x" }, "needy [x]" },
    { "prefix and a setting between",
      { "migrate", "-v", "needy", "x" },
      "needy [x] verbose=true(-v)" },
    { "no prefix behind an option of its own", { "migrate", "-n", "needy" }, "go dry [needy]" },
    { "no prefix behind an argument", { "migrate", "3", "needy" }, "go [3] [needy]" },
    { "only the alias is a prefix", { "go", "needy" }, "go [needy]" },
};

static void command_lines_are_taken_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(good_cases); i++) {
        const struct good_case *c = &good_cases[i];
        brn_arena arena = { 0 };
        brn_buf text = { 0 };
        cli_parse p;
        cli_failure failure = { 0 };

        if (!parse(&p, &arena, c->words, &failure)) {
            fail_msg("%s: %s", c->name, failure.message);
        }
        describe(&text, &p);
        if (strcmp(brn_buf_text(&text), c->want) != 0) {
            fail_msg("%s: \"%s\" instead of \"%s\"", c->name, brn_buf_text(&text), c->want);
        }
        brn_buf_release(&text);
        brn_arena_release(&arena);
    }
}

static const struct bad_case {
    const char *name;
    const char *words[WORDS_MAX];
    const char *id;
    const char *message;
    const char *hint;
} bad_cases[] = {
    { "command",
      { "og" },
      "cli.unknown_command",
      "unknown command \"og\"",
      "Did you mean brant go?" },
    { "command like nothing",
      { "frobnicate" },
      "cli.unknown_command",
      "unknown command \"frobnicate\"",
      "See brant help." },
    { "command of later",
      { "later" },
      "cli.not_built",
      "brant later is not in this version",
      NULL },
    { "near a command of later",
      { "latter" },
      "cli.unknown_command",
      "unknown command \"latter\"",
      "Did you mean brant later?" },
    { "option",
      { "go", "--dryrun" },
      "cli.unknown_option",
      "unknown option \"--dryrun\"",
      "Did you mean --dry-run?" },
    { "setting",
      { "go", "--lock-timout=5m" },
      "cli.unknown_option",
      "unknown option \"--lock-timout\"",
      "Did you mean --lock-timeout?" },
    { "beginning of an option",
      { "go", "--dry" },
      "cli.unknown_option",
      "unknown option \"--dry\"",
      NULL },
    { "option of a command before it",
      { "--to", "3", "go" },
      "cli.unknown_option",
      "unknown option \"--to\"",
      "It is an option of brant go: put it behind that name." },
    { "letter",
      { "go", "-nx" },
      "cli.unknown_option",
      "unknown option \"-x\"",
      "See brant go --help." },
    { "letter of several bytes",
      { "go", "-\xc3\xa4" },
      "cli.unknown_option",
      "unknown option letter",
      NULL },
    { "value forgotten",
      { "go", "--to" },
      "cli.missing_value",
      "option --to needs a value: ID",
      "See brant go --help." },
    { "value forgotten before an option",
      { "go", "--to", "--dry-run" },
      "cli.missing_value",
      "option --to needs a value: ID",
      "If \"--dry-run\" is the value, join it with its option: --to=--dry-run" },
    { "value forgotten behind a letter",
      { "go", "-t", "-n" },
      "cli.missing_value",
      "option -t needs a value: ID",
      "If \"-n\" is the value, join it with its option: -t-n" },
    { "value for a switch",
      { "go", "--dry-run=1" },
      "cli.surplus_value",
      "option --dry-run takes no value",
      NULL },
    { "value for help",
      { "go", "--help=1" },
      "cli.surplus_value",
      "option --help takes no value",
      NULL },
    { "count that is none",
      { "go", "--count", "x" },
      "cli.bad_value",
      "option --count needs a whole number from 1, not \"x\"",
      NULL },
    { "count of 0",
      { "go", "--count=0" },
      "cli.bad_value",
      "option --count needs a whole number from 1, not \"0\"",
      NULL },
    { "count beyond 64 bits",
      { "go", "--count=18446744073709551616" },
      "cli.bad_value",
      "option --count needs a whole number from 1, not \"18446744073709551616\"",
      NULL },
    { "argument missing",
      { "needy" },
      "cli.missing_argument",
      "brant needy needs an argument: THING",
      "See brant needy --help." },
    { "argument too many",
      { "needy", "a", "b" },
      "cli.surplus_argument",
      "brant needy does not expect \"b\"",
      NULL },
    { "URL as command",
      { "postgres://u:pw@h/db", "go" },
      "cli.unknown_command",
      "a URL stands where a command should be",
      NULL },
    { "URL as argument",
      { "needy", "a", "postgres://u:pw@h/db" },
      "cli.surplus_argument",
      "a URL stands where no argument is expected",
      "Name the database with -d URL." },
};

static void wrong_command_lines_are_usage_errors_that_say_what_to_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(bad_cases); i++) {
        const struct bad_case *c = &bad_cases[i];
        brn_arena arena = { 0 };
        cli_parse p;
        cli_failure failure = { 0 };

        if (parse(&p, &arena, c->words, &failure)) {
            fail_msg("%s: accepted", c->name);
        }
        assert_int_equal(failure.status, BRANT_EUSAGE);
        if (strcmp(failure.id, c->id) != 0 || strcmp(failure.message, c->message) != 0) {
            fail_msg("%s: %s: %s", c->name, failure.id, failure.message);
        }
        if (c->hint != NULL && strcmp(failure.hint, c->hint) != 0) {
            fail_msg("%s: hint %s", c->name, failure.hint);
        }
        assert_null(strstr(failure.message, "pw"));
        brn_arena_release(&arena);
    }
}

static const struct argv_case {
    const char *name;
    const char *words[WORDS_MAX];
    const char *left[WORDS_MAX]; /* what others see afterwards */
} argv_cases[] = {
    { "value of -d", { "-d", "mysql:x" }, { "-d", "*******" } },
    { "value in the same word", { "-dmysql:x" }, { "-d*******" } },
    { "value of --database", { "--database", "a:b" }, { "--database", "***" } },
    { "joined with it", { "--database=a:b" }, { "--database=***" } },
    { "behind another letter", { "-vd", "a:b" }, { "-vd", "***" } },
    { "name of a database", { "-d", "main", "up" }, { "-d", "main", "up" } },
    { "anything with a password", { "up", "x://u:p@h" }, { "up", "*********" } },
    { "password as an option of the URL", { "x://h?password=p" }, { "****************" } },
    { "no password",
      { "up", "--to", "3", "http://example" },
      { "up", "--to", "3", "http://example" } },
    { "long options that end in d", { "--used", "a:b" }, { "--used", "a:b" } },
};

static void passwords_are_gone_from_argv_and_kept_in_the_copy(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(argv_cases); i++) {
        const struct argv_case *c = &argv_cases[i];
        char texts[WORDS_MAX][64] = { "brant" };
        char *argv[WORDS_MAX + 1] = { texts[0] };
        brn_arena arena = { 0 };
        const char *const *copy;
        int argc = 1;

        for (; c->words[argc - 1] != NULL; argc++) {
            (void)snprintf(texts[argc], sizeof(texts[argc]), "%s", c->words[argc - 1]);
            argv[argc] = texts[argc];
        }
        copy = cli_argv_take(&arena, argc, argv);
        assert_non_null(copy);
        assert_string_equal(copy[0], "brant");
        for (int w = 1; w < argc; w++) {
            if (strcmp(argv[w], c->left[w - 1]) != 0) {
                fail_msg("%s: %s", c->name, argv[w]);
            }
            assert_string_equal(copy[w], c->words[w - 1]);
        }
        brn_arena_release(&arena);
    }
}

static const struct near_case {
    const char *wanted;
    const char *known;
    bool is_near;
} near_cases[] = {
    { "statsu", "status", true },
    { "stauts", "status", true },
    { "status", "status", true },
    { "up", "ping", false },
    { "ap", "up", true },
    { "xy", "up", false },
    { "", "up", false },
    { "up", "", false },
    { "validat", "validate", true },
    { "frobnicate", "up", false },
    { "migratons", "migrations", true },
};

static void near_names_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(near_cases); i++) {
        const struct near_case *c = &near_cases[i];
        cli_nearest nearest;

        cli_nearest_init(&nearest, brn_str_from(c->wanted));
        cli_nearest_try(&nearest, NULL);
        cli_nearest_try(&nearest, c->known);
        if ((nearest.best != NULL) != c->is_near) {
            fail_msg("%s, %s", c->wanted, c->known);
        }
    }
}

static void the_nearest_of_several_wins(void **state)
{
    cli_nearest nearest;

    (void)state;
    cli_nearest_init(&nearest, BRN_STR("lxst"));
    cli_nearest_try(&nearest, "lint");
    cli_nearest_try(&nearest, "list");
    cli_nearest_try(&nearest, "lint");
    assert_string_equal(nearest.best, "list");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_lines_are_taken_apart),
        cmocka_unit_test(wrong_command_lines_are_usage_errors_that_say_what_to_do),
        cmocka_unit_test(passwords_are_gone_from_argv_and_kept_in_the_copy),
        cmocka_unit_test(near_names_are_found),
        cmocka_unit_test(the_nearest_of_several_wins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

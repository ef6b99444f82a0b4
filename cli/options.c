/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <string.h>

#include "cli/argv.h"
#include "cli/nearest.h"

typedef struct parser {
    cli_parse *out;
    brn_arena *arena;
    const cli_command *const *commands;
    const char *const *argv;
    size_t argc;
    size_t next;     /* word to read next */
    bool prefix;     /* "migrate" may still stand before the name of a command */
    bool args_only;  /* behind "--" */
    bool has_failed; /* failure is set */
    cli_failure *failure;
} parser;

/* What an option on the command line is: exactly one member is set, or none when it is unknown. */
typedef struct option_ref {
    const cli_opt *own;
    const brant_setting_info *setting;
    bool *builtin;
} option_ref;

/* --- failing ---------------------------------------------------------------------------------- */

/* Texts come from the arena and may be NULL when it is out of memory, which is then the failure. */
static bool fail(parser *p, const char *id, const char *message, const char *hint)
{
    if (!p->has_failed) {
        *p->failure = (cli_failure){ BRANT_EUSAGE, id, message, hint };
        p->has_failed = true;
    }
    return false;
}

static const char *see_help(parser *p)
{
    if (p->out->command == NULL) {
        return "See brant help.";
    }
    return brn_arena_printf(p->arena, "See brant %s --help.", p->out->command->name);
}

/* --- finding ---------------------------------------------------------------------------------- */

const cli_command *cli_command_find(const cli_command *const *commands, const char *name)
{
    for (; *commands != NULL; commands++) {
        if (strcmp((*commands)->name, name) == 0 ||
            ((*commands)->alias != NULL && strcmp((*commands)->alias, name) == 0)) {
            return *commands;
        }
    }
    return NULL;
}

static bool is_flag(const brant_setting_info *setting)
{
    return (setting->flags & BRANT_SETTING_GLOBAL_FLAG) != 0;
}

static const cli_opt *own_options(const parser *p)
{
    static const cli_opt none = { 0 };

    return p->out->command != NULL && p->out->command->opts != NULL ? p->out->command->opts : &none;
}

/* Options of the command win over settings, and both over --help and --version. */
static option_ref find_long(parser *p, brn_str name)
{
    const brant_setting_info *setting;

    for (const cli_opt *opt = own_options(p); opt->name != NULL; opt++) {
        if (brn_str_eq_c(name, opt->name)) {
            return (option_ref){ .own = opt };
        }
    }
    for (size_t i = 0; (setting = brant_setting_at(i)) != NULL; i++) {
        if (is_flag(setting) && brn_str_eq_c(name, setting->key)) {
            return (option_ref){ .setting = setting };
        }
    }
    if (brn_str_eq_c(name, "help")) {
        return (option_ref){ .builtin = &p->out->help };
    }
    if (brn_str_eq_c(name, "version")) {
        return (option_ref){ .builtin = &p->out->version };
    }
    return (option_ref){ 0 };
}

static option_ref find_letter(parser *p, char letter)
{
    const brant_setting_info *setting;

    for (const cli_opt *opt = own_options(p); opt->name != NULL; opt++) {
        if (opt->letter == letter) {
            return (option_ref){ .own = opt };
        }
    }
    for (size_t i = 0; (setting = brant_setting_at(i)) != NULL; i++) {
        if (is_flag(setting) && setting->letter == letter) {
            return (option_ref){ .setting = setting };
        }
    }
    return (option_ref){ .builtin = letter == 'h' ? &p->out->help : NULL };
}

static bool is_known(option_ref ref)
{
    return ref.own != NULL || ref.setting != NULL || ref.builtin != NULL;
}

static bool takes_value(option_ref ref)
{
    if (ref.own != NULL) {
        return ref.own->type != CLI_OPT_BOOL;
    }
    return ref.setting != NULL && ref.setting->type != BRANT_SETTING_BOOL;
}

static const char *metavar(option_ref ref)
{
    const char *word = ref.own != NULL ? ref.own->metavar : ref.setting->metavar;

    return word != NULL ? word : "VALUE";
}

/* --- storing ---------------------------------------------------------------------------------- */

static bool store_setting(
    parser *p, const brant_setting_info *setting, const char *where, const char *value)
{
    cli_flag *flag = NULL;

    for (size_t i = 0; i < p->out->flags.count; i++) {
        if (p->out->flags.items[i].setting == setting) {
            flag = &p->out->flags.items[i];
        }
    }
    if (flag != NULL && (setting->flags & BRANT_SETTING_REPEATABLE) != 0) {
        value = brn_arena_printf(p->arena, "%s\n%s", flag->value, value);
    }
    if (flag == NULL) {
        flag = BRN_VEC_PUSH(p->arena, &p->out->flags);
    }
    if (flag == NULL || value == NULL) {
        return false;
    }
    *flag = (cli_flag){ setting, value, where };
    return true;
}

static bool store_own(parser *p, const cli_opt *opt, const char *where, const char *value)
{
    void *field = (char *)p->out->values + opt->offset;
    uint64_t number;

    switch (opt->type) {
    case CLI_OPT_BOOL:
        *(bool *)field = true;
        break;
    case CLI_OPT_STRING:
        *(const char **)field = value;
        break;
    case CLI_OPT_COUNT:
        if (!brn_str_to_u64(brn_str_from(value), &number) || number == 0) {
            return fail(
                p, "cli.bad_value",
                brn_arena_printf(
                    p->arena, "option %s needs a whole number from 1, not \"%s\"", where, value),
                see_help(p));
        }
        *(uint64_t *)field = number;
        break;
    }
    return true;
}

static bool store(parser *p, option_ref ref, const char *where, const char *value)
{
    /* An option of its own between "migrate" and a word makes that word an argument of up. */
    p->prefix = p->prefix && ref.own == NULL;
    if (ref.own != NULL) {
        return store_own(p, ref.own, where, value);
    }
    if (ref.setting != NULL) {
        return store_setting(p, ref.setting, where, value != NULL ? value : "true");
    }
    *ref.builtin = true;
    return true;
}

/* --- options ---------------------------------------------------------------------------------- */

/* "-1": a dash and digits. */
static bool is_number(const char *word)
{
    return word[0] == '-' && word[1] != '\0' && word[1 + strspn(word + 1, "0123456789")] == '\0';
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0' && !is_number(word);
}

/* The next word as value of the option `where`. */
static const char *next_value(parser *p, option_ref ref, const char *where)
{
    const char *word = p->next < p->argc ? p->argv[p->next] : NULL;

    if (word != NULL && !is_option(word)) {
        p->next++;
        return word;
    }
    (void)fail(
        p, "cli.missing_value",
        brn_arena_printf(p->arena, "option %s needs a value: %s", where, metavar(ref)),
        word == NULL || cli_argv_is_secret(word)
            ? see_help(p)
            : brn_arena_printf(
                  p->arena, "If \"%s\" is the value, join it with its option: %s%s%s", word, where,
                  where[1] == '-' ? "=" : "", word));
    return NULL;
}

static const char *nearest_long(parser *p, brn_str name)
{
    cli_nearest nearest;
    const brant_setting_info *setting;

    cli_nearest_init(&nearest, name);
    for (const cli_opt *opt = own_options(p); opt->name != NULL; opt++) {
        cli_nearest_try(&nearest, opt->name);
    }
    for (size_t i = 0; (setting = brant_setting_at(i)) != NULL; i++) {
        cli_nearest_try(&nearest, is_flag(setting) ? setting->key : NULL);
    }
    cli_nearest_try(&nearest, "help");
    cli_nearest_try(&nearest, "version");
    return nearest.best;
}

/* The first command with an option of that name, or NULL. */
static const cli_command *owner_of(const parser *p, brn_str name)
{
    for (const cli_command *const *c = p->commands; *c != NULL; c++) {
        for (const cli_opt *opt = (*c)->opts; opt != NULL && opt->name != NULL; opt++) {
            if (brn_str_eq_c(name, opt->name)) {
                return *c;
            }
        }
    }
    return NULL;
}

static bool unknown_long(parser *p, brn_str name)
{
    const cli_command *owner = p->out->command == NULL ? owner_of(p, name) : NULL;
    const char *nearest = nearest_long(p, name);
    const char *hint = see_help(p);

    if (owner != NULL) {
        hint = brn_arena_printf(
            p->arena, "It is an option of brant %s: put it behind that name.", owner->name);
    } else if (nearest != NULL) {
        hint = brn_arena_printf(p->arena, "Did you mean --%s?", nearest);
    }
    return fail(
        p, "cli.unknown_option",
        brn_arena_printf(p->arena, "unknown option \"--%.*s\"", BRN_STR_ARG(name)), hint);
}

static bool parse_long(parser *p, const char *word)
{
    brn_str rest = brn_str_from(word + 2);
    brn_str name;
    const char *value = NULL;
    const char *where;
    option_ref ref;

    (void)brn_str_split(&rest, '=', &name);
    if (strlen(word + 2) > name.len) {
        value = word + 2 + name.len + 1;
    }
    where = brn_arena_printf(p->arena, "--%.*s", BRN_STR_ARG(name));
    ref = find_long(p, name);
    if (where == NULL) {
        return false;
    }
    if (!is_known(ref)) {
        return unknown_long(p, name);
    }
    if (value != NULL && (ref.builtin != NULL || (ref.own != NULL && !takes_value(ref)))) {
        return fail(
            p, "cli.surplus_value", brn_arena_printf(p->arena, "option %s takes no value", where),
            see_help(p));
    }
    if (value == NULL && takes_value(ref)) {
        value = next_value(p, ref, where);
        if (value == NULL) {
            return false;
        }
    }
    return store(p, ref, where, value);
}

static bool parse_letters(parser *p, const char *word)
{
    for (const char *at = word + 1; *at != '\0'; at++) {
        const char *where = brn_arena_printf(p->arena, "-%c", *at);
        option_ref ref = find_letter(p, *at);
        const char *value = NULL;

        if (where == NULL) {
            return false;
        }
        if (!is_known(ref)) {
            /* Not %c: half of a character of several bytes would be no text. */
            return fail(
                p, "cli.unknown_option",
                (unsigned char)*at < 0x80
                    ? brn_arena_printf(p->arena, "unknown option \"%s\"", where)
                    : "unknown option letter",
                see_help(p));
        }
        if (!takes_value(ref)) {
            if (!store(p, ref, where, NULL)) {
                return false;
            }
            continue;
        }
        value = at[1] != '\0' ? at + 1 : next_value(p, ref, where);
        return value != NULL && store(p, ref, where, value);
    }
    return true;
}

/* --- words ------------------------------------------------------------------------------------ */

static bool choose_command(parser *p, const cli_command *command)
{
    p->out->command = command;
    p->out->values = brn_arena_alloc(p->arena, command->args_size);
    if (command->run == NULL) {
        return fail(
            p, "cli.not_built",
            brn_arena_printf(p->arena, "brant %s is not in this version", command->name),
            "See brant help for what is.");
    }
    return p->out->values != NULL;
}

static bool unknown_command(parser *p, const char *word)
{
    cli_nearest nearest;

    if (cli_argv_is_secret(word) || strchr(word, ':') != NULL) {
        return fail(
            p, "cli.unknown_command", "a URL stands where a command should be",
            "Name the database with -d URL, and a command: see brant help.");
    }
    cli_nearest_init(&nearest, brn_str_from(word));
    for (const cli_command *const *c = p->commands; *c != NULL; c++) {
        cli_nearest_try(&nearest, (*c)->name);
        cli_nearest_try(&nearest, (*c)->alias);
    }
    return fail(
        p, "cli.unknown_command", brn_arena_printf(p->arena, "unknown command \"%s\"", word),
        nearest.best != NULL ? brn_arena_printf(p->arena, "Did you mean brant %s?", nearest.best)
                             : "See brant help.");
}

static bool parse_word(parser *p, const char *word)
{
    const cli_command *command;
    const char **slot;

    if (p->out->command == NULL || p->prefix) {
        command = cli_command_find(p->commands, word);
        if (command != NULL) {
            p->prefix = p->out->command == NULL && strcmp(word, "migrate") == 0;
            return choose_command(p, command);
        }
        if (p->out->command == NULL) {
            return unknown_command(p, word);
        }
        p->prefix = false;
    }
    slot = BRN_VEC_PUSH(p->arena, &p->out->args);
    if (slot != NULL) {
        *slot = word;
    }
    return slot != NULL;
}

static bool parse_next(parser *p)
{
    const char *word = p->argv[p->next++];

    if (p->args_only || !is_option(word)) {
        return parse_word(p, word);
    }
    if (strcmp(word, "--") == 0) {
        p->args_only = true;
        return true;
    }
    return word[1] == '-' ? parse_long(p, word) : parse_letters(p, word);
}

static bool check_args(parser *p)
{
    const cli_command *command = p->out->command;
    size_t count = p->out->args.count;
    const char *surplus;

    if (command == NULL || p->out->help || p->out->version) {
        return true;
    }
    if (count < command->min_args) {
        return fail(
            p, "cli.missing_argument",
            brn_arena_printf(
                p->arena, "brant %s needs an argument: %s", command->name, command->arg),
            see_help(p));
    }
    if (count <= command->max_args) {
        return true;
    }
    surplus = p->out->args.items[command->max_args];
    return fail(
        p, "cli.surplus_argument",
        cli_argv_is_secret(surplus)
            ? "a URL stands where no argument is expected"
            : brn_arena_printf(p->arena, "brant %s does not expect \"%s\"", command->name, surplus),
        cli_argv_is_secret(surplus) ? "Name the database with -d URL." : see_help(p));
}

bool cli_options_parse(
    cli_parse *out,
    brn_arena *arena,
    const cli_command *const *commands,
    int argc,
    const char *const *argv,
    cli_failure *failure)
{
    parser p = { .out = out,
                 .arena = arena,
                 .commands = commands,
                 .argv = argv,
                 .argc = argc > 0 ? (size_t)argc : 0,
                 .next = 1,
                 .failure = failure };
    bool ok = true;

    *out = (cli_parse){ 0 };
    while (ok && p.next < p.argc) {
        ok = parse_next(&p);
    }
    ok = ok && check_args(&p);
    if (arena->oom) {
        *failure = (cli_failure){ BRANT_ENOMEM, "core.out_of_memory", "out of memory", NULL };
        return false;
    }
    return ok;
}

const char *cli_parse_flag(const cli_parse *parse, const char *key)
{
    for (size_t i = 0; i < parse->flags.count; i++) {
        if (strcmp(parse->flags.items[i].setting->key, key) == 0) {
            return parse->flags.items[i].value;
        }
    }
    return NULL;
}

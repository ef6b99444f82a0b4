/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "text/directive.h"

static brant_status read_text(brn_props *props, brn_arena *arena, brn_str text, brant_error **err)
{
    brn_script script = { .file = "001.sql", .text = text, .line = 1, .column = 1 };

    return brn_directives_read(props, arena, &brn_dialect_sqlite, &script, err);
}

/* Reads what has to be right. */
static brn_props read_good(brn_arena *arena, const char *text)
{
    brn_props props;
    brant_error *err = NULL;

    brn_props_init(&props);
    if (read_text(&props, arena, brn_str_from(text), &err) != BRANT_OK) {
        fail_msg("%s: %s", text, brant_error_message(err));
    }
    return props;
}

/* --- values ----------------------------------------------------------------------------------- */

static void assert_defaults(const brn_props *props)
{
    assert_int_equal(props->requires.count, 0);
    assert_false(props->has_requires);
    assert_false(props->required);
    assert_null(props->min_read_version);
    assert_int_equal(props->kind, BRN_KIND_SQL);
    assert_int_equal(props->phase, BRN_PHASE_NONE);
    assert_int_equal(props->transaction, BRN_SWITCH_AUTO);
    assert_int_equal(props->foreign_keys, BRN_SWITCH_AUTO);
    assert_int_equal(props->placeholders, BRN_SWITCH_AUTO);
    assert_false(props->idempotent);
    assert_int_equal(props->timeout_ms, -1);
    assert_int_equal(props->lock_timeout_ms, -1);
    assert_null(props->help);
    assert_int_equal(props->transaction_line, 0);
}

static const char *const ordinary[] = {
    "",
    "-- a comment\nSELECT 1;",
    "-- brant is great\n",
    "-- BRANT: up\n",
    "-- a brant: requires=x\n",
    "--- brant: requires=x\n",
    "-- brantx: requires=x\n",
    "SELECT '-- brant: requires=x';\nSELECT '\n-- brant: x=y\n';",
    "SELECT 1 /*\n-- brant: x=y\n*/;",
    "-- brant: up\nSELECT 1;\n-- brant: down",
    "--brant:Up\r\n--   brant:   DOWN  \r\n",
};

static const char *const near_misses[] = {
    "-- brant requires=x\n",
    "-- Brant: requires=x\n",
    "-- BRANT:requires=x\n",
    "/* brant: requires=x */",
    "-- a comment\n/*brant: timeout=5m */ SELECT 1;",
};

static void near_misses_are_not_passed_over(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(near_misses); i++) {
        brn_script script = {
            .file = "f.sql", .text = brn_str_from(near_misses[i]), .line = 1, .column = 1
        };
        brn_arena arena = { 0 };
        brn_props props;
        brant_error *err = NULL;

        brn_props_init(&props);
        print_message("  %s\n", near_misses[i]);
        assert_int_equal(
            brn_directives_read(&props, &arena, &brn_dialect_sqlite, &script, &err), BRANT_EPARSE);
        assert_string_equal(brant_error_id(err), "directive.malformed");
        brant_error_free(err);
        brn_arena_release(&arena);
    }
}

static void other_comments_are_no_directives(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(ordinary); i++) {
        brn_arena arena = { 0 };
        brn_props props = read_good(&arena, ordinary[i]);
        assert_defaults(&props);
        brn_arena_release(&arena);
    }
}

static void all_keys_are_read(void **state)
{
    brn_arena arena = { 0 };
    brn_props props = read_good(
        &arena,
        "/* licence */\n"
        "-- brant: required=true min-read-version=1.4.0\tkind=manual   phase=contract\r\n"
        "--brant:transaction=off foreign-keys=on placeholders=off idempotent=true\n"
        ";-- words between\n"
        "  --   brant:  timeout=1m30s lock-timeout=500ms help=\"Say \\\"go\\\", then \\\\o/ =\"  \n"
        "SELECT 1;");

    (void)state;
    assert_true(props.required);
    assert_string_equal(props.min_read_version, "1.4.0");
    assert_int_equal(props.kind, BRN_KIND_MANUAL);
    assert_int_equal(props.phase, BRN_PHASE_CONTRACT);
    assert_int_equal(props.transaction, BRN_SWITCH_OFF);
    assert_int_equal(props.transaction_line, 3);
    assert_int_equal(props.foreign_keys, BRN_SWITCH_ON);
    assert_int_equal(props.placeholders, BRN_SWITCH_OFF);
    assert_true(props.idempotent);
    assert_int_equal(props.timeout_ms, 90000);
    assert_int_equal(props.lock_timeout_ms, 500);
    assert_string_equal(props.help, "Say \"go\", then \\o/ =");
    brn_arena_release(&arena);
}

static void other_values_are_read(void **state)
{
    brn_arena arena = { 0 };
    brn_props props = read_good(
        &arena, "-- brant: required=false kind=sql phase=expand transaction=on idempotent=false "
                "foreign-keys=off placeholders=on timeout=0 lock-timeout=2 help=x "
                "min-read-version=\"12\"");

    (void)state;
    assert_false(props.required);
    assert_int_equal(props.kind, BRN_KIND_SQL);
    assert_int_equal(props.phase, BRN_PHASE_EXPAND);
    assert_int_equal(props.transaction, BRN_SWITCH_ON);
    assert_int_equal(props.foreign_keys, BRN_SWITCH_OFF);
    assert_int_equal(props.placeholders, BRN_SWITCH_ON);
    assert_int_equal(props.timeout_ms, 0);
    assert_int_equal(props.lock_timeout_ms, 2000);
    assert_string_equal(props.help, "x");
    assert_string_equal(props.min_read_version, "12");
    props = read_good(&arena, "-- brant: phase=migrate transaction=auto");
    assert_int_equal(props.phase, BRN_PHASE_MIGRATE);
    assert_int_equal(props.transaction, BRN_SWITCH_AUTO);
    assert_int_equal(props.transaction_line, 1);
    brn_arena_release(&arena);
}

static void requires_keeps_each_id_with_its_place(void **state)
{
    brn_arena arena = { 0 };
    brn_props props =
        read_good(&arena, "\n-- brant: help=\"\xc3\xa4\" requires=003_users,events:002_log,1.1.0");

    (void)state;
    assert_true(props.has_requires);
    assert_int_equal(props.requires.count, 3);
    assert_string_equal(props.requires.items[0].id, "003_users");
    assert_int_equal(props.requires.items[0].line, 2);
    assert_int_equal(props.requires.items[0].column, 29);
    assert_string_equal(props.requires.items[1].id, "events:002_log");
    assert_int_equal(props.requires.items[1].column, 39);
    assert_string_equal(props.requires.items[2].id, "1.1.0");
    assert_int_equal(props.requires.items[2].column, 54);

    props = read_good(&arena, "-- brant: requires=\"a,b\"");
    assert_int_equal(props.requires.count, 2);
    assert_string_equal(props.requires.items[1].id, "b");
    assert_int_equal(props.requires.items[1].column, 23);
    brn_arena_release(&arena);
}

static void requires_none_is_an_empty_list_that_was_given(void **state)
{
    brn_arena arena = { 0 };
    brn_props props = read_good(&arena, "-- brant: requires=none");

    (void)state;
    assert_true(props.has_requires);
    assert_int_equal(props.requires.count, 0);
    brn_arena_release(&arena);
}

static void the_head_of_a_section_adds_to_the_head_of_the_file(void **state)
{
    brn_arena arena = { 0 };
    brn_props props =
        read_good(&arena, "-- brant: requires=a required=true timeout=1s transaction=on");

    (void)state;
    assert_int_equal(
        read_text(&props, &arena, BRN_STR("-- brant: requires=b\n\n-- brant: timeout=2s"), NULL),
        BRANT_OK);
    assert_int_equal(props.requires.count, 2);
    assert_string_equal(props.requires.items[0].id, "a");
    assert_string_equal(props.requires.items[1].id, "b");
    assert_true(props.required);
    assert_int_equal(props.timeout_ms, 2000);
    assert_int_equal(props.transaction, BRN_SWITCH_ON);
    brn_arena_release(&arena);
}

/* --- mistakes --------------------------------------------------------------------------------- */

static const struct bad_case {
    const char *text;
    const char *id;
    uint32_t line;
    uint32_t column;
    const char *hint; /* a part of it */
} bad_cases[] = {
    { "-- brant: require=a", "directive.unknown_key", 1, 11, "Did you mean \"requires\"?" },
    { "-- brant: min_read_version=1", "directive.unknown_key", 1, 11, "\"min-read-version\"?" },
    { "-- brant: Timeout=1", "directive.unknown_key", 1, 11, "Did you mean \"timeout\"?" },
    { "-- brant: timeou=1", "directive.unknown_key", 1, 11, "Did you mean \"timeout\"?" },
    { "-- brant: txn=off", "directive.unknown_key", 1, 11, "Known are requires, required, " },
    { "-- brant: \xc3\xa4=1", "directive.unknown_key", 1, 11, "Known are" },
    { "\n\t-- brant: required=true \xc3\xa4\xc3\xb6=1", "directive.unknown_key", 2, 26, "Known" },
    { "-- brant: help=a b=c", "directive.unknown_key", 1, 18, "Known are" },
    { "-- brant: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1",
      "directive.unknown_key", 1, 11, "Known are" },

    { "-- brant: timeout=1s timeout=1s", "directive.duplicate_key", 1, 22, "line 1" },
    { "-- brant: help=a\n\n-- brant: kind=sql help=b", "directive.duplicate_key", 3, 20, "line 1" },
    { "-- brant: requires=a\n--brant: requires=b", "directive.duplicate_key", 2, 10, "line 1" },

    { "-- brant: required=yes", "directive.bad_value", 1, 20, "true or false" },
    { "-- brant: required=True", "directive.bad_value", 1, 20, "true or false" },
    { "-- brant: required=", "directive.bad_value", 1, 20, "true or false" },
    { "-- brant: required= true", "directive.bad_value", 1, 20, "true or false" },
    { "-- brant: help=\"\"", "directive.bad_value", 1, 17, "double quotes" },
    { "-- brant: kind=exec", "directive.bad_value", 1, 16, "sql, manual, or code" },
    { "-- brant: kind=x", "directive.bad_value", 1, 16, "sql, manual, or code" },
    { "-- brant: repeatable=yes", "directive.bad_value", 1, 22, "true or false" },
    { "-- brant: phase=none", "directive.bad_value", 1, 17, "expand, migrate or contract" },
    { "-- brant: transaction=false", "directive.bad_value", 1, 23, "auto, on or off" },
    { "-- brant: foreign-keys=auto", "directive.bad_value", 1, 24, "on or off" },
    { "-- brant: placeholders=auto", "directive.bad_value", 1, 24, "on or off" },
    { "-- brant: idempotent=1", "directive.bad_value", 1, 22, "true or false" },
    { "-- brant: timeout=5x", "directive.bad_value", 1, 19, "30s, 5m" },
    { "-- brant: timeout=-1", "directive.bad_value", 1, 19, "30s, 5m" },
    { "-- brant: lock-timeout=\"1 s\"", "directive.bad_value", 1, 25, "30s, 5m" },
    { "-- brant: min-read-version=v1.2", "directive.bad_value", 1, 28, "1.4.0" },
    { "-- brant: min-read-version=1.", "directive.bad_value", 1, 28, "1.4.0" },
    { "-- brant: min-read-version=1..2", "directive.bad_value", 1, 28, "1.4.0" },
    { "-- brant: requires=", "directive.bad_value", 1, 20, "requires=none" },
    { "-- brant: requires=a,,b", "directive.bad_value", 1, 22, "requires=none" },
    { "-- brant: requires=a,", "directive.bad_value", 1, 22, "requires=none" },
    { "-- brant: requires=a,none", "directive.bad_value", 1, 22, "requires=none" },
    { "-- brant: requires=\"a, b\"", "directive.bad_value", 1, 23, "no spaces" },
    { "-- brant: requires=:a", "directive.bad_value", 1, 20, "requires=none" },
    { "-- brant: requires=db:", "directive.bad_value", 1, 20, "requires=none" },
    { "-- brant: requires=a:b:c", "directive.bad_value", 1, 20, "requires=none" },
    { "-- brant: requires=\"a\\\"b\"", "directive.bad_value", 1, 21, "requires=none" },

    { "-- brant:", "directive.malformed", 1, 1, "key=value" },
    { "SELECT 1;\n-- brant:", "directive.misplaced", 2, 1, "above the first" },
    { "-- brant: required", "directive.malformed", 1, 11, "key=value" },
    { "-- brant: up now", "directive.malformed", 1, 11, "key=value" },
    { "-- brant: timeout = 5", "directive.malformed", 1, 11, "without spaces" },
    { "-- brant: =5", "directive.malformed", 1, 11, "key=value" },
    { "-- brant: required=true, idempotent=true", "directive.bad_value", 1, 20, "true or false" },
    { "-- brant: requires=a, b", "directive.bad_value", 1, 22, "no spaces" },
    { "-- brant: help=\"a", "directive.malformed", 1, 16, "double quotes" },
    { "-- brant: help=\"a\\", "directive.malformed", 1, 18, "\\\\ for a backslash" },
    { "-- brant: help=\"a\\n\"", "directive.malformed", 1, 18, "\\\\ for a backslash" },
    { "-- brant: help=\"a\"b", "directive.malformed", 1, 19, "double quotes" },
    { "-- brant: help=a\"b\"", "directive.malformed", 1, 17, "double quotes" },
    { "-- brant: required=true\rSELECT 1;", "directive.malformed", 1, 24, "line feed" },
    { "-- brant:\rrequired=true", "directive.malformed", 1, 10, "line feed" },

    { "SELECT 1;\n  -- brant: required=true", "directive.misplaced", 2, 3, "above the first" },
    { "SELECT -- brant: required=true\n1", "directive.misplaced", 1, 8, "above the first" },
    { "SELECT 1; -- brant: required=true", "directive.misplaced", 1, 11, "above the first" },
    { "SELECT 1;\n-- brant: nonsense", "directive.misplaced", 2, 1, "ordinary comment" },

    { "SELECT 'x", "text.unterminated_string", 1, 8, "single quote" },
};

static void mistakes_are_reported_with_place_and_remedy(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(bad_cases); i++) {
        const struct bad_case *c = &bad_cases[i];
        brn_arena arena = { 0 };
        brn_props props;
        brant_error *err = NULL;
        brn_props_init(&props);
        if (read_text(&props, &arena, brn_str_from(c->text), &err) != BRANT_EPARSE ||
            strcmp(brant_error_id(err), c->id) != 0 || brant_error_line(err) != c->line ||
            brant_error_column(err) != c->column ||
            strstr(brant_error_hint(err), c->hint) == NULL) {
            fail_msg(
                "%s: %s at %u:%u: %s", c->text, brant_error_id(err), brant_error_line(err),
                brant_error_column(err), brant_error_hint(err));
        }
        assert_string_equal(brant_error_file(err), "001.sql");
        assert_defaults(&props);
        brant_error_free(err);
        brn_arena_release(&arena);
    }
}

static void an_unknown_word_is_shown_shortened(void **state)
{
    char text[400] = "-- brant: ";
    brn_arena arena = { 0 };
    brn_props props;
    brant_error *err = NULL;

    (void)state;
    for (size_t i = 0; i < 100; i++) {
        memcpy(text + 11 + i * 3, "\xe6\x97\xa5", 3);
    }
    text[10] = 'x';
    text[311] = '=';
    brn_props_init(&props);
    assert_int_equal(read_text(&props, &arena, brn_str_from(text), &err), BRANT_EPARSE);
    assert_true(strlen(brant_error_message(err)) < 100);
    assert_int_equal(brn_str_utf8_invalid_at(brn_str_from(brant_error_message(err))), SIZE_MAX);
    brant_error_free(err);
    brn_arena_release(&arena);
}

static void a_directive_at_the_end_of_a_large_file_is_found(void **state)
{
    static const char line[] = "INSERT INTO t VALUES (1, 'two', \"three\"); -- four\n";
    static const char last[] = "-- brant: transaction=off";
    const size_t lines = 200000;
    size_t size = lines * (sizeof(line) - 1) + sizeof(last) - 1;
    brn_arena arena = { 0 };
    brn_props props;
    brant_error *err = NULL;
    char *text = malloc(size);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < lines; i++) {
        memcpy(text + i * (sizeof(line) - 1), line, sizeof(line) - 1);
    }
    memcpy(text + size - (sizeof(last) - 1), last, sizeof(last) - 1);
    brn_props_init(&props);
    assert_int_equal(read_text(&props, &arena, (brn_str){ text, size }, &err), BRANT_EPARSE);
    assert_string_equal(brant_error_id(err), "directive.misplaced");
    assert_int_equal(brant_error_line(err), lines + 1);
    brant_error_free(err);
    free(text);
    brn_arena_release(&arena);
}

static void out_of_memory_leaves_the_properties_alone(void **state)
{
    brn_arena arena = { .oom = true };
    brn_props props;
    brant_error *err = NULL;

    (void)state;
    brn_props_init(&props);
    assert_int_equal(
        read_text(&props, &arena, BRN_STR("-- brant: required=true requires=a"), &err),
        BRANT_ENOMEM);
    assert_defaults(&props);
    brant_error_free(err);
    err = NULL;
    assert_int_equal(
        read_text(&props, &arena, BRN_STR("-- brant: help=\"a b\""), &err), BRANT_ENOMEM);
    assert_defaults(&props);
    brant_error_free(err);
}

static void kinds_and_phases_have_names(void **state)
{
    (void)state;
    assert_string_equal(brn_kind_name(BRN_KIND_SQL), "sql");
    assert_string_equal(brn_kind_name(BRN_KIND_CODE), "code");
    assert_string_equal(brn_kind_name(BRN_KIND_EXEC), "exec");
    assert_string_equal(brn_kind_name(BRN_KIND_MANUAL), "manual");
    assert_string_equal(brn_kind_name((brn_kind)9), "unknown");
    assert_string_equal(brn_phase_name(BRN_PHASE_NONE), "");
    assert_string_equal(brn_phase_name(BRN_PHASE_EXPAND), "expand");
    assert_string_equal(brn_phase_name(BRN_PHASE_MIGRATE), "migrate");
    assert_string_equal(brn_phase_name(BRN_PHASE_CONTRACT), "contract");
    assert_string_equal(brn_phase_name((brn_phase)9), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_comments_are_no_directives),
        cmocka_unit_test(near_misses_are_not_passed_over),
        cmocka_unit_test(all_keys_are_read),
        cmocka_unit_test(other_values_are_read),
        cmocka_unit_test(requires_keeps_each_id_with_its_place),
        cmocka_unit_test(requires_none_is_an_empty_list_that_was_given),
        cmocka_unit_test(the_head_of_a_section_adds_to_the_head_of_the_file),
        cmocka_unit_test(mistakes_are_reported_with_place_and_remedy),
        cmocka_unit_test(an_unknown_word_is_shown_shortened),
        cmocka_unit_test(a_directive_at_the_end_of_a_large_file_is_found),
        cmocka_unit_test(out_of_memory_leaves_the_properties_alone),
        cmocka_unit_test(kinds_and_phases_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

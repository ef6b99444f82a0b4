/* SPDX-License-Identifier: Apache-2.0 */
#include "layouts/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/layout_fixture.h"

/* --- texts ------------------------------------------------------------------------------------ */

#define BOM "\xef\xbb\xbf"

/* Files of the second column have the digests of those in the first. */
static const struct digest_case {
    const char *label;
    const char *name;
    const char *a;
    const char *b;
    bool same_up;
    bool same_down;
} digest_cases[] = {
    { "mark and CRLF", "1_a.up.sql", "SELECT 1;\nSELECT 2;\n", BOM "SELECT 1;\r\nSELECT 2;\r\n",
      true, true },
    { "lone CR", "1_a.up.sql", "SELECT 1;\n\n", "SELECT 1;\r\r", true, true },
    { "another text", "1_a.up.sql", "SELECT 1;\n", "SELECT 1; \n", false, true },
    { "sections with mark and CRLF", "1_a.sql",
      "-- x\n-- brant: up\n\nSELECT 1;\n-- brant: down\n\nSELECT 2;\n",
      BOM "-- x\r\n-- brant: up\r\n\r\nSELECT 1;\r\n-- brant: down\r\n\r\nSELECT 2;\r\n", true,
      true },
    { "mended down section", "1_a.sql", "-- brant: up\nSELECT 1;\n-- brant: down\nSELECT 2;\n",
      "-- brant: up\nSELECT 1;\n-- brant: down\nSELECT 3;\n", true, false },
    { "mended up section", "1_a.sql", "-- brant: up\nSELECT 1;\n-- brant: down\nSELECT 2;\n",
      "-- brant: up\nSELECT 4;\n-- brant: down\nSELECT 2;\n", false, true },
    { "head", "1_a.sql", "-- brant: up\nSELECT 1;\n-- brant: down\nSELECT 2;\n",
      "-- brant: timeout=3\n-- brant: up\nSELECT 1;\n-- brant: down\nSELECT 2;\n", false, true },
    { "marker of another tool", "1_a.sql", "-- brant: up\nSELECT 1;\n-- brant: down\nSELECT 2;\n",
      "-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;\n", true, true },
};

static void test_digests(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(digest_cases); i++) {
        const struct digest_case *c = &digest_cases[i];
        brn_source a;
        brn_down_script down;
        const brn_source *b;
        layout_fixture f;
        print_message("  %s\n", c->label);
        layout_start(&f);
        tree_write(&f.dir, c->name, c->a);
        layout_read_ok(&f);
        a = *f.set.items.items[0];
        down = *a.down; /* the memory goes with the next reading */
        tree_write(&f.dir, c->name, c->b);
        layout_read_ok(&f);
        b = f.set.items.items[0];
        assert_int_equal(strcmp(a.up_digest, b->up_digest) == 0, c->same_up);
        assert_int_equal(strcmp(down.digest, b->down->digest) == 0, c->same_down);
        layout_stop(&f);
    }
}

static const struct section_case {
    const char *label;
    const char *text;
    const char *up;
    const char *down; /* NULL: none */
    uint32_t up_line;
    brn_switch up_transaction;
    brn_switch down_transaction;
} section_cases[] = {
    { "no markers", "SELECT 1;\n", "SELECT 1;\n", NULL, 1, BRN_SWITCH_AUTO, BRN_SWITCH_AUTO },
    { "ours", "-- brant: required=true\n-- brant: up\nSELECT 1;\n-- brant: down\nSELECT 2;\n",
      "SELECT 1;\n", "SELECT 2;\n", 3, BRN_SWITCH_AUTO, BRN_SWITCH_AUTO },
    { "empty down", "-- brant: up\n-- brant: down\n", "", "", 2, BRN_SWITCH_AUTO, BRN_SWITCH_AUTO },
    { "goose",
      "-- +goose NO TRANSACTION\n-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n"
      "-- +goose StatementEnd\n-- +goose Down\nSELECT 2;\n",
      "-- +goose StatementBegin\nSELECT 1;\n-- +goose StatementEnd\n", "SELECT 2;\n", 3,
      BRN_SWITCH_OFF, BRN_SWITCH_OFF },
    { "dbmate", "-- migrate:up transaction:false\nSELECT 1;\n\n-- migrate:down\nSELECT 2;\n",
      "SELECT 1;\n\n", "SELECT 2;\n", 2, BRN_SWITCH_OFF, BRN_SWITCH_AUTO },
    { "marker inside a string", "SELECT '\n-- brant: down\n';\n", "SELECT '\n-- brant: down\n';\n",
      NULL, 1, BRN_SWITCH_AUTO, BRN_SWITCH_AUTO },
};

static void open_ok(const layout_fixture *f, brn_script *script, brn_buf *buf, bool down)
{
    brant_status st = brn_source_open(
        script, buf, f->set.items.items[0], down, f->opts.dialect, LAYOUT_MAX_BYTES, NULL);

    assert_int_equal(st, BRANT_OK);
}

static void test_sections(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(section_cases); i++) {
        const struct section_case *c = &section_cases[i];
        brn_script script = { 0 };
        brn_buf buf = { 0 };
        const brn_source *s;
        layout_fixture f;
        print_message("  %s\n", c->label);
        layout_start(&f);
        tree_write(&f.dir, "001_a.sql", c->text);
        layout_read_ok(&f);
        s = layout_find_source(&f, "001_a");
        assert_true(s->sections);
        assert_int_equal(s->up_transaction, c->up_transaction);
        assert_int_equal(s->down->transaction, c->down_transaction);
        assert_int_equal(s->up_bytes, strlen(c->up));
        open_ok(&f, &script, &buf, false);
        layout_assert_str(script.text, c->up);
        assert_int_equal(script.line, c->up_line);
        assert_string_equal(script.file, tree_path(&f.dir, "001_a.sql"));
        if (c->down != NULL) {
            assert_string_equal(s->down_path, s->up_path);
            open_ok(&f, &script, &buf, true);
            layout_assert_str(script.text, c->down);
        } else {
            assert_null(s->down_path);
        }
        brn_buf_release(&buf);
        layout_stop(&f);
    }
}

/* It is looked for many bytes at a time: at every distance from the beginning and from the end. */
static void test_markers_anywhere(void **state)
{
    static const char front[] =
        "-- gradual breadth, good mirrors, imported bricks, good bread, milk, "
        "the mighty bridge goes over the broad river, my brother";
    static const char *const backs[] = { "", "\n", "\nSELECT 1;\n",
                                         "\nSELECT 'mi', 'go', 'br', 'bra', 'brand';\n" };

    (void)state;
    for (size_t pad = 2; pad < sizeof(front); pad++) {
        for (size_t b = 0; b < BRN_ARRAY_LEN(backs); b++) {
            const brn_source *s;
            char text[512];
            layout_fixture f;

            layout_start(&f);
            (void)snprintf(text, sizeof(text), "%.*s\n-- brant: x=1%s", (int)pad, front, backs[b]);
            tree_write(&f.dir, "2_bad.up.sql", text);
            assert_int_equal(layout_read_dir(&f), BRANT_EPARSE);
            (void)snprintf(text, sizeof(text), "%.*s\n-- +goose Up%s", (int)pad, front, backs[b]);
            tree_write(&f.dir, "2_bad.up.sql", text);
            assert_int_equal(layout_read_dir(&f), BRANT_EPARSE);
            assert_string_equal(brant_error_id(f.err), "layout.mixed");
            (void)snprintf(
                text, sizeof(text), "%.*s\n-- brant: required=true%s", (int)pad, front, backs[b]);
            tree_write(&f.dir, "2_bad.up.sql", text);
            (void)snprintf(text, sizeof(text), "%.*s%s", (int)pad, front, backs[b]);
            tree_write(&f.dir, "1_plain.up.sql", text);
            layout_read_ok(&f);
            s = layout_find_source(&f, "2_bad");
            assert_true(s->props->required);
            s = layout_find_source(&f, "1_plain");
            assert_ptr_equal(s->props, &brn_no_props);
            layout_stop(&f);
        }
    }
}

static void test_directives(void **state)
{
    layout_fixture f;
    const brn_source *s;

    (void)state;
    layout_start(&f);
    tree_write(
        &f.dir, "1_a.up.sql",
        "-- brant: requires=none timeout=5s transaction=off phase=expand\nSELECT 1;\n");
    tree_write(
        &f.dir, "1_a.down.sql",
        "-- brant: timeout=7s lock-timeout=2s transaction=on foreign-keys=off\n"
        "-- brant: placeholders=on idempotent=true\nSELECT 1;\n");
    layout_read_ok(&f);
    s = layout_find_source(&f, "1_a");
    assert_true(s->props->has_requires);
    assert_int_equal(s->props->timeout_ms, 5000);
    assert_int_equal(s->props->transaction, BRN_SWITCH_OFF);
    assert_int_equal(s->props->phase, BRN_PHASE_EXPAND);
    assert_int_equal(s->props->lock_timeout_ms, -1);
    assert_false(s->props->idempotent);
    assert_int_equal(s->down->props.timeout_ms, 7000);
    assert_int_equal(s->down->props.lock_timeout_ms, 2000);
    assert_int_equal(s->down->props.transaction, BRN_SWITCH_ON);
    assert_int_equal(s->down->props.foreign_keys, BRN_SWITCH_OFF);
    assert_int_equal(s->down->props.placeholders, BRN_SWITCH_ON);
    assert_true(s->down->props.idempotent);
    layout_stop(&f);
}

static void test_directives_of_sections(void **state)
{
    layout_fixture f;
    const brn_source *s;

    (void)state;
    layout_start(&f);
    tree_write(
        &f.dir, "1_a.sql",
        "-- brant: requires=000_z lock-timeout=1s\n-- brant: up\n-- brant: timeout=5s\n"
        "SELECT 1;\n-- brant: down\n-- brant: timeout=7s\nSELECT 2;\n");
    layout_read_ok(&f);
    s = layout_find_source(&f, "1_a");
    assert_int_equal(s->props->requires.count, 1);
    assert_string_equal(s->props->requires.items[0].id, "000_z");
    assert_int_equal(s->props->lock_timeout_ms, 1000);
    assert_int_equal(s->props->timeout_ms, 5000);
    assert_int_equal(s->down->props.lock_timeout_ms, 1000);
    assert_int_equal(s->down->props.timeout_ms, 7000);
    layout_stop(&f);
}

/* What is wrong with statements is for the splitter to say. */
static void test_statements_are_not_judged(void **state)
{
    layout_fixture f;

    (void)state;
    layout_start(&f);
    tree_write(&f.dir, "1_a.up.sql", "-- the goose\nSELECT 'open;\n");
    layout_read_ok(&f);
    layout_assert_ids(&f, "1_a");
    layout_stop(&f);
}

/* --- opening ---------------------------------------------------------------------------------- */

static brant_status open_side(layout_fixture *f, const char *id, bool down)
{
    brn_script script = { 0 };
    brn_buf buf = { 0 };
    brant_status st;

    brant_error_free(f->err);
    f->err = NULL;
    st = brn_source_open(
        &script, &buf, layout_find_source(f, id), down, f->opts.dialect, f->opts.max_file_bytes,
        &f->err);
    brn_buf_release(&buf);
    return st;
}

static void test_open_notices_a_change(void **state)
{
    layout_fixture f;

    (void)state;
    layout_start(&f);
    tree_write(&f.dir, "1_a.up.sql", "SELECT 1;\n");
    tree_write(&f.dir, "1_a.down.sql", "SELECT 2;\n");
    layout_read_ok(&f);
    assert_int_equal(open_side(&f, "1_a", false), BRANT_OK);
    assert_int_equal(open_side(&f, "1_a", true), BRANT_OK);
    tree_write(&f.dir, "1_a.up.sql", "SELECT 1;\r\n");
    assert_int_equal(open_side(&f, "1_a", false), BRANT_OK);
    tree_write(&f.dir, "1_a.up.sql", "SELECT 3;\n");
    assert_int_equal(open_side(&f, "1_a", false), BRANT_EDRIFT);
    assert_string_equal(brant_error_id(f.err), "layout.changed");
    assert_true(layout_contains(brant_error_message(f.err), "1_a.up.sql\" was changed"));
    assert_true(layout_contains(brant_error_hint(f.err), "Run the command again"));
    assert_string_equal(brant_error_file(f.err), tree_path(&f.dir, "1_a.up.sql"));
    assert_string_equal(brant_error_migration(f.err), "1_a");
    assert_int_equal(unlink(tree_path(&f.dir, "1_a.down.sql")), 0);
    assert_int_equal(open_side(&f, "1_a", true), BRANT_EIO);
    assert_string_equal(brant_error_id(f.err), "layout.unreadable");
    layout_stop(&f);
}

static void test_open_notices_a_changed_section(void **state)
{
    layout_fixture f;

    (void)state;
    layout_start(&f);
    tree_write(&f.dir, "1_a.sql", "-- brant: up\nSELECT 1;\n-- brant: down\nSELECT 2;\n");
    layout_read_ok(&f);
    tree_write(&f.dir, "1_a.sql", "-- brant: up\nSELECT 1;\n-- brant: down\nSELECT 3;\n");
    assert_int_equal(open_side(&f, "1_a", false), BRANT_OK);
    assert_int_equal(open_side(&f, "1_a", true), BRANT_EDRIFT);
    tree_write(&f.dir, "1_a.sql", "-- brant: up\nSELECT 1;\n");
    assert_int_equal(open_side(&f, "1_a", true), BRANT_EDRIFT);
    tree_write(&f.dir, "1_a.sql", "SELECT 0;\n-- brant: up\nSELECT 1;\n");
    assert_int_equal(open_side(&f, "1_a", false), BRANT_EPARSE);
    assert_string_equal(brant_error_migration(f.err), "1_a");
    layout_stop(&f);
}

static const struct missing_case {
    const char *file;
    const char *id;
    const char *wanted; /* file of the error */
    const char *hint;
} missing_cases[] = {
    { "1_a.b.up.cql", "1_a.b", "1_a.b.down.cql", "Write" },
    { "1_a.sql", "1_a", "1_a.sql", "-- brant: down" },
    { "1_a/up.sql", "1_a", "1_a/down.sql", "Write" },
    { "1_a/migration.sql", "1_a", "1_a/down.sql", "Write" },
};

static void test_open_names_the_missing_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(missing_cases); i++) {
        const struct missing_case *c = &missing_cases[i];
        layout_fixture f;
        print_message("  %s\n", c->file);
        layout_start(&f);
        tree_write(&f.dir, c->file, "SELECT 1;\n");
        layout_read_ok(&f);
        assert_int_equal(open_side(&f, c->id, true), BRANT_EUSAGE);
        assert_string_equal(brant_error_id(f.err), "layout.missing_down");
        assert_true(layout_contains(brant_error_message(f.err), c->wanted));
        assert_true(layout_contains(brant_error_hint(f.err), c->hint));
        assert_string_equal(brant_error_file(f.err), tree_path(&f.dir, c->wanted));
        assert_string_equal(brant_error_migration(f.err), c->id);
        layout_stop(&f);
    }
}

/* A set that somebody else made. */
static void test_open_without_up(void **state)
{
    brn_source source = { .id = "1_a" };
    brant_error *err = NULL;
    brn_script script;
    brn_buf buf = { 0 };

    (void)state;
    assert_int_equal(
        brn_source_open(&script, &buf, &source, false, &brn_dialect_sqlite, LAYOUT_MAX_BYTES, &err),
        BRANT_EUSAGE);
    assert_string_equal(brant_error_id(err), "layout.missing_up");
    brant_error_free(err);
    brn_buf_release(&buf);
}

/* A plain name is shown as the person wrote it. */
static void test_paths_are_as_given(void **state)
{
    layout_fixture f;
    char here[TREE_PATH_BYTES];

    (void)state;
    layout_start(&f);
    assert_non_null(getcwd(here, sizeof(here)));
    tree_write(&f.dir, "migrations/1_a.up.sql", "");
    assert_int_equal(chdir(f.dir.root), 0);
    f.opts.dir = "migrations";
    layout_read_ok(&f);
    assert_string_equal(f.set.items.items[0]->up_path, "migrations/1_a.up.sql");
    f.opts.dir = "migrations/";
    layout_read_ok(&f);
    assert_string_equal(f.set.items.items[0]->up_path, "migrations/1_a.up.sql");
    assert_int_equal(chdir("migrations"), 0);
    f.opts.dir = ".";
    layout_read_ok(&f);
    assert_string_equal(f.set.items.items[0]->up_path, "1_a.up.sql");
    assert_int_equal(chdir(here), 0);
    layout_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digests),
        cmocka_unit_test(test_sections),
        cmocka_unit_test(test_markers_anywhere),
        cmocka_unit_test(test_directives),
        cmocka_unit_test(test_directives_of_sections),
        cmocka_unit_test(test_statements_are_not_judged),
        cmocka_unit_test(test_open_notices_a_change),
        cmocka_unit_test(test_open_notices_a_changed_section),
        cmocka_unit_test(test_open_names_the_missing_file),
        cmocka_unit_test(test_open_without_up),
        cmocka_unit_test(test_paths_are_as_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

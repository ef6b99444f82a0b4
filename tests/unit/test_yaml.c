/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "core/yaml.h"

/* The tree as text: {k=scalar,l=[...]}; quoted scalars in quotes. */
static void dump(brn_buf *out, const brn_yaml *node)
{
    if (node == NULL) {
        brn_buf_add_c(out, "NULL");
        return;
    }
    if (node->kind == BRN_YAML_SCALAR) {
        brn_buf_add_c(out, node->plain ? "" : "'");
        brn_buf_add_str(out, node->text);
        brn_buf_add_c(out, node->plain ? "" : "'");
        return;
    }
    brn_buf_add_char(out, node->kind == BRN_YAML_MAP ? '{' : '[');
    for (const brn_yaml *child = node->first; child != NULL; child = child->next) {
        if (node->kind == BRN_YAML_MAP) {
            brn_buf_add_str(out, child->key);
            brn_buf_add_char(out, '=');
        }
        dump(out, child);
        brn_buf_add_c(out, child->next != NULL ? "," : "");
    }
    brn_buf_add_char(out, node->kind == BRN_YAML_MAP ? '}' : ']');
}

static const struct tree_case {
    const char *yaml;
    const char *tree;
} tree_cases[] = {
    { "", "NULL" },
    { "# only a comment\n", "NULL" },
    { "---\n", "NULL" },
    { "--- ~\n", "~" },
    { "''", "''" },
    { "word", "word" },
    { "a: 1\nb: x y\n", "{a=1,b=x y}" },
    { "a: 'q'\nb: \"\\u00e9\"\nc:\n", "{a='q',b='\xc3\xa9',c=}" },
    { "a: |\n  one\n  two\n", "{a='one\ntwo\n'}" },
    { "- a\n- [b, {c: d}]\n- []\n- {}\n", "[a,[b,{c=d}],[],{}]" },
    { "databases:\n  main: { url: \"x\", lock-id: 7 }\n  b: {}\n",
      "{databases={main={url='x',lock-id=7},b={}}}" },
    { "\xef\xbb\xbf"
      "a: 1\r\nb: 2\r\n",
      "{a=1,b=2}" },
    { "%YAML 1.1\n---\na: b\n...\n", "{a=b}" },
    { "? a\n: b\n", "{a=b}" },
    { "\"\": x\n", "{=x}" },
    { "yes: no\n<<: x\n", "{yes=no,<<=x}" },
};

static void a_document_becomes_a_tree(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(tree_cases); i++) {
        const struct tree_case *c = &tree_cases[i];
        brn_arena arena = { 0 };
        brn_buf out = { 0 };
        brn_yaml *root = NULL;
        brant_error *err = NULL;

        print_message("  %s\n", c->tree);
        assert_int_equal(
            brn_yaml_parse(&root, &arena, brn_str_from(c->yaml), "f.yaml", &err), BRANT_OK);
        assert_null(err);
        dump(&out, root);
        assert_string_equal(brn_buf_text(&out), c->tree);
        brn_buf_release(&out);
        brn_arena_release(&arena);
    }
}

static void nodes_know_where_they_stand(void **state)
{
    brn_arena arena = { 0 };
    brn_yaml *root = NULL;
    const brn_yaml *node = NULL;

    (void)state;
    assert_int_equal(
        brn_yaml_parse(&root, &arena, BRN_STR("# c\n\xc3\xa9: { k: [x, y] }\nb: z\n"), NULL, NULL),
        BRANT_OK);
    assert_int_equal(root->line, 2);
    assert_int_equal(root->column, 1);
    node = brn_yaml_find(brn_yaml_find(root, "\xc3\xa9"), "k");
    assert_int_equal(node->key_line, 2);
    assert_int_equal(node->key_column, 6);
    assert_int_equal(node->column, 9);
    assert_int_equal(node->first->next->column, 13);
    node = brn_yaml_find(root, "b");
    assert_int_equal(node->key_line, 3);
    assert_int_equal(node->key_column, 1);
    assert_int_equal(node->line, 3);
    assert_int_equal(node->column, 4);
    assert_int_equal(node->text.ptr[node->text.len], '\0');
    brn_arena_release(&arena);
}

static void find_looks_in_maps_only(void **state)
{
    brn_arena arena = { 0 };
    brn_yaml *root = NULL;

    (void)state;
    assert_null(brn_yaml_find(NULL, "a"));
    assert_int_equal(brn_yaml_parse(&root, &arena, BRN_STR("[a]"), NULL, NULL), BRANT_OK);
    assert_null(brn_yaml_find(root, "a"));
    assert_int_equal(brn_yaml_parse(&root, &arena, BRN_STR("a: b"), NULL, NULL), BRANT_OK);
    assert_null(brn_yaml_find(root, "b"));
    brn_arena_release(&arena);
}

static const struct bad_case {
    const char *name;
    const char *yaml;
    size_t len; /* 0: up to the NUL */
    const char *id;
    uint32_t line;
    uint32_t column;
    const char *message; /* part of it */
} bad_cases[] = {
    { "anchor", "a: 1\nb: &x 2\n", 0, "yaml.anchor", 2, 4, "anchors" },
    { "anchor of a list", "a: &x [1]\n", 0, "yaml.anchor", 1, 4, "anchors" },
    { "anchor of a map", "&x\na: 1\n", 0, "yaml.anchor", 1, 1, "anchors" },
    { "anchor of a key", "&x a: 1\n", 0, "yaml.anchor", 1, 1, "anchors" },
    { "alias", "a: *x\n", 0, "yaml.alias", 1, 4, "aliases" },
    { "alias as key", "*x : 1\n", 0, "yaml.alias", 1, 1, "aliases" },
    { "tag", "a: !!str 1\n", 0, "yaml.tag", 1, 4, "tags" },
    { "tag of a list", "a: !x [1]\n", 0, "yaml.tag", 1, 4, "tags" },
    { "tag of a map", "a: !x {b: 1}\n", 0, "yaml.tag", 1, 4, "tags" },
    { "second document", "a: 1\n---\nb: 2\n", 0, "yaml.documents", 2, 1, "second document" },
    { "duplicate key", "a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", 0, "yaml.duplicate_key", 5, 3,
      "key \"c\" is already in line 3, column 3" },
    { "duplicate empty key", "\"\": 1\n'': 2\n", 0, "yaml.duplicate_key", 2, 1,
      "line 1, column 1" },
    { "list as key", "? [a]\n: b\n", 0, "yaml.bad_key", 1, 3, "a key must be text" },
    { "map as key", "? {a: b}\n: b\n", 0, "yaml.bad_key", 1, 3, "a key must be text" },
    { "tab as indentation", "a:\n\tb: 1\n", 0, "yaml.syntax", 2, 1, "cannot start any token" },
    { "bad indentation", "a: 1\n  b: 2\n", 0, "yaml.syntax", 2, 4, "not allowed" },
    { "open list", "a: [1,\n", 0, "yaml.syntax", 2, 1, "expected" },
    { "open quote", "a: \"x\n", 0, "yaml.syntax", 2, 1, "end of stream" },
    { "invalid UTF-8", "a: 1\n\xc3\xa9: \xff\n", 0, "yaml.not_utf8", 2, 4, "UTF-8" },
    { "half a character", "a: \xc3", 0, "yaml.not_utf8", 1, 4, "UTF-8" },
    { "NUL", "a: 1\n\xc3\xa9: \0\n", 10, "yaml.bad_character", 2, 4, "control characters" },
    { "escape", "a: \033[0m\n", 0, "yaml.bad_character", 1, 4, "control characters" },
    { "DEL", "a: \177\n", 0, "yaml.bad_character", 1, 4, "control characters" },
    { "C1 control", "a: 1\nb: \xc2\x80\n", 0, "yaml.bad_character", 2, 4, "control characters" },
};

static void what_is_refused_is_named_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(bad_cases); i++) {
        const struct bad_case *c = &bad_cases[i];
        brn_str text = { c->yaml, c->len > 0 ? c->len : strlen(c->yaml) };
        brn_arena arena = { 0 };
        brn_yaml marker = { 0 };
        brn_yaml *root = &marker;
        brant_error *err = NULL;

        print_message("  %s\n", c->name);
        assert_int_equal(brn_yaml_parse(&root, &arena, text, "f.yaml", &err), BRANT_EPARSE);
        assert_ptr_equal(root, &marker);
        assert_string_equal(brant_error_id(err), c->id);
        assert_non_null(strstr(brant_error_message(err), c->message));
        assert_string_equal(brant_error_file(err), "f.yaml");
        assert_int_equal(brant_error_line(err), c->line);
        assert_int_equal(brant_error_column(err), c->column);
        brant_error_free(err);
        assert_int_equal(brn_yaml_parse(&root, &arena, text, NULL, NULL), BRANT_EPARSE);
        brn_arena_release(&arena);
    }
}

static void a_tab_gets_a_hint(void **state)
{
    brn_arena arena = { 0 };
    brn_yaml *root = NULL;
    brant_error *err = NULL;

    (void)state;
    brn_yaml_parse(&root, &arena, BRN_STR("a:\n\tb: 1\n"), "f.yaml", &err);
    assert_non_null(strstr(brant_error_hint(err), "tabs"));
    assert_non_null(brant_error_detail(err));
    brant_error_free(err);
    brn_arena_release(&arena);
}

/* `depth` lists inside each other. */
static brant_status parse_nested(size_t depth, brant_error **err)
{
    brn_arena arena = { 0 };
    brn_yaml *root = NULL;
    char text[2 * (BRN_YAML_DEPTH + 1)];
    brant_status st;

    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    st = brn_yaml_parse(&root, &arena, (brn_str){ text, 2 * depth }, NULL, err);
    brn_arena_release(&arena);
    return st;
}

static void nesting_has_a_limit(void **state)
{
    brant_error *err = NULL;

    (void)state;
    assert_int_equal(parse_nested(BRN_YAML_DEPTH, NULL), BRANT_OK);
    assert_int_equal(parse_nested(BRN_YAML_DEPTH + 1, &err), BRANT_EPARSE);
    assert_string_equal(brant_error_id(err), "yaml.too_deep");
    assert_int_equal(brant_error_column(err), BRN_YAML_DEPTH + 1);
    brant_error_free(err);
}

static void size_has_a_limit(void **state)
{
    size_t len = 1024 * 1024 + 1;
    char *text = malloc(len);
    brn_arena arena = { 0 };
    brn_yaml *root = NULL;
    brant_error *err = NULL;

    (void)state;
    assert_non_null(text);
    memset(text, '\n', len);
    assert_int_equal(
        brn_yaml_parse(&root, &arena, (brn_str){ text, len - 1 }, NULL, NULL), BRANT_OK);
    assert_int_equal(
        brn_yaml_parse(&root, &arena, (brn_str){ text, len }, "f", &err), BRANT_EPARSE);
    assert_string_equal(brant_error_id(err), "yaml.too_big");
    assert_string_equal(brant_error_file(err), "f");
    brant_error_free(err);
    brn_arena_release(&arena);
    free(text);
}

static void out_of_memory_is_reported(void **state)
{
    static const char *const texts[] = { "a", "a: b", "[a]" };

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(texts); i++) {
        brn_arena arena = { .oom = true };
        brn_yaml *root = NULL;

        assert_int_equal(
            brn_yaml_parse(&root, &arena, brn_str_from(texts[i]), NULL, NULL), BRANT_ENOMEM);
        assert_null(root);
        brn_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_becomes_a_tree),
        cmocka_unit_test(nodes_know_where_they_stand),
        cmocka_unit_test(find_looks_in_maps_only),
        cmocka_unit_test(what_is_refused_is_named_with_its_place),
        cmocka_unit_test(a_tab_gets_a_hint),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(size_has_a_limit),
        cmocka_unit_test(out_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/yaml.h"

#include <string.h>

#include <yaml.h>

#include "base/map.h"

#define YAML_MAX_BYTES ((size_t)1024 * 1024)

/* A list or map that is not closed yet. */
typedef struct frame {
    brn_yaml *node;
    brn_yaml **link; /* where the next child goes */
    brn_map keys;    /* of a map: key -> child, to find duplicates */
    bool has_key;    /* of a map: the next node is the value of the key below */
    brn_str key;
    uint32_t key_line;
    uint32_t key_column;
} frame;

typedef struct builder {
    brn_arena *arena;
    const char *file;
    brn_str text;
    frame stack[BRN_YAML_DEPTH];
    size_t depth;
    brn_yaml *root;
    unsigned documents;
} builder;

/* --- errors ----------------------------------------------------------------------------------- */

/* libyaml counts from 0. */
static uint32_t from_one(size_t n)
{
    return n < UINT32_MAX ? (uint32_t)n + 1 : UINT32_MAX;
}

static brant_status fail_at_mark(
    const builder *b, const char *id, const char *message, yaml_mark_t mark, brant_error **err)
{
    brant_status st = brn_error(err, BRANT_EPARSE, id, "%s", message);

    brn_error_at(err, b->file, from_one(mark.line), from_one(mark.column));
    return st;
}

static brant_status fail_at_byte(
    const builder *b, const char *id, const char *message, size_t at, brant_error **err)
{
    yaml_mark_t mark = { 0 };

    for (size_t i = 0; i < at && i < b->text.len; i++) {
        unsigned char c = (unsigned char)b->text.ptr[i];

        if (c == '\n') {
            mark.line++;
            mark.column = 0;
        } else if ((c & 0xc0) != 0x80) {
            mark.column++;
        }
    }
    return fail_at_mark(b, id, message, mark, err);
}

static brant_status fail_in_parser(const builder *b, const yaml_parser_t *parser, brant_error **err)
{
    const char *problem = parser->problem != NULL ? parser->problem : "syntax error";
    size_t at = parser->problem_mark.index;
    brant_status st;

    if (parser->error == YAML_MEMORY_ERROR) {
        return brn_error_oom(err);
    }
    if (parser->error == YAML_READER_ERROR) {
        return fail_at_byte(b, "yaml.bad_character", problem, parser->problem_offset, err);
    }
    st = fail_at_mark(b, "yaml.syntax", problem, parser->problem_mark, err);
    if (parser->context != NULL) {
        brn_error_detail(
            err, "It happened %s that begins in line %u, column %u.", parser->context,
            from_one(parser->context_mark.line), from_one(parser->context_mark.column));
    }
    /* `index` counts characters, so this looks at the right byte in ASCII files only: a hint. */
    if (at < b->text.len && b->text.ptr[at] == '\t') {
        brn_error_hint(err, "Indent with blanks: YAML does not allow tabs there.");
    } else {
        brn_error_hint(
            err, "Put values with special characters in quotes and check the indentation.");
    }
    return st;
}

/* --- building --------------------------------------------------------------------------------- */

static brn_str copy_scalar(brn_arena *arena, const yaml_event_t *event)
{
    brn_str text = { (const char *)event->data.scalar.value, event->data.scalar.length };

    return brn_arena_str(arena, text);
}

static brant_status take_key(builder *b, frame *top, const yaml_event_t *event, brant_error **err)
{
    brn_yaml *before = NULL;
    brant_status st;

    if (event->type != YAML_SCALAR_EVENT) {
        st = fail_at_mark(b, "yaml.bad_key", "a key must be text", event->start_mark, err);
        brn_error_hint(err, "Put text with brackets or braces in quotes.");
        return st;
    }
    top->key = copy_scalar(b->arena, event);
    top->key_line = from_one(event->start_mark.line);
    top->key_column = from_one(event->start_mark.column);
    if (b->arena->oom) {
        return brn_error_oom(err);
    }
    before = brn_map_get(&top->keys, top->key);
    if (before != NULL) {
        st = brn_error(
            err, BRANT_EPARSE, "yaml.duplicate_key", "key \"%s\" is already in line %u, column %u",
            top->key.ptr, before->key_line, before->key_column);
        brn_error_at(err, b->file, top->key_line, top->key_column);
        brn_error_hint(err, "Remove one of the two.");
        return st;
    }
    top->has_key = true;
    return BRANT_OK;
}

/* Hangs a node into the list or map that is open, or makes it the root. */
static void attach(builder *b, brn_yaml *node)
{
    frame *top = b->depth > 0 ? &b->stack[b->depth - 1] : NULL;

    if (top == NULL || top->node == NULL) {
        b->root = node;
        return;
    }
    if (top->node->kind == BRN_YAML_MAP) {
        node->key = top->key;
        node->key_line = top->key_line;
        node->key_column = top->key_column;
        top->has_key = false;
        (void)brn_map_put(&top->keys, node->key, node);
    }
    *top->link = node;
    top->link = &node->next;
}

static brant_status open_frame(
    builder *b, brn_yaml *node, const yaml_event_t *event, brant_error **err)
{
    frame *top = NULL;

    if (b->depth == BRN_YAML_DEPTH) {
        return fail_at_mark(
            b, "yaml.too_deep", "more than 16 levels inside each other", event->start_mark, err);
    }
    top = &b->stack[b->depth++];
    *top = (frame){ .node = node, .link = &node->first };
    brn_map_init(&top->keys, b->arena);
    return BRANT_OK;
}

static const yaml_char_t *event_anchor(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor;
    default:
        return event->data.mapping_start.anchor;
    }
}

static const yaml_char_t *event_tag(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.tag;
    default:
        return event->data.mapping_start.tag;
    }
}

static brant_status refuse_extras(const builder *b, const yaml_event_t *event, brant_error **err)
{
    brant_status st = BRANT_OK;

    if (event_anchor(event) != NULL) {
        st = fail_at_mark(
            b, "yaml.anchor", "anchors (&name) are not supported", event->start_mark, err);
        brn_error_hint(err, "Put a value that begins with '&' in quotes.");
    } else if (event_tag(event) != NULL) {
        st = fail_at_mark(b, "yaml.tag", "tags (!name) are not supported", event->start_mark, err);
        brn_error_hint(err, "Put a value that begins with '!' in quotes.");
    }
    return st;
}

/* A scalar, or the start of a list or map. */
static brant_status take_node(builder *b, const yaml_event_t *event, brant_error **err)
{
    frame *top = b->depth > 0 ? &b->stack[b->depth - 1] : NULL;
    brn_yaml *node = NULL;
    brant_status st = refuse_extras(b, event, err);

    if (st != BRANT_OK) {
        return st;
    }
    if (top != NULL && top->node != NULL && top->node->kind == BRN_YAML_MAP && !top->has_key) {
        return take_key(b, top, event, err);
    }
    node = brn_arena_alloc(b->arena, sizeof(*node));
    if (node == NULL) {
        return brn_error_oom(err);
    }
    node->line = from_one(event->start_mark.line);
    node->column = from_one(event->start_mark.column);
    attach(b, node);
    if (event->type == YAML_SCALAR_EVENT) {
        node->kind = BRN_YAML_SCALAR;
        node->text = copy_scalar(b->arena, event);
        node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    } else {
        node->kind = event->type == YAML_SEQUENCE_START_EVENT ? BRN_YAML_LIST : BRN_YAML_MAP;
        st = open_frame(b, node, event, err);
    }
    return b->arena->oom ? brn_error_oom(err) : st;
}

static brant_status take_event(builder *b, const yaml_event_t *event, brant_error **err)
{
    brant_status st = BRANT_OK;

    switch (event->type) {
    case YAML_SCALAR_EVENT:
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return take_node(b, event, err);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        return BRANT_OK;
    case YAML_ALIAS_EVENT:
        st = fail_at_mark(
            b, "yaml.alias", "aliases (*name) are not supported", event->start_mark, err);
        brn_error_hint(err, "Put a value that begins with '*' in quotes.");
        return st;
    case YAML_DOCUMENT_START_EVENT:
        b->documents++;
        if (b->documents > 1) {
            st = fail_at_mark(
                b, "yaml.documents", "a second document begins here", event->start_mark, err);
            brn_error_hint(err, "Keep one document in the file: remove the line \"---\".");
        }
        return st;
    default:
        return BRANT_OK;
    }
}

static brant_status run_parser(builder *b, yaml_parser_t *parser, brant_error **err)
{
    bool done = false;

    while (!done) {
        yaml_event_t event;
        brant_status st;

        if (yaml_parser_parse(parser, &event) == 0) {
            return fail_in_parser(b, parser, err);
        }
        st = take_event(b, &event, err);
        done = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (st != BRANT_OK) {
            return st;
        }
    }
    return BRANT_OK;
}

/* What libyaml would report less clearly, or without a position. */
static brant_status check_text(const builder *b, brant_error **err)
{
    size_t bad;
    brant_status st;

    if (b->text.len > YAML_MAX_BYTES) {
        st = brn_error(err, BRANT_EPARSE, "yaml.too_big", "file is larger than 1 MiB");
        brn_error_at(err, b->file, 0, 0);
        return st;
    }
    bad = brn_str_utf8_invalid_at(b->text);
    if (bad != SIZE_MAX) {
        st = fail_at_byte(b, "yaml.not_utf8", "text is not valid UTF-8", bad, err);
        brn_error_hint(err, "Save the file as UTF-8.");
        return st;
    }
    for (size_t i = 0; i < b->text.len; i++) {
        char c = b->text.ptr[i];

        if ((c >= 0 && c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f) {
            return fail_at_byte(
                b, "yaml.bad_character", "control characters are not allowed", i, err);
        }
    }
    return BRANT_OK;
}

brant_status brn_yaml_parse(
    brn_yaml **out, brn_arena *arena, brn_str text, const char *file, brant_error **err)
{
    builder b = { .arena = arena, .file = file, .text = text };
    yaml_parser_t parser;
    brant_status st;

    if (brn_str_starts(text, BRN_STR("\xef\xbb\xbf"))) {
        b.text = brn_str_slice(text, 3, text.len);
    }
    st = check_text(&b, err);
    if (st != BRANT_OK) {
        return st;
    }
    if (yaml_parser_initialize(&parser) == 0) {
        return brn_error_oom(err);
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)b.text.ptr, b.text.len);
    st = run_parser(&b, &parser, err);
    yaml_parser_delete(&parser);
    if (st != BRANT_OK) {
        return st;
    }
    if (b.root != NULL && b.root->kind == BRN_YAML_SCALAR && b.root->plain &&
        b.root->text.len == 0) {
        b.root = NULL; /* a lone "---" */
    }
    *out = b.root;
    return BRANT_OK;
}

const brn_yaml *brn_yaml_find(const brn_yaml *map, const char *key)
{
    if (map == NULL || map->kind != BRN_YAML_MAP) {
        return NULL;
    }
    for (const brn_yaml *child = map->first; child != NULL; child = child->next) {
        if (brn_str_eq_c(child->key, key)) {
            return child;
        }
    }
    return NULL;
}

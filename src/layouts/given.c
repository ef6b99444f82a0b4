/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Migrations that the host program brings. See layout.h.
 */
#include <string.h>

#include "layouts/layout_int.h"

static brant_status bad_id(const brn_given *given, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EUSAGE, "register.bad_id", "\"%s\" is not an id of a migration", given->id);

    brn_error_hint(
        err,
        "Begin it with a version and an underscore, as a file name would: \"003_split_names\"; "
        "or with \"R__\" when it is repeatable.");
    return st;
}

/* The program announced by a file, or something that a file does. */
static brant_status bind(brn_source *source, const brn_given *given, brant_error **err)
{
    brant_status st;

    if (given->up_text != NULL || source->given != NULL) {
        st = brn_error(
            err, BRANT_EUSAGE, "layout.duplicate", "\"%s\" is registered by the program and %s",
            given->id, source->given != NULL ? "registered once more" : "in a file as well");
        brn_error_hint(err, "Keep one of them.");
        brn_error_at(err, source->up_path, 0, 0);
        return st;
    }
    source->given = given;
    return BRANT_OK;
}

static brant_status add(brn_layout_reader *r, const brn_given *given, brant_error **err)
{
    brn_filename parsed;
    brn_source *source;

    brn_filename_parse(&parsed, brn_str_from(given->id), true);
    if (parsed.kind == BRN_VERSION_NONE) {
        return bad_id(given, err);
    }
    source = brn_layout_find(r, parsed.stem);
    if (source != NULL) {
        return bind(source, given, err);
    }
    source = brn_layout_source(r, &parsed);
    if (source == NULL) {
        return brn_error_oom(err);
    }
    source->given = given;
    source->in_program = true;
    source->up_path = brn_arena_printf(r->arena, "program:%s", given->id);
    source->down_path = given->down_text != NULL || given->has_down ? source->up_path : NULL;
    return r->arena->oom ? brn_error_oom(err) : BRANT_OK;
}

brant_status brn_given_collect(brn_layout_reader *r, brant_error **err)
{
    brant_status st = BRANT_OK;

    for (size_t i = 0; i < r->opts->given_count && st == BRANT_OK; i++) {
        st = add(r, r->opts->given[i], err);
    }
    return st;
}

/* --- texts ------------------------------------------------------------------------------------ */

static brant_status read_texts(brn_layout_reader *r, brn_source *source, brant_error **err)
{
    const brn_given *given = source->given;
    brn_script script = { 0 };
    brn_down_script *down;
    brant_status st = brn_script_check(&script, brn_str_from(given->up_text), source->up_path, err);

    if (st == BRANT_OK) {
        source->up_bytes = script.text.len;
        brn_source_digest(source->up_digest, script.text);
        st = brn_source_read_own_directives(source, r, &script, err);
    }
    if (st != BRANT_OK || given->down_text == NULL) {
        return st;
    }
    down = brn_source_down(r, source);
    if (down == NULL) {
        return brn_error_oom(err);
    }
    st = brn_script_check(&script, brn_str_from(given->down_text), source->down_path, err);
    if (st == BRANT_OK) {
        brn_source_digest(down->digest, script.text);
        st = brn_source_read_down_directives(&down->props, r, &script, err);
    }
    return st;
}

/* --- functions -------------------------------------------------------------------------------- */

/* The properties as the comment they would be in a file. */
static brant_status read_properties(brn_layout_reader *r, brn_source *source, brant_error **err)
{
    const char *text = source->given->properties;
    brn_script script = { .file = source->up_path, .line = 1, .column = 1 };
    brant_status st;

    if (text == NULL) {
        return BRANT_OK;
    }
    text = brn_arena_printf(r->scratch, "%s brant: %s\n", r->opts->dialect->line_comment, text);
    if (text == NULL) {
        return brn_error_oom(err);
    }
    script.text = brn_str_from(text);
    st = brn_source_read_own_directives(source, r, &script, err);
    if (st != BRANT_OK) {
        brn_error_at(err, source->up_path, 0, 0);
    }
    return st;
}

/* A file that only announces a function must not hold what would never run. */
static brant_status refuse_text(brn_layout_reader *r, const brn_source *source, brant_error **err)
{
    brn_script script = { 0 };
    brn_stmt_list stmts = { 0 };
    brant_status st = brn_source_open(
        &script, &r->buf, source, false, r->opts->dialect, r->opts->max_file_bytes, err);

    if (st == BRANT_OK) {
        st = brn_split(&stmts, r->scratch, r->opts->dialect, &script, err);
    }
    if (st != BRANT_OK || stmts.count == 0) {
        return st;
    }
    st = brn_error(
        err, BRANT_EPARSE, "layout.code_text",
        "\"%s\" says kind=code, but has statements: they would never run", script.file);
    brn_error_at(err, script.file, stmts.items[0].line, stmts.items[0].column);
    brn_error_hint(
        err,
        "Remove the statements: the program that registers \"%s\" does the work. Or remove "
        "kind=code.",
        source->id);
    return st;
}

static brant_status read_code(brn_layout_reader *r, brn_source *source, brant_error **err)
{
    const brn_given *given = source->given;
    brn_props *props;
    brant_status st = BRANT_OK;

    if (!source->in_program) {
        if (source->props->kind != BRN_KIND_CODE) {
            st = brn_error(
                err, BRANT_EUSAGE, "layout.not_code",
                "\"%s\" is registered by the program, and \"%s\" is a migration by itself",
                source->id, source->up_path);
            brn_error_hint(
                err, "Leave only \"-- brant: kind=code\" in the file, or register another id.");
            brn_error_at(err, source->up_path, 0, 0);
            return st;
        }
        st = refuse_text(r, source, err);
    }
    if (st == BRANT_OK) {
        st = read_properties(r, source, err);
    }
    if (st != BRANT_OK) {
        return st;
    }
    props = brn_source_props(r, source);
    if (props == NULL) {
        return brn_error_oom(err);
    }
    props->kind = BRN_KIND_CODE;
    if (given->has_down && source->down_path == NULL) {
        source->down_path = source->up_path;
    }
    if (given->revision != NULL) {
        brn_source_digest(source->up_digest, brn_str_from(given->revision));
    }
    return BRANT_OK;
}

brant_status brn_given_read(brn_layout_reader *r, brn_source *source, brant_error **err)
{
    if (source->given == NULL) {
        return refuse_text(r, source, err);
    }
    return source->given->up_text != NULL ? read_texts(r, source, err) : read_code(r, source, err);
}

bool brn_source_is_call(const brn_source *source, bool down)
{
    return source->given != NULL && source->given->call != NULL &&
           (!down || source->given->has_down);
}

bool brn_source_is_manual(const brn_source *source)
{
    return source->props->kind == BRN_KIND_MANUAL ||
           (source->props->kind == BRN_KIND_CODE && !brn_source_is_call(source, false));
}

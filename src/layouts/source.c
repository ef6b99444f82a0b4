/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of migrations: read once to be checked and digested, and again when they are to run.
 */
#include <errno.h>
#include <string.h>

#include "layouts/layout_int.h"

/* --- one file --------------------------------------------------------------------------------- */

static brant_status read_error(
    brant_error **err, int errnum, const char *path, size_t max_file_bytes)
{
    brant_status st;

    if (errnum == EFBIG) {
        st = brn_error(
            err, BRANT_EPARSE, "layout.too_large", "\"%s\" is larger than %zu bytes", path,
            max_file_bytes);
        brn_error_hint(err, "Cut it into several migrations, or raise the setting max-file-size.");
    } else {
        st = brn_error_errno(err, "layout.unreadable", errnum, "read", path);
        brn_error_hint(
            err,
            "Make it a regular file, or a link to one, that this user may read; or remove it.");
    }
    brn_error_at(err, path, 0, 0);
    return st;
}

/* The checked text of a file; *script views buf. */
static brant_status load(
    brn_script *script, brn_buf *buf, const char *path, size_t max_file_bytes, brant_error **err)
{
    int rc;

    brn_buf_reset(buf);
    rc = brn_file_read_listed(buf, path, max_file_bytes);
    if (rc != 0) {
        return read_error(err, rc, path, max_file_bytes);
    }
    return brn_script_check(script, brn_buf_str(buf), path, err);
}

/* The same while all of them are read. */
static brant_status load_listed(
    brn_script *script, brn_layout_reader *r, const char *path, brant_error **err)
{
    size_t max = r->opts->max_file_bytes;
    int rc;

    if (r->folder < 0) {
        return load(script, &r->buf, path, max, err);
    }
    brn_buf_reset(&r->buf);
    rc = brn_file_read_below(&r->buf, r->folder, path + r->dir_len, max);
    if (rc != 0) {
        return read_error(err, rc, path, max);
    }
    return brn_script_check(script, brn_buf_str(&r->buf), path, err);
}

/* A marker stands between head and section, so no line end lies across the seam. */
static void digest_of(char out[BRN_DIGEST_HEX + 1], brn_str head, brn_str text)
{
    brn_digest digest;

    brn_digest_init(&digest);
    brn_digest_text(&digest, head);
    brn_digest_text(&digest, text);
    brn_digest_hex(&digest, out);
}

void brn_source_digest(char out[BRN_DIGEST_HEX + 1], brn_str text)
{
    digest_of(out, BRN_STR(""), text);
}

/* As brn_props_init() leaves them. */
const brn_down_script brn_no_down_script = { .props = { .timeout_ms = -1, .lock_timeout_ms = -1 } };

brn_props *brn_source_props(brn_layout_reader *r, brn_source *source)
{
    brn_props *props = brn_arena_alloc(r->arena, sizeof(*props));

    if (props != NULL) {
        *props = *source->props;
        source->props = props;
    }
    return props;
}

brn_down_script *brn_source_down(brn_layout_reader *r, brn_source *source)
{
    brn_down_script *down = brn_arena_alloc(r->arena, sizeof(*down));

    if (down != NULL) {
        *down = brn_no_down_script;
        source->down = down;
    }
    return down;
}

/* --- directives -------------------------------------------------------------- */

/* The first is the only one of directives. */
static const char *const marker_words[] = { "brant", "goose", "migrate" };
#define DIRECTIVE_WORDS ((size_t)1)

/* Not 0 when two bytes are the first two letters of one of them. */
static unsigned char is_begin(char first, char second)
{
    unsigned char a = (unsigned char)first | 0x20;
    unsigned char b = (unsigned char)second | 0x20;
    unsigned char brant = (a == 'b') & (b == 'r');
    unsigned char goose = (a == 'g') & (b == 'o');
    unsigned char migrate = (a == 'm') & (b == 'i');

    return brant | goose | migrate;
}

/* Every byte of every file comes by here. A loop of known length without branches: compilers make
 * many bytes at a time of it. */
#define BLOCK ((size_t)32)

/* Of so many bytes and the one behind them. */
static bool may_have_word(const char *p)
{
    unsigned char found = 0;

    for (size_t i = 0; i < BLOCK; i++) {
        found |= is_begin(p[i], p[i + 1]);
    }
    return found != 0;
}

static bool begins_with_word(brn_str text, size_t words)
{
    for (size_t i = 0; i < words; i++) {
        brn_str word = brn_str_from(marker_words[i]);
        if (brn_str_ieq(brn_str_slice(text, 0, word.len), word)) {
            return true;
        }
    }
    return false;
}

static bool word_begins(brn_str text, size_t from, size_t to, size_t words)
{
    for (size_t i = from; i < to; i++) {
        if (is_begin(text.ptr[i], text.ptr[i + 1]) != 0 &&
            begins_with_word(brn_str_slice(text, i, text.len), words)) {
            return true;
        }
    }
    return false;
}

/*
 * One of the first `words` of those without which a file has neither directives nor section
 * markers; most files have none, and are not lexed to find either. Also in capitals: a near miss of
 * a directive is an error, which their reader tells.
 */
static bool has_marker_word(brn_str text, size_t words)
{
    size_t end = text.len > 0 ? text.len - 1 : 0; /* the last one is no first letter */
    size_t at = 0;

    while (at < end) {
        size_t stop = at + BLOCK;
        if (stop > end) { /* the last block overlaps the one before */
            at = end > BLOCK ? end - BLOCK : 0;
            stop = end;
        }
        if ((stop - at < BLOCK || may_have_word(text.ptr + at)) &&
            word_begins(text, at, stop, words)) {
            return true;
        }
        at = stop;
    }
    return false;
}

/*
 * The directives of one head. Finding them takes a lexer over all of the text, so that one in the
 * wrong place is noticed.
 */
brant_status brn_source_read_directives(
    brn_props *props, brn_layout_reader *r, const brn_script *script, brant_error **err)
{
    if (!has_marker_word(script->text, DIRECTIVE_WORDS)) {
        return BRANT_OK;
    }
    return brn_directives_read(props, r->arena, r->opts->dialect, script, err);
}

brant_status brn_source_read_own_directives(
    brn_source *source, brn_layout_reader *r, const brn_script *script, brant_error **err)
{
    brn_props *props;

    if (!has_marker_word(script->text, DIRECTIVE_WORDS)) {
        return BRANT_OK;
    }
    props = brn_source_props(r, source);
    return props == NULL ? brn_error_oom(err)
                         : brn_directives_read(props, r->arena, r->opts->dialect, script, err);
}

/* A directive that describes the migration as a whole; NULL when there is none. */
static const char *find_foreign_key(const brn_props *props)
{
    if (props->has_requires) {
        return "requires";
    }
    if (props->required) {
        return "required";
    }
    if (props->min_read_version != NULL) {
        return "min-read-version";
    }
    if (props->kind != BRN_KIND_SQL) {
        return "kind";
    }
    if (props->phase != BRN_PHASE_NONE) {
        return "phase";
    }
    return props->help != NULL ? "help" : NULL;
}

/* Line of the first comment that gives `key`; 0 when it is not found. */
static uint32_t line_of_key(const brn_script *script, const char *key)
{
    brn_str rest = script->text;
    brn_str line;
    size_t len = strlen(key);

    for (uint32_t number = script->line; brn_str_split(&rest, '\n', &line); number++) {
        size_t at = brn_str_find(line, BRN_STR("brant:"));
        while (at < line.len) {
            line = brn_str_slice(line, at + 1, line.len);
            at = brn_str_find(line, brn_str_from(key));
            if (at < line.len && at > 0 && line.ptr[at - 1] != '-' && at + len < line.len &&
                line.ptr[at + len] == '=') {
                return number;
            }
        }
    }
    return 0;
}

/* `props` may hold what the head of the file says for both sides. */
brant_status brn_source_read_down_directives(
    brn_props *props, brn_layout_reader *r, const brn_script *script, brant_error **err)
{
    brn_props own = { 0 };
    const char *key;
    brant_status st;

    brn_props_init(&own);
    st = brn_source_read_directives(&own, r, script, err);
    if (st != BRANT_OK) {
        return st;
    }
    key = find_foreign_key(&own);
    if (key == NULL) {
        return brn_source_read_directives(props, r, script, err);
    }
    st = brn_error(
        err, BRANT_EPARSE, "layout.down_directive", "directive \"%s\" in a down script", key);
    brn_error_hint(
        err,
        "It describes the whole migration: write it at the head of the up script. A down script "
        "may say transaction, timeout, lock-timeout, foreign-keys, placeholders and idempotent.");
    brn_error_at(err, script->file, line_of_key(script, key), 0);
    return st;
}

/* --- up and down in files of their own -------------------------------------------------------- */

static brant_status mixed(
    const brn_layout_reader *r,
    const brn_script *script,
    uint32_t line,
    uint32_t column,
    brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EPARSE, "layout.mixed",
        "\"%s\" has section markers, but in layout %s up and down are files of their own",
        script->file, r->scan.layout->name);

    brn_error_hint(
        err,
        "Move the down section into the down file and remove the markers; or keep such files in "
        "a directory of their own (layout sections).");
    brn_error_at(err, script->file, line, column);
    return st;
}

/* A down section in an up file would be run by "up". */
static brant_status refuse_sections(
    const brn_layout_reader *r, const brn_script *script, brant_error **err)
{
    brn_sections sections = { 0 };
    brant_error *found = NULL;
    brant_status st = BRANT_OK;

    st = brn_sections_find(&sections, r->opts->dialect, script, &found);
    if (st == BRANT_OK && sections.marked && !sections.further) {
        uint32_t line = script->line;
        uint32_t column = script->column;
        brn_position_advance(script->text, 0, sections.head.text.len, &line, &column);
        st = mixed(r, script, line, column, err);
    } else if (brn_str_starts(brn_str_from(brant_error_id(found)), BRN_STR("section."))) {
        /* Whatever is wrong with the sections, there should be none. */
        st = mixed(r, script, brant_error_line(found), brant_error_column(found), err);
    } else {
        /* Not an error of sections: the splitter will find it, or memory is out. */
        st = st == BRANT_ENOMEM ? brn_error_oom(err) : BRANT_OK;
    }
    brant_error_free(found);
    return st;
}

/* *marked: it may have directives. */
static brant_status load_plain(
    brn_script *script, bool *marked, brn_layout_reader *r, const char *path, brant_error **err)
{
    brant_status st = load_listed(script, r, path, err);

    *marked = st == BRANT_OK && has_marker_word(script->text, BRN_ARRAY_LEN(marker_words));
    return *marked ? refuse_sections(r, script, err) : st;
}

static void keep_text(brn_layout_reader *r, brn_source *source, brn_str text)
{
    char *copy;

    if (text.len > r->opts->keep_bytes - r->kept_bytes) {
        return;
    }
    copy = brn_arena_strndup(r->arena, text.ptr, text.len);
    if (copy != NULL) {
        source->up_text = copy;
        r->kept_bytes += text.len;
    }
}

void brn_source_set_forget(brn_source_set *set)
{
    for (size_t i = 0; i < set->items.count; i++) {
        set->items.items[i]->up_text = NULL;
    }
}

static brant_status read_down_file(brn_layout_reader *r, brn_source *source, brant_error **err)
{
    brn_down_script *down = brn_source_down(r, source);
    brn_script script = { 0 };
    bool marked = false;
    brant_status st;

    if (down == NULL) {
        return brn_error_oom(err);
    }
    st = load_plain(&script, &marked, r, source->down_path, err);
    if (st != BRANT_OK) {
        return st;
    }
    digest_of(down->digest, BRN_STR(""), script.text);
    return marked ? brn_source_read_down_directives(&down->props, r, &script, err) : BRANT_OK;
}

brant_status brn_source_read_files(brn_layout_reader *r, brn_source *source, brant_error **err)
{
    brn_script script = { 0 };
    bool marked = false;
    brant_status st = load_plain(&script, &marked, r, source->up_path, err);

    if (st != BRANT_OK) {
        return st;
    }
    source->up_bytes = script.text.len;
    digest_of(source->up_digest, BRN_STR(""), script.text);
    keep_text(r, source, script.text);
    if (marked) {
        st = brn_source_read_own_directives(source, r, &script, err);
    }
    return st == BRANT_OK && source->down_path != NULL ? read_down_file(r, source, err) : st;
}

/* --- up and down in one file ------------------------------------------------------------------ */

static void digest_section(char out[BRN_DIGEST_HEX + 1], const brn_sections *sections, bool down)
{
    if (down) {
        digest_of(out, BRN_STR(""), sections->down.text);
    } else {
        digest_of(out, sections->head.text, sections->up.text);
    }
}

/*
 * Goose replaces more forms than placeholders have, and an unset one by nothing: what a file means
 * is not guessed. With the directive its author has said it.
 */
static brant_status check_envsub(
    const brn_sections *sections, const brn_source *source, brant_error **err)
{
    brant_status st;

    if (sections->envsub_line == 0 || source->props->placeholders != BRN_SWITCH_AUTO) {
        return BRANT_OK;
    }
    st = brn_error(err, BRANT_EPARSE, "section.envsub", "goose's \"ENVSUB ON\" is not obeyed here");
    brn_error_hint(
        err,
        "Write \"-- brant: placeholders=on\" at the head of the file to have ${NAME} replaced; a "
        "name without a value is then an error, and $NAME and ${NAME:-default} are not replaced. "
        "With placeholders=off everything stays as it is.");
    brn_error_at(err, source->up_path, sections->envsub_line, sections->envsub_column);
    return st;
}

/* What undoes the migration must not run with it because its tool has marks that we do not know. */
static brant_status check_other_mark(
    const brn_sections *sections, const brn_source *source, brant_error **err)
{
    const brn_token *mark = &sections->other;
    brant_status st;

    if (mark->kind == BRN_TOKEN_END) {
        return BRANT_OK;
    }
    st = brn_error(
        err, BRANT_EPARSE, "section.other_mark",
        "what stands below \"%.*s\" would run with what stands above",
        BRN_STR_ARG(brn_str_trim(mark->text)));
    brn_error_hint(
        err, "If it undoes the migration, write \"-- brant: up\" above the statements that go up, "
             "and \"-- brant: down\" instead of this line. If all of it is meant to run, word the "
             "comment differently.");
    brn_error_at(err, source->up_path, mark->line, mark->column);
    return st;
}

brant_status brn_source_read_sections(brn_layout_reader *r, brn_source *source, brant_error **err)
{
    brn_script script = { 0 };
    brn_sections sections = { 0 };
    brn_down_script *down;
    brant_status st = load_listed(&script, r, source->up_path, err);

    if (st == BRANT_OK) {
        st = brn_sections_find(&sections, r->opts->dialect, &script, err);
    }
    if (st == BRANT_OK && sections.marked) {
        st = brn_source_read_own_directives(source, r, &sections.head, err);
    }
    if (st == BRANT_OK) {
        st = brn_source_read_own_directives(source, r, &sections.up, err);
    }
    if (st == BRANT_OK) {
        st = check_envsub(&sections, source, err);
    }
    if (st == BRANT_OK) {
        st = check_other_mark(&sections, source, err);
    }
    if (st != BRANT_OK) {
        return st;
    }
    source->up_bytes = sections.up.text.len;
    source->up_transaction = sections.up_transaction;
    source->whole_name = sections.whole_name;
    digest_section(source->up_digest, &sections, false);
    if (!sections.has_down) {
        return BRANT_OK;
    }
    source->down_path = source->up_path;
    down = brn_source_down(r, source);
    if (down == NULL) {
        return brn_error_oom(err);
    }
    down->transaction = sections.down_transaction;
    digest_section(down->digest, &sections, true);
    st = brn_source_read_directives(&down->props, r, &sections.head, err);
    if (st != BRANT_OK) {
        return st;
    }
    return brn_source_read_down_directives(&down->props, r, &sections.down, err);
}

/* --- reading again ---------------------------------------------------------------------------- */

/* The down file that an up file asks for, in `text`. */
static void name_down_file(brn_buf *text, const char *up_path)
{
    const char *base = brn_path_base(up_path);
    const char *dot = strrchr(base, '.');
    brn_filename parsed;

    brn_filename_parse(&parsed, brn_str_from(base), false);
    if (parsed.side == BRN_SIDE_UP) {
        brn_buf_add(text, up_path, (size_t)(dot - up_path) - 3);
        brn_buf_add_char(text, '.');
    } else {
        brn_buf_add(text, up_path, (size_t)(base - up_path));
    }
    brn_buf_printf(text, "down%s", dot != NULL ? dot : "");
}

static brant_status missing_side(const brn_source *source, bool down, brant_error **err)
{
    brn_buf wanted = { 0 };
    brant_status st;

    if (!down) {
        return brn_error(
            err, BRANT_EUSAGE, "layout.missing_up", "migration \"%s\" has no up file", source->id);
    }
    if (source->sections) {
        st = brn_error(
            err, BRANT_EUSAGE, "layout.missing_down",
            "migration \"%s\" has no down section in \"%s\"", source->id, source->up_path);
        brn_error_hint(err, "Write one behind a line \"-- brant: down\".");
        brn_error_at(err, source->up_path, 0, 0);
    } else {
        name_down_file(&wanted, source->up_path);
        st = brn_error(
            err, BRANT_EUSAGE, "layout.missing_down", "migration \"%s\" has no down file \"%s\"",
            source->id, brn_buf_text(&wanted));
        brn_error_hint(err, "Write the down file.");
        brn_error_at(err, brn_buf_text(&wanted), 0, 0);
    }
    brn_error_subject(err, NULL, source->id);
    brn_buf_release(&wanted);
    return st;
}

/* The script of one side and its digest, from the text of the whole file. */
static brant_status take_side(
    brn_script *script,
    char digest[BRN_DIGEST_HEX + 1],
    const brn_source *source,
    bool down,
    const brn_dialect *dialect,
    brant_error **err)
{
    brn_sections sections = { 0 };
    brant_status st;

    if (!source->sections) {
        digest_of(digest, BRN_STR(""), script->text);
        return BRANT_OK;
    }
    st = brn_sections_find(&sections, dialect, script, err);
    if (st == BRANT_OK) {
        digest_section(digest, &sections, down);
        *script = down ? sections.down : sections.up;
    }
    return st;
}

brant_status brn_source_open(
    brn_script *script,
    brn_buf *buf,
    const brn_source *source,
    bool down,
    const brn_dialect *dialect,
    size_t max_file_bytes,
    brant_error **err)
{
    const char *path = down ? source->down_path : source->up_path;
    char digest[BRN_DIGEST_HEX + 1];
    brn_script found = { 0 };
    brant_status st;

    if (path == NULL || source->up_path == NULL) {
        return missing_side(source, down && source->up_path != NULL, err);
    }
    if (!down && source->up_text != NULL) {
        *script = (brn_script){
            .file = path, .text = { source->up_text, source->up_bytes }, .line = 1, .column = 1
        };
        return BRANT_OK;
    }
    if (source->in_program) {
        const char *text = down ? source->given->down_text : source->given->up_text;
        st = brn_script_check(&found, brn_str_from(text), path, err);
    } else {
        st = load(&found, buf, path, max_file_bytes, err);
    }
    if (st == BRANT_OK) {
        st = take_side(&found, digest, source, down, dialect, err);
    }
    if (st != BRANT_OK) {
        brn_error_subject(err, NULL, source->id);
        return st;
    }
    if (strcmp(digest, down ? source->down->digest : source->up_digest) != 0) {
        st = brn_error(
            err, BRANT_EDRIFT, "layout.changed", "\"%s\" was changed while it was in use", path);
        brn_error_hint(err, "Run the command again; it reads all files anew.");
        brn_error_at(err, path, 0, 0);
        brn_error_subject(err, NULL, source->id);
        return st;
    }
    *script = found;
    return BRANT_OK;
}

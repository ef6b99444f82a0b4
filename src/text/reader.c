/* SPDX-License-Identifier: Apache-2.0 */
#include "text/reader.h"

#include "text/script.h"

void brn_reader_init(
    brn_reader *rd, brn_arena *arena, const brn_dialect *dialect, const brn_script *script)
{
    *rd = (brn_reader){ .arena = arena };
    brn_lexer_init(&rd->lx, dialect, script);
    brn_reader_next(rd);
}

void brn_reader_next(brn_reader *rd)
{
    do {
        /* Statements come from the splitter, so this fails for hand-made ones only, and where rows
         * follow that are not part of the text: take it as the end. */
        if (brn_lexer_next(&rd->lx, &rd->token, NULL) != BRANT_OK) {
            rd->token.kind = BRN_TOKEN_END;
            rd->token.text = BRN_STR("");
        }
    } while (brn_token_is_filler(rd->token.kind) || rd->token.kind == BRN_TOKEN_MARK);
}

bool brn_reader_at_end(const brn_reader *rd)
{
    return rd->token.kind == BRN_TOKEN_END;
}

bool brn_reader_is(const brn_reader *rd, const char *keyword)
{
    return rd->token.kind == BRN_TOKEN_WORD && brn_str_ieq(rd->token.text, brn_str_from(keyword));
}

bool brn_reader_is_char(const brn_reader *rd, char c)
{
    return rd->token.kind == BRN_TOKEN_OTHER && rd->token.text.ptr[0] == c;
}

bool brn_reader_take(brn_reader *rd, const char *keyword)
{
    bool found = brn_reader_is(rd, keyword);

    if (found) {
        brn_reader_next(rd);
    }
    return found;
}

bool brn_reader_take_char(brn_reader *rd, char c)
{
    bool found = brn_reader_is_char(rd, c);

    if (found) {
        brn_reader_next(rd);
    }
    return found;
}

bool brn_reader_take_two(brn_reader *rd, const char *keyword, const char *second)
{
    brn_reader ahead;

    if (!brn_reader_is(rd, keyword)) {
        return false;
    }
    ahead = *rd;
    brn_reader_next(&ahead);
    if (!brn_reader_take(&ahead, second)) {
        return false;
    }
    *rd = ahead;
    return true;
}

bool brn_reader_take_if_exists(brn_reader *rd)
{
    if (brn_reader_take_two(rd, "if", "not")) {
        return brn_reader_take(rd, "exists");
    }
    return brn_reader_take_two(rd, "if", "exists");
}

brn_str brn_reader_name(brn_reader *rd)
{
    return rd->lx.dialect->take_name(rd);
}

void brn_reader_full_name(brn_reader *rd, brn_str *schema, brn_str *name)
{
    *name = brn_reader_name(rd);
    while (name->len > 0 && brn_reader_take_char(rd, '.')) {
        *schema = *name;
        *name = brn_reader_name(rd);
    }
}

brn_str brn_unquote(brn_arena *arena, brn_str quoted, char close)
{
    brn_str inner = brn_str_slice(quoted, 1, quoted.len - 1);
    char *copy = brn_arena_strndup(arena, inner.ptr, inner.len);
    size_t len = 0;

    if (copy == NULL) {
        return BRN_STR("");
    }
    for (size_t i = 0; i < inner.len; i++) {
        copy[len++] = inner.ptr[i];
        i += inner.ptr[i] == close && close != ']';
    }
    copy[len] = '\0';
    return (brn_str){ copy, len };
}

void brn_reader_skip_parens(brn_reader *rd)
{
    size_t depth = 0;

    do {
        depth += brn_reader_is_char(rd, '(');
        depth -= brn_reader_is_char(rd, ')');
        brn_reader_next(rd);
    } while (depth > 0 && !brn_reader_at_end(rd));
}

bool brn_reader_seek(brn_reader *rd, const char *keyword)
{
    while (!brn_reader_at_end(rd) && !brn_reader_is(rd, keyword)) {
        if (brn_reader_is_char(rd, '(')) {
            brn_reader_skip_parens(rd);
        } else {
            brn_reader_next(rd);
        }
    }
    return !brn_reader_at_end(rd);
}

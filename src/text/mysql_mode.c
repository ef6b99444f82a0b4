/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SET sql_mode in a script: two of the modes change how the text behind it is read, ANSI_QUOTES
 * (with those that include it) and NO_BACKSLASH_ESCAPES.
 *
 * Followed are values that the text names: strings, words, numbers, DEFAULT (the mode in which the
 * script begins), CONCAT and REPLACE over @@sql_mode, and variables to which the script has
 * assigned @@sql_mode before, as dumps do. Anything else, a SET inside of a stored program, and
 * other variables leave the mode as it is.
 */
#include "text/mysql_int.h"
#include "text/script.h"

#define MODES (BRN_LEX_NO_BACKSLASH | BRN_LEX_ANSI_QUOTES)

/* Bits of the server's own number. */
#define SERVER_ANSI_QUOTES (UINT64_C(1) << 2)
#define SERVER_WITH_ANSI_QUOTES (UINT64_C(0x3f) << 8 | UINT64_C(1) << 18)
#define SERVER_NO_BACKSLASH (UINT64_C(1) << 20)

static const struct {
    const char *name;
    uint32_t mode;
} modes[] = {
    { "ansi_quotes", BRN_LEX_ANSI_QUOTES }, { "ansi", BRN_LEX_ANSI_QUOTES },
    { "oracle", BRN_LEX_ANSI_QUOTES },      { "db2", BRN_LEX_ANSI_QUOTES },
    { "maxdb", BRN_LEX_ANSI_QUOTES },       { "mssql", BRN_LEX_ANSI_QUOTES },
    { "postgresql", BRN_LEX_ANSI_QUOTES },  { "no_backslash_escapes", BRN_LEX_NO_BACKSLASH },
};

/* A value, as far as it has been read. */
typedef struct value {
    uint32_t mode;
    size_t tokens;
    bool known;
    bool is_mode; /* it is @@sql_mode and nothing else */
    bool lost;    /* it has words that are not understood */
    bool replace; /* in REPLACE(): strings are in turn what goes and what comes */
    bool comes;
    brn_str first; /* the first token, when it is a word */
} value;

static void next(brn_lexer *lx, brn_token *token)
{
    do {
        if (brn_lexer_next(lx, token, NULL) != BRANT_OK) {
            token->kind = BRN_TOKEN_END;
            token->text = BRN_STR("");
        }
    } while (brn_token_is_filler(token->kind) || token->kind == BRN_TOKEN_MARK);
}

static bool is(const brn_token *token, const char *word)
{
    return token->kind == BRN_TOKEN_WORD && brn_str_ieq(token->text, brn_str_from(word));
}

static bool is_char(const brn_token *token, char c)
{
    return token->kind == BRN_TOKEN_OTHER && token->text.ptr[0] == c;
}

static bool is_any(brn_str text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (brn_str_ieq(text, brn_str_from(words[i]))) {
            return true;
        }
    }
    return false;
}

static uint32_t mode_of(brn_str name)
{
    for (size_t i = 0; i < BRN_ARRAY_LEN(modes); i++) {
        if (brn_str_ieq(name, brn_str_from(modes[i].name))) {
            return modes[i].mode;
        }
    }
    return 0;
}

/* All modes that are named in a list. */
static uint32_t modes_of(brn_str list)
{
    uint32_t found = 0;
    brn_str name;

    while (brn_str_split(&list, ',', &name)) {
        found |= mode_of(brn_str_trim(name));
    }
    return found;
}

static uint32_t modes_of_number(brn_str digits)
{
    uint64_t number = 0;
    uint32_t found = 0;

    (void)brn_str_to_u64(digits, &number);
    found |=
        (number & (SERVER_ANSI_QUOTES | SERVER_WITH_ANSI_QUOTES)) != 0 ? BRN_LEX_ANSI_QUOTES : 0;
    found |= (number & SERVER_NO_BACKSLASH) != 0 ? BRN_LEX_NO_BACKSLASH : 0;
    return found;
}

static bool is_mode_variable(const brn_token *token)
{
    static const char *const names[] = { "@@sql_mode", "@@session.sql_mode", "@@local.sql_mode" };

    return token->kind == BRN_TOKEN_VARIABLE && is_any(token->text, names, BRN_ARRAY_LEN(names));
}

/* --- variables that hold a mode --------------------------------------------------------------- */

/* Of the name without case and quotes (FNV-1a); never 0. */
static uint32_t hash_of(brn_str variable)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 1; i < variable.len; i++) {
        unsigned char c = (unsigned char)variable.ptr[i];
        if (c != '\'' && c != '"' && c != '`') {
            c = c >= 'A' && c <= 'Z' ? (unsigned char)(c - 'A' + 'a') : c;
            hash = (hash ^ c) * 16777619u;
        }
    }
    return hash | 1u;
}

static void save(brn_lex_state *state, brn_str variable, uint32_t mode)
{
    uint32_t name = hash_of(variable);
    size_t slot = 0;

    while (slot + 1 < BRN_LEX_SAVED && state->saved_names[slot] != 0 &&
           state->saved_names[slot] != name) {
        slot++;
    }
    state->saved_names[slot] = name;
    state->saved_modes[slot] = mode;
}

static bool saved(const brn_lex_state *state, brn_str variable, uint32_t *mode)
{
    uint32_t name = hash_of(variable);

    for (size_t i = 0; i < BRN_LEX_SAVED; i++) {
        if (state->saved_names[i] == name) {
            *mode = state->saved_modes[i];
            return true;
        }
    }
    return false;
}

/* --- SET -------------------------------------------------------------------------------------- */

static void read_string(value *v, brn_str text)
{
    uint32_t found = modes_of(brn_str_slice(text, 1, text.len - 1));

    if (v->replace && !v->comes) {
        v->mode &= ~found;
    } else {
        v->mode |= found;
    }
    v->comes = !v->comes;
    v->known = true;
}

static void read_token(value *v, const brn_lexer *outer, const brn_token *token)
{
    static const char *const words[] = { "select", "concat", "concat_ws", "trim" };
    const brn_lex_state *state = &outer->state;
    bool word = token->kind == BRN_TOKEN_WORD;

    v->tokens++;
    v->is_mode = is_mode_variable(token) && v->tokens == 1;
    if (is_mode_variable(token)) {
        v->mode |= state->mode & MODES;
        v->known = true;
    } else if (token->kind == BRN_TOKEN_VARIABLE) {
        v->known = saved(state, token->text, &v->mode) || v->known;
    } else if (token->kind == BRN_TOKEN_STRING || token->kind == BRN_TOKEN_NAME) {
        read_string(v, token->text);
    } else if (token->kind == BRN_TOKEN_NUMBER) {
        v->mode |= modes_of_number(token->text);
        v->known = true;
    } else if (is(token, "default")) {
        v->mode = outer->script->mode & MODES;
        v->known = true;
    } else if (is(token, "replace")) {
        v->replace = true;
    } else if (word && v->tokens == 1) {
        v->mode = mode_of(token->text);
        v->known = true;
        v->first = token->text;
    } else if (word) {
        v->lost = v->lost || !is_any(token->text, words, BRN_ARRAY_LEN(words));
    } else if (is_char(token, '(') && v->tokens == 2) {
        /* The first word was a function. */
        v->known = false;
        v->lost = !v->replace && !is_any(v->first, words, BRN_ARRAY_LEN(words));
    }
}

/* Up to the next ',' outside of parentheses, or the end. */
static value read_value(brn_lexer *lx, brn_token *token, const brn_lexer *outer)
{
    value v = { .first = BRN_STR("") };
    size_t parens = 0;

    while (token->kind != BRN_TOKEN_END && !(parens == 0 && is_char(token, ','))) {
        parens += is_char(token, '(');
        parens -= parens > 0 && is_char(token, ')');
        read_token(&v, outer, token);
        next(lx, token);
    }
    return v;
}

/* [GLOBAL | SESSION | ...] name = value; the lexer of the script is where modes go to. */
static void read_assignment(brn_lexer *lx, brn_token *token, brn_lexer *outer)
{
    bool other = is(token, "global") || is(token, "persist") || is(token, "persist_only");
    bool scoped = other || is(token, "session") || is(token, "local");
    brn_token name;
    bool is_mode;
    value v;

    if (scoped) {
        next(lx, token);
    }
    name = *token;
    is_mode = is(token, "sql_mode") || is_mode_variable(token) ||
              (token->kind == BRN_TOKEN_NAME && brn_str_ieq(token->text, BRN_STR("`sql_mode`")));
    next(lx, token);
    if (is_char(token, ':')) {
        next(lx, token);
    }
    if (is_char(token, '=')) {
        next(lx, token);
    }
    v = read_value(lx, token, outer);
    if (is_mode && !other && v.known && !v.lost) {
        outer->state.mode = (outer->state.mode & ~MODES) | v.mode;
    } else if (name.kind == BRN_TOKEN_VARIABLE && v.tokens == 1 && v.is_mode) {
        save(&outer->state, name.text, outer->state.mode & MODES);
    }
}

void brn_mysql_follow_set(brn_lexer *lx, brn_str statement)
{
    brn_script script = { .text = statement, .line = 1, .column = 1, .mode = lx->state.mode };
    brn_lexer inner;
    brn_token token;

    brn_lexer_init(&inner, lx->dialect, &script);
    next(&inner, &token);
    if (!is(&token, "set")) {
        return;
    }
    next(&inner, &token);
    if (is(&token, "statement")) {
        return; /* for one statement, which is part of this one */
    }
    while (token.kind != BRN_TOKEN_END) {
        read_assignment(&inner, &token, lx);
        if (is_char(&token, ',')) {
            next(&inner, &token);
        }
    }
}

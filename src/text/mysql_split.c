/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where statements of MySQL and MariaDB end.
 *
 * At a ';' outside of the body of a stored program, and of MariaDB's compound statements:
 *
 *     CREATE PROCEDURE name (...) [characteristic ...] body        also FUNCTION
 *     CREATE TRIGGER name ... FOR EACH ROW [FOLLOWS name] body
 *     CREATE EVENT name ... DO body                                also ALTER EVENT
 *     BEGIN NOT ATOMIC ..., IF ..., CASE ..., LOOP ..., REPEAT ..., WHILE ..., FOR ...
 *
 * A body is one statement, and blocks in it have more, each with a ';'. BEGIN, END, DO are good for
 * names (SELECT start, end FROM t), IF() and REPEAT() are functions, CASE ... END an expression. So
 * words count only where they can: a block begins where a statement can, behind ';', BEGIN, THEN,
 * ELSE, DO, LOOP, REPEAT, a label or the conditions of a handler; it ends where a statement could
 * begin, or behind UNTIL and an expression. THEN and DO end a condition when they are outside of
 * parentheses and of CASE expressions and an operand stands before them; END closes such a CASE
 * under the same terms.
 *
 * What sql_mode=ORACLE allows (AS and IS before the body, declarations before BEGIN, packages) is
 * recognised and not followed: there, only a DELIMITER can tell.
 */
#include "text/mysql_int.h"

enum {
    AT_START = 0,
    IN_PLAIN,
    IN_SET,
    IN_SET_STATEMENT, /* SET STATEMENT ... FOR statement */
    AT_BEGIN,
    BEHIND_BEGIN_NOT,
    AT_CREATE,
    BEHIND_DEFINER,
    AT_DEFINER,   /* behind its '=' */
    ROUTINE_NAME, /* up to the end of the parameters */
    ROUTINE_HEAD,
    ROUTINE_RETURNS,   /* directly behind the word */
    ROUTINE_TYPE,      /* behind the type */
    ROUTINE_CHARACTER, /* in the type, before SET */
    ROUTINE_AS,
    TRIGGER_HEAD,
    TRIGGER_EACH,
    TRIGGER_ROW,
    TRIGGER_ORDER, /* before the name behind FOLLOWS */
    EVENT_NAME,
    EVENT_HEAD,
    ONLY_DELIMITED, /* the end cannot be known */
    /* From here on a body is at hand. */
    AT_STMT, /* the next token begins a statement of it */
    IN_STMT,
    AT_LABEL, /* a ':' makes a label of what stands before */
    BEHIND_END,
    IN_CONDITION, /* up to THEN or DO */
    IN_UNTIL,
    IN_DECLARE,
    BEHIND_HANDLER,
    HANDLER_CONDITION,
    HANDLER_STATE, /* SQLSTATE [VALUE] 'x' */
    HANDLER_NOT,   /* NOT FOUND */
    BEHIND_CONDITION,
};

static bool is(const brn_token *token, const char *keyword)
{
    return token->kind == BRN_TOKEN_WORD && brn_str_ieq(token->text, brn_str_from(keyword));
}

static bool is_char(const brn_token *token, char c)
{
    return (token->kind == BRN_TOKEN_OTHER || token->kind == BRN_TOKEN_TERMINATOR) &&
           token->text.ptr[0] == c;
}

static bool is_any(const brn_token *token, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is(token, words[i])) {
            return true;
        }
    }
    return false;
}

/* --- bodies ----------------------------------------------------------------------------------- */

static void note_begin(brn_split_state *state, const brn_token *token)
{
    state->began_at = token->offset;
    state->began_line = token->line;
    state->began_column = token->column;
}

static uint32_t open_block(brn_split_state *state, const brn_token *token, uint32_t phase)
{
    if (state->depth++ == 0) {
        note_begin(state, token);
    }
    return phase;
}

static uint32_t enter_condition(brn_split_state *state, uint32_t phase)
{
    state->cases = 0;
    return phase;
}

static uint32_t close_block(brn_split_state *state)
{
    state->depth -= state->depth > 0;
    return BEHIND_END;
}

/* The token begins a statement of a body. */
static uint32_t begin_stmt(brn_split_state *state, const brn_token *token)
{
    static const char *const blocks[] = { "begin", "loop", "repeat" };
    static const char *const tests[] = { "if", "while", "for", "case" };
    static const char *const branches[] = { "elseif", "elsif", "when" };
    static const char *const nothing[] = { "else", "not", "atomic" };

    if (is_any(token, blocks, BRN_ARRAY_LEN(blocks))) {
        return open_block(state, token, AT_STMT);
    }
    if (is_any(token, tests, BRN_ARRAY_LEN(tests))) {
        return open_block(state, token, enter_condition(state, IN_CONDITION));
    }
    if (is_any(token, branches, BRN_ARRAY_LEN(branches))) {
        return enter_condition(state, IN_CONDITION);
    }
    if (is_any(token, nothing, BRN_ARRAY_LEN(nothing)) || is_char(token, ';')) {
        return AT_STMT;
    }
    if (is(token, "until")) {
        return enter_condition(state, IN_UNTIL);
    }
    if (is(token, "end")) {
        return close_block(state);
    }
    if (is(token, "declare")) {
        return state->depth > 0 ? IN_DECLARE : ONLY_DELIMITED;
    }
    return token->kind == BRN_TOKEN_WORD || token->kind == BRN_TOKEN_NAME ? AT_LABEL : IN_STMT;
}

/* Between IF and THEN, WHILE and DO, UNTIL and END. */
static uint32_t condition_phase(brn_split_state *state, const brn_token *token)
{
    bool until = state->phase == IN_UNTIL;

    if (is(token, "case")) {
        state->cases++;
    } else if (state->operand && is(token, "end")) {
        if (state->cases == 0 && until) {
            return close_block(state);
        }
        state->cases -= state->cases > 0;
    } else if (
        state->operand && state->cases == 0 && !until && (is(token, "then") || is(token, "do"))) {
        return AT_STMT;
    }
    return state->phase;
}

/* DECLARE ... HANDLER FOR condition, ... statement */
static uint32_t declare_phase(brn_split_state *state, const brn_token *token)
{
    switch (state->phase) {
    case IN_DECLARE:
        return is(token, "handler") ? BEHIND_HANDLER : IN_DECLARE;
    case BEHIND_HANDLER:
        return is(token, "for") ? HANDLER_CONDITION : IN_STMT;
    case HANDLER_CONDITION:
        return is(token, "sqlstate") ? HANDLER_STATE
               : is(token, "not")    ? HANDLER_NOT
                                     : BEHIND_CONDITION;
    case HANDLER_STATE:
        return is(token, "value") ? HANDLER_STATE : BEHIND_CONDITION;
    case HANDLER_NOT:
        return BEHIND_CONDITION;
    default:
        return is_char(token, ',') ? HANDLER_CONDITION : begin_stmt(state, token);
    }
}

static uint32_t body_phase(brn_split_state *state, const brn_token *token)
{
    switch (state->phase) {
    case AT_STMT:
        return begin_stmt(state, token);
    case AT_LABEL:
        return is_char(token, ':') ? AT_STMT : IN_STMT;
    case IN_CONDITION:
    case IN_UNTIL:
        return condition_phase(state, token);
    case IN_STMT:
    case BEHIND_END:
        return IN_STMT;
    default:
        return declare_phase(state, token);
    }
}

/* --- heads of stored programs ----------------------------------------------------------------- */

/*
 * Statements that can be a whole body, or what IF, CASE and REPEAT in them would be taken for a
 * block. One that is missing here makes a body that never ends, which is seen.
 */
static bool is_verb(const brn_token *token)
{
    static const char *const verbs[] = {
        "alter",    "analyze",   "call",   "change",  "check",   "checksum", "commit",  "create",
        "delete",   "do",        "drop",   "execute", "explain", "flush",    "get",     "grant",
        "insert",   "install",   "kill",   "load",    "lock",    "open",     "prepare", "optimize",
        "purge",    "rename",    "repair", "replace", "reset",   "resignal", "return",  "revoke",
        "rollback", "savepoint", "select", "set",     "show",    "signal",   "start",   "table",
        "truncate", "uninstall", "unlock", "update",  "values",  "with",     "xa",
    };

    return is_any(token, verbs, BRN_ARRAY_LEN(verbs));
}

static bool is_opener(const brn_token *token)
{
    static const char *const words[] = {
        "begin", "if", "case", "loop", "repeat", "while", "for", "declare",
    };

    return is_any(token, words, BRN_ARRAY_LEN(words));
}

/* Characteristics and the type, up to the body. */
static uint32_t routine_phase(brn_split_state *state, const brn_token *token)
{
    if (is(token, "as") || is(token, "is")) {
        return ROUTINE_AS;
    }
    if (is(token, "returns")) {
        return ROUTINE_RETURNS;
    }
    if (is(token, "return") && state->phase != ROUTINE_TYPE) {
        return ONLY_DELIMITED; /* Oracle's word for RETURNS */
    }
    if (state->phase == ROUTINE_NAME) {
        return is_char(token, ')') ? ROUTINE_HEAD : ROUTINE_NAME;
    }
    if (is(token, "character") || is(token, "char")) {
        return ROUTINE_CHARACTER;
    }
    if (is_char(token, ':')) {
        return AT_STMT;
    }
    if (is_opener(token)) {
        return begin_stmt(state, token);
    }
    return is_verb(token) ? IN_STMT : state->phase;
}

static uint32_t type_phase(brn_split_state *state, const brn_token *token)
{
    if (state->phase == ROUTINE_RETURNS) {
        return is(token, "char") ? ROUTINE_CHARACTER : ROUTINE_TYPE;
    }
    state->phase = ROUTINE_TYPE;
    return is(token, "set") ? ROUTINE_TYPE : routine_phase(state, token);
}

static uint32_t trigger_phase(brn_split_state *state, const brn_token *token)
{
    switch (state->phase) {
    case TRIGGER_HEAD:
        return is(token, "each") ? TRIGGER_EACH : TRIGGER_HEAD;
    case TRIGGER_EACH:
        return is(token, "row") ? TRIGGER_ROW : TRIGGER_HEAD;
    case TRIGGER_ORDER:
        return AT_STMT;
    default:
        return is(token, "follows") || is(token, "precedes") ? TRIGGER_ORDER
                                                             : begin_stmt(state, token);
    }
}

static uint32_t event_phase(const brn_split_state *state, const brn_token *token)
{
    static const char *const words[] = { "if", "not", "exists" };

    if (state->phase == EVENT_NAME) {
        return is_any(token, words, BRN_ARRAY_LEN(words)) ? EVENT_NAME : EVENT_HEAD;
    }
    if (is_char(token, '.') || is(token, "to")) {
        return EVENT_NAME;
    }
    return is(token, "do") ? AT_STMT : EVENT_HEAD;
}

/* Behind CREATE and ALTER: what kind of object? */
static uint32_t create_phase(const brn_token *token)
{
    static const char *const plain[] = {
        "table",  "view",     "index",      "user",    "role",      "database", "schema",
        "server", "sequence", "tablespace", "logfile", "reference", "resource",
    };
    static const struct {
        const char *word;
        uint32_t phase;
    } programs[] = {
        { "procedure", ROUTINE_NAME }, { "function", ROUTINE_NAME }, { "library", ROUTINE_HEAD },
        { "trigger", TRIGGER_HEAD },   { "event", EVENT_NAME },      { "package", ONLY_DELIMITED },
        { "definer", BEHIND_DEFINER },
    };

    for (size_t i = 0; i < BRN_ARRAY_LEN(programs); i++) {
        if (is(token, programs[i].word)) {
            return programs[i].phase;
        }
    }
    return is_any(token, plain, BRN_ARRAY_LEN(plain)) ? IN_PLAIN : AT_CREATE;
}

/* --- statements ------------------------------------------------------------------------------- */

static uint32_t start_phase(brn_split_state *state, const brn_token *token)
{
    static const char *const blocks[] = { "if", "case", "loop", "repeat", "while", "for" };

    if (is(token, "create") || is(token, "alter")) {
        return AT_CREATE;
    }
    if (is(token, "set")) {
        return IN_SET;
    }
    if (is(token, "begin")) {
        note_begin(state, token);
        return AT_BEGIN;
    }
    if (is(token, "declare")) {
        return ONLY_DELIMITED;
    }
    return is_any(token, blocks, BRN_ARRAY_LEN(blocks)) ? begin_stmt(state, token) : IN_PLAIN;
}

/* BEGIN [WORK] is a transaction, BEGIN NOT ATOMIC a block, and all else a block of Oracle's. */
static uint32_t begin_phase(brn_split_state *state, const brn_token *token, bool delimited)
{
    if (state->phase == BEHIND_BEGIN_NOT) {
        state->depth = is(token, "atomic") ? 1 : 0;
        return state->depth > 0 ? AT_STMT : IN_PLAIN;
    }
    if (is(token, "not")) {
        return BEHIND_BEGIN_NOT;
    }
    return delimited && !is(token, "work") ? ONLY_DELIMITED : IN_PLAIN;
}

static uint32_t head_phase(brn_split_state *state, const brn_token *token, bool delimited)
{
    switch (state->phase) {
    case AT_START:
        return start_phase(state, token);
    case IN_SET:
        return is(token, "statement") ? IN_SET_STATEMENT : IN_PLAIN;
    case IN_SET_STATEMENT:
        return is(token, "for") ? AT_START : IN_SET_STATEMENT;
    case AT_BEGIN:
    case BEHIND_BEGIN_NOT:
        return begin_phase(state, token, delimited);
    case BEHIND_DEFINER:
        return is_char(token, '=') ? AT_DEFINER : create_phase(token);
    case AT_CREATE:
        return create_phase(token);
    case AT_DEFINER:
        return AT_CREATE;
    case ROUTINE_NAME:
    case ROUTINE_HEAD:
    case ROUTINE_TYPE:
        return routine_phase(state, token);
    case ROUTINE_RETURNS:
    case ROUTINE_CHARACTER:
        return type_phase(state, token);
    case ROUTINE_AS:
        return token->kind == BRN_TOKEN_STRING ? IN_PLAIN : ONLY_DELIMITED;
    case EVENT_NAME:
    case EVENT_HEAD:
        return event_phase(state, token);
    case TRIGGER_HEAD:
    case TRIGGER_EACH:
    case TRIGGER_ROW:
    case TRIGGER_ORDER:
        return trigger_phase(state, token);
    default:
        return state->phase;
    }
}

/* Can an operator, or the end of the expression, follow? */
static bool is_operand(const brn_token *token)
{
    static const char *const others[] = {
        "and", "or",    "xor",   "not",    "when",   "then",   "else",   "case",
        "if",  "while", "until", "elseif", "like",   "rlike",  "regexp", "between",
        "div", "mod",   "in",    "is",     "binary", "escape", "elsif",
    };

    if (token->kind == BRN_TOKEN_OTHER) {
        return token->text.ptr[0] == ')';
    }
    return !is_any(token, others, BRN_ARRAY_LEN(others));
}

void brn_mysql_follow(brn_split_state *state, const brn_token *token, bool delimited)
{
    bool inside = state->parens > 0;

    state->words += token->kind == BRN_TOKEN_WORD;
    if (is_char(token, ';')) {
        /* It was not the end, so it stands in a body, or in what is not followed. */
        state->parens = 0;
        state->phase = state->depth > 0 ? AT_STMT : state->phase;
        state->operand = false;
        return;
    }
    if (is_char(token, '(')) {
        state->parens++;
    } else if (is_char(token, ')') && state->parens > 0) {
        inside = --state->parens > 0;
    }
    if (!inside) {
        state->phase = state->phase >= AT_STMT ? body_phase(state, token)
                                               : head_phase(state, token, delimited);
    }
    state->operand = is_operand(token);
}

bool brn_mysql_may_end(const brn_split_state *state)
{
    return state->depth == 0;
}

bool brn_mysql_needs_delimiter(const brn_split_state *state)
{
    return state->phase == ONLY_DELIMITED;
}

bool brn_mysql_takes_dollars(const brn_split_state *state)
{
    return state->phase == ROUTINE_AS;
}

bool brn_mysql_is_between(const brn_split_state *state)
{
    return state->phase == AT_STMT || state->phase == BEHIND_END;
}

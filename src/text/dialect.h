/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dialects: one lexer and one set of splitting rules per family of databases.
 *
 * A lexer cuts text into tokens and never fails except on something unterminated, or on what is not
 * the language at all (commands of a client). The splitter (split.c, shared) asks the dialect for
 * tokens and for one decision: does this terminator end the statement, or does it stand inside a
 * compound body (CREATE TRIGGER ... BEGIN ... END)?
 *
 * What changes how the text behind it is read (SET sql_mode, DELIMITER) is followed by the lexer;
 * how it reads at the place at hand is a set of BRN_LEX_ bits, which a statement keeps, so that it
 * can be read again by itself.
 *
 * Marks of goose around a statement ("-- +goose StatementBegin", "-- +goose StatementEnd", each
 * alone in its line), and the same of sql-migrate ("-- +migrate"), are comments, which nobody needs
 * who can split. But the second one ends the statement before it also without a ';', and is a token
 * of kind BRN_TOKEN_BLOCK_END; and where only a mark can tell the end of a body, it does.
 *
 * Rows in the middle of a script (COPY ... FROM STDIN;) are one token of kind BRN_TOKEN_DATA. Who
 * reads a whole script, for whatever reason, therefore never takes them for the language.
 *
 *   brn_lexer lx;
 *   brn_lexer_init(&lx, dialect, script);
 *   while ((st = brn_lexer_next(&lx, &tok, err)) == BRANT_OK && tok.kind != BRN_TOKEN_END) { ... }
 */
#ifndef BRN_TEXT_DIALECT_H
#define BRN_TEXT_DIALECT_H

#include "base/str.h"
#include "core/error.h"

struct brn_script;
struct brn_stmt;
struct brn_stmt_class;
struct brn_reader;

typedef enum brn_token_kind {
    BRN_TOKEN_END = 0,
    BRN_TOKEN_SPACE,
    BRN_TOKEN_LINE_COMMENT,
    BRN_TOKEN_BLOCK_COMMENT,
    BRN_TOKEN_WORD,   /* keyword or bare name */
    BRN_TOKEN_NAME,   /* quoted name, quotes included */
    BRN_TOKEN_STRING, /* quotes and prefixes included */
    BRN_TOKEN_NUMBER,
    BRN_TOKEN_VARIABLE,   /* ?1 :a @a $a */
    BRN_TOKEN_TERMINATOR, /* ; and what else ends statements and is not sent */
    BRN_TOKEN_OTHER,      /* one character of punctuation, or a byte that fits nothing */
    BRN_TOKEN_DATA,       /* rows behind a statement, with the "\." that ends them */
    BRN_TOKEN_MARK,       /* begins or ends a comment whose text is code; part of the statement */
    BRN_TOKEN_BLOCK_END,  /* a TERMINATOR that ends the statement whatever is open in it */
} brn_token_kind;

typedef struct brn_token {
    brn_token_kind kind;
    brn_str text;
    uint64_t offset;
    uint32_t line;
    uint32_t column;
} brn_token;

/* Space or a comment. */
bool brn_token_is_filler(brn_token_kind kind);

/* The mark at the end of a DATA token; a line break behind it is a token of its own. */
#define BRN_DATA_END "\\."

/* A backslash in a string is just that. */
#define BRN_LEX_NO_BACKSLASH (1u << 0)
/* "text" is a name and no string. */
#define BRN_LEX_ANSI_QUOTES (1u << 1)
/* The statement was ended by another mark than ';', so that one inside may belong to it. */
#define BRN_LEX_DELIMITED (1u << 2)

/* How far the splitter is inside the statement at hand; a dialect uses what it needs. */
typedef struct brn_split_state {
    uint32_t words;    /* words seen since the statement began */
    uint32_t phase;    /* the dialect's own automaton */
    uint32_t depth;    /* of compound bodies; not 0 at the end of the text is an error */
    uint32_t parens;   /* open parentheses */
    bool parens_owed;  /* and when they never close, that is an error */
    uint64_t began_at; /* offset of the outermost body, for the error when it never ends */
    uint32_t began_line;
    uint32_t began_column;
    uint32_t parens_line; /* of the outermost parenthesis */
    uint32_t parens_column;
    uint32_t cases; /* open CASE expressions */
    bool operand;   /* the token before could end an expression */
} brn_split_state;

/* Room for what a dialect has to remember: the variables that hold a mode. */
#define BRN_LEX_SAVED 4

/* What a lexer remembers between tokens; a dialect uses what it needs. */
typedef struct brn_lex_state {
    brn_split_state split; /* of the statement at hand */
    uint32_t phase;        /* the dialect's own automaton; 0 where a statement begins */
    bool owes;             /* the text must not end here: token() is asked at its end, too */
    size_t at;             /* where that statement began, in the text; its line and column */
    uint32_t line;
    uint32_t column;
    uint32_t mark_line; /* of the comment with code that is open; 0 */
    uint32_t mark_column;
    uint32_t blamed_line; /* where the error belongs, unless it is where the lexer stands; 0 */
    uint32_t blamed_column;
    bool block;        /* behind goose's StatementBegin */
    uint32_t mode;     /* BRN_LEX_ bits */
    brn_str delimiter; /* what ends statements; empty: ';' */
    size_t busy_to;    /* no ';' before this offset is the last of its statement */
    uint32_t saved_names[BRN_LEX_SAVED];
    uint32_t saved_modes[BRN_LEX_SAVED];
} brn_lex_state;

typedef struct brn_lexer {
    const struct brn_dialect *dialect;
    const struct brn_script *script;
    size_t at;
    uint32_t line;
    uint32_t column;
    brn_lex_state state;
} brn_lexer;

typedef struct brn_dialect {
    const char *name;         /* "sqlite" */
    const char *line_comment; /* "--" */
    /* Length and kind of the token at `rest`, which is empty only while something is owed. `lx`
     * stands before the token. Sets err for something unterminated; the caller adds the position.
     */
    brant_status (*token)(
        brn_token_kind *kind, size_t *len, brn_lexer *lx, brn_str rest, brant_error **err);
    /* The lexer's own idea of the statement at hand ends where it stands, at a BLOCK_END. */
    void (*end_statement)(brn_lexer *lx);
    /* Sees each token but space and comments. Returns true when a TERMINATOR ends the statement. */
    bool (*feed)(brn_split_state *state, const brn_token *token);
    /* brn_classify() for this dialect: `out` is cleared, the reader at the first token. */
    void (*classify)(struct brn_stmt_class *out, struct brn_reader *rd);
    /* The name at hand as the database knows it, and the reader behind it. Empty, and nothing
     * taken, when no name is at hand. */
    brn_str (*take_name)(struct brn_reader *rd);
} brn_dialect;

extern const brn_dialect brn_dialect_sqlite;
extern const brn_dialect brn_dialect_postgres;
extern const brn_dialect brn_dialect_mysql;

/*
 * Moves *line and *column over the bytes from..to of `text`. LF, CR LF and a lone CR are one line
 * break each; the text behind `to` is looked at, so that a CR LF may be cut in two.
 */
void brn_position_advance(brn_str text, size_t from, size_t to, uint32_t *line, uint32_t *column);

/* By name, or NULL. */
const brn_dialect *brn_dialect_find(const char *name);

void brn_lexer_init(brn_lexer *lx, const brn_dialect *dialect, const struct brn_script *script);
/* The next token, space and comments included; kind BRN_TOKEN_END at the end. */
brant_status brn_lexer_next(brn_lexer *lx, brn_token *out, brant_error **err);
/* Nothing but blanks stands in its line before `at` of the script. */
bool brn_lexer_begins_line(const brn_lexer *lx, size_t at);
/* Does the comment at `at` of the script end goose's block, which is open? */
bool brn_lexer_ends_block(const brn_lexer *lx, size_t at, brn_str comment);
/* Ends statements: a terminator of any kind. */
bool brn_token_is_terminator(brn_token_kind kind);

#endif

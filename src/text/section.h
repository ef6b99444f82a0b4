/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file with an up and a down section.
 *
 *     -- brant: requires=none          head: directives for both
 *     -- brant: up                     marker, alone in its line
 *     CREATE TABLE t (a);
 *     -- brant: down
 *     DROP TABLE t;
 *
 * Markers of other tools are understood, so that their files run unchanged: "-- +goose Up" and
 * "-- +goose Down" (with "-- +goose NO TRANSACTION"; StatementBegin and StatementEnd are the
 * lexer's, see dialect.h), "-- migrate:up" and "-- migrate:down" (with transaction:false), and
 * sql-migrate's "-- +migrate Up" and "-- +migrate Down" (with notransaction). Markers are matched
 * on whole lines, ignoring case and white space, and not inside strings, quoted names or block
 * comments. A file without any marker is one up section, unless it has a mark of a further tool
 * with statements behind it that undo: "-- Up Migration" and "-- Down Migration" of
 * node-pg-migrate,
 * "-- rambler up", "-- +micrate Up", "---- create above / drop below ----" of tern, "--//@UNDO".
 */
#ifndef BRN_TEXT_SECTION_H
#define BRN_TEXT_SECTION_H

#include "text/directive.h"

typedef struct brn_sections {
    bool marked; /* the file has markers */
    bool has_down;
    bool further;    /* by marks of a tool beside those three */
    bool whole_name; /* marked as sql-migrate does, which tells files apart by their whole name */
    brn_script head; /* before the first marker; may be empty */
    brn_script up;   /* behind its marker line */
    brn_script down;
    brn_switch up_transaction; /* from a foreign marker; AUTO when it says nothing */
    brn_switch down_transaction;
    uint32_t envsub_line; /* of goose's first ENVSUB ON, which nothing here obeys; 0 */
    uint32_t envsub_column;
    brn_token other; /* without markers: a comment with which another tool begins a down section,
                        and a statement stands behind it; kind END: none */
} brn_sections;

/*
 * Statements before the first marker, a down marker first, a marker twice, and a file with down but
 * no up section are errors with their position. As sql-migrate's mean it, its sections may stand in
 * any order, and a marker may be repeated within its section.
 */
brant_status brn_sections_find(
    brn_sections *out, const brn_dialect *dialect, const brn_script *script, brant_error **err);

#endif

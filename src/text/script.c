/* SPDX-License-Identifier: Apache-2.0 */
#include "text/script.h"

/* Longer marks first: UTF-32 of little-endian order begins like UTF-16. */
static const struct mark {
    const char *bytes;
    size_t len;
    const char *encoding;
} foreign_marks[] = {
    { "\x00\x00\xfe\xff", 4, "UTF-32" },
    { "\xff\xfe\x00\x00", 4, "UTF-32" },
    { "\xfe\xff", 2, "UTF-16" },
    { "\xff\xfe", 2, "UTF-16" },
};

/* All marks begin with a byte that no text in ASCII begins with. */
static bool may_be_marked(brn_str raw)
{
    return raw.len > 0 && (raw.ptr[0] == '\0' || (unsigned char)raw.ptr[0] >= 0x80);
}

static brant_status refuse_encoding(const char *encoding, const char *file, brant_error **err)
{
    brant_status st =
        brn_error(err, BRANT_EPARSE, "text.utf16", "the file is encoded in %s", encoding);

    brn_error_hint(
        err, "Convert it to UTF-8: iconv -f %s -t UTF-8 \"%s\" > new.sql", encoding, file);
    return st;
}

static brant_status refuse_nul(const char *file, brant_error **err)
{
    brant_status st = brn_error(err, BRANT_EPARSE, "text.nul_byte", "NUL byte in the text");

    brn_error_hint(
        err,
        "Remove the byte, or write binary data as a literal such as x'00'. If the file is "
        "UTF-16 without a byte order mark, convert it: iconv -f UTF-16LE -t UTF-8 \"%s\" > "
        "new.sql",
        file);
    return st;
}

static brant_status refuse_byte(char byte, const char *file, brant_error **err)
{
    brant_status st = brn_error(
        err, BRANT_EPARSE, "text.invalid_utf8", "byte 0x%02x is not valid UTF-8 here",
        (unsigned)(unsigned char)byte);

    brn_error_hint(
        err,
        "Convert the file from the encoding it has, for example: iconv -f WINDOWS-1252 -t "
        "UTF-8 \"%s\" > new.sql. But binary data would not survive that: write it in hexadecimal, "
        "x'00ff', as dumps do with --hex-blob.",
        file);
    return st;
}

brant_status brn_script_check(brn_script *out, brn_str raw, const char *file, brant_error **err)
{
    brn_str text = raw;
    const char *shown = file != NULL ? file : "FILE";
    uint32_t line = 1;
    uint32_t column = 1;
    size_t nul;
    size_t invalid;

    for (size_t i = 0; may_be_marked(raw) && i < BRN_ARRAY_LEN(foreign_marks); i++) {
        const struct mark *mark = &foreign_marks[i];
        if (brn_str_starts(raw, (brn_str){ mark->bytes, mark->len })) {
            brant_status st = refuse_encoding(mark->encoding, shown, err);
            brn_error_at(err, file, line, column);
            return st;
        }
    }
    if (brn_str_starts(raw, BRN_STR("\xef\xbb\xbf"))) {
        text = brn_str_slice(raw, 3, raw.len);
    }
    nul = brn_str_find_char(text, '\0');
    invalid = brn_str_utf8_invalid_at(text);
    if (nul != SIZE_MAX || invalid != SIZE_MAX) {
        size_t at = nul < invalid ? nul : invalid;
        brant_status st =
            nul < invalid ? refuse_nul(shown, err) : refuse_byte(text.ptr[at], shown, err);
        brn_position_advance(text, 0, at, &line, &column);
        brn_error_at(err, file, line, column);
        return st;
    }
    *out = (brn_script){ .file = file, .text = text, .line = 1, .column = 1 };
    return BRANT_OK;
}

brn_str brn_stmt_source(const brn_stmt *stmt)
{
    brn_str source = stmt->text;

    if (stmt->data.ptr != NULL) {
        source.len = (size_t)(stmt->data_offset - stmt->offset) + stmt->data.len;
    }
    return source;
}

void brn_stmt_locate(const brn_stmt *stmt, size_t offset, uint32_t *line, uint32_t *column)
{
    *line = stmt->line;
    *column = stmt->column;
    brn_position_advance(
        stmt->text, 0, offset < stmt->text.len ? offset : stmt->text.len, line, column);
}

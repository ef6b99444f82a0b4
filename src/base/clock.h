/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time: monotonic for durations, UTC wall clock for records, durations as people write them.
 */
#ifndef BRN_BASE_CLOCK_H
#define BRN_BASE_CLOCK_H

#include "base/str.h"

#define BRN_NS_PER_MS 1000000LL
#define BRN_CLOCK_TEXT 32 /* room for any text below, with its NUL */

int64_t brn_clock_mono_ns(void);
/* Microseconds since 1970-01-01T00:00:00Z. */
int64_t brn_clock_wall_us(void);

/* "2026-02-26T15:30:00.123Z": RFC 3339 in UTC with milliseconds, whatever TZ says. */
void brn_clock_rfc3339(char out[BRN_CLOCK_TEXT], int64_t wall_us);
/* "20260226153000" in UTC: the version of a new migration. */
void brn_clock_stamp(char out[BRN_CLOCK_TEXT], int64_t wall_us);
/* False when the text is not a time as brn_clock_rfc3339() writes it. */
bool brn_clock_parse_rfc3339(brn_str text, int64_t *wall_us);

/* Sleeps; returns early when a signal handler ran. */
void brn_clock_sleep_ms(uint32_t ms);

/*
 * "300", "300s", "5m", "500ms", "1h", "1m30s": milliseconds; a bare number is seconds. False when
 * malformed, negative or beyond 100 years.
 */
bool brn_duration_parse(brn_str text, int64_t *ms);
/* For people: "12 ms", "1.2 s", "3 min 05 s". */
void brn_duration_text(char out[BRN_CLOCK_TEXT], int64_t ms);

/* A number below `bound` for jitter; not for secrets. The caller seeds `state` (non-zero). */
uint32_t brn_jitter(uint64_t *state, uint32_t bound);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocations of the whole process, counted and made to fail.
 *
 * alloc.c defines malloc() and its kin in the executable, so that the C library, SQLite and
 * libyaml use them as well. Under a sanitizer they lead to its own functions. One thread only.
 */
#ifndef BRANT_TESTS_ALLOC_H
#define BRANT_TESTS_ALLOC_H

#include <stdbool.h>
#include <stdint.h>

/* From now on allocations are counted; call `at` fails (0: none), and with `onwards` all after it.
 */
void alloc_arm(uint64_t at, bool onwards);
/* No failures and no counting any more. The number of calls since alloc_arm(). */
uint64_t alloc_disarm(void);
/* How many failed since alloc_arm(). */
uint64_t alloc_failures(void);
/* What is allocated now and not freed. Only differences mean anything. Always 0 under a sanitizer,
 * whose realpath() allocates past us; it finds leaks by itself. */
int64_t alloc_live(void);
/* Prints the stack to standard error at each failure. */
void alloc_show_failures(void);

#endif

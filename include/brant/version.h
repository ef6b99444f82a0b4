/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Version of the library, and the mark of an exported function.
 */
#ifndef BRANT_VERSION_H
#define BRANT_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

#define BRANT_VERSION_MAJOR 0
#define BRANT_VERSION_MINOR 1
#define BRANT_VERSION_PATCH 0
/** 0xXXYYZZ, for comparisons in the preprocessor. */
#define BRANT_VERSION_NUM 0x000100
#define BRANT_VERSION "0.1.0"

/** Marks a function of the public interface. The linker map decides what is visible. */
#define BRANT_API extern

/**
 * Version of the library that is loaded, as "0.1.0". Static; never NULL. Thread-safe. Since: 0.1
 */
BRANT_API const char *brant_version(void);

/**
 * Order of two versions of an application or schema: part by part between dots, numbers as numbers
 * of any length, and a part that is missing is zero (1.2 < 1.10, 1.0 = 1.0.0).
 *
 * @param a, b  NULL is below everything; NULL and NULL are equal.
 * @return Below, equal to or above zero. Thread-safe. Since: 0.1
 */
BRANT_API int brant_version_compare(const char *a, const char *b);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program outside the tree. SYMBOL is one function that libbrant exports; tools/test-install
 * picks it.
 */
#include <brant/brant.h>

typedef void (*any_function)(void);

int main(void)
{
    /* volatile: the reference must reach the linker. */
    volatile any_function function = (any_function)SYMBOL;
    return function == 0;
}

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# check_header.sh HEADER COMPILER FLAG...: a public header compiles alone, and each BRANT_X_INIT in
# it lists every field of its type brant_x.
set -eu

header=$1
shift
[ "$1" != CXX_FOR_HEADERS-NOTFOUND ] || { echo "missing package: clang-14 (a C++ compiler)"; exit 77; }

include=$(dirname "$(dirname "$header")")
{
    echo "#include <brant/$(basename "$header")>"
    sed -n 's/^[[:space:]]*#[[:space:]]*define[[:space:]]\{1,\}BRANT_\([A-Z0-9_]*\)_INIT[^A-Z0-9_(].*/\1/p' "$header" |
        while read -r macro; do
            type=brant_$(echo "$macro" | tr '[:upper:]' '[:lower:]')
            echo "extern const $type check_$type;"
            echo "const $type check_$type = BRANT_${macro}_INIT;"
        done
    # A translation unit must not be empty.
    echo "typedef int check_header;"
} | "$@" -I "$include" -fsyntax-only -pedantic-errors -Wall -Wextra -Wmissing-field-initializers -Werror -

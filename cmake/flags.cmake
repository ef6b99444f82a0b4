# SPDX-License-Identifier: Apache-2.0
#
# Language, warnings and hardening for every C file of the tree. Each flag is tried on the compiler
# first, since gcc and clang know different ones.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)
include(CheckPIESupported)

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
check_pie_supported()

function(brant_try_compile_flags)
  foreach(flag IN LISTS ARGN)
    string(MAKE_C_IDENTIFIER "BRANT_HAVE${flag}" have)
    check_c_compiler_flag(${flag} ${have})
    if(${have})
      add_compile_options(${flag})
    endif()
  endforeach()
endfunction()

function(brant_try_link_flags)
  foreach(flag IN LISTS ARGN)
    string(MAKE_C_IDENTIFIER "BRANT_LINK${flag}" have)
    check_linker_flag(C ${flag} ${have})
    if(${have})
      add_link_options(${flag})
    endif()
  endforeach()
endfunction()

# The tries are many and dull; what they found is in the compile commands.
set(CMAKE_REQUIRED_QUIET ON)

add_compile_definitions(_XOPEN_SOURCE=700 _DEFAULT_SOURCE)
if(APPLE)
  add_compile_definitions(_DARWIN_C_SOURCE)
endif()

set(warnings
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual
    -Wcast-align=strict -Wformat=2 -Wformat-signedness -Wmissing-prototypes -Wstrict-prototypes
    -Wold-style-definition -Wredundant-decls -Wpointer-arith -Wwrite-strings -Wvla -Wundef
    -Wimplicit-fallthrough=5 -Wduplicated-cond -Wlogical-op -Wdouble-promotion -Wfloat-equal
    -Wunused-macros -Wdate-time -Walloca -Wno-missing-field-initializers)
if(NOT BRANT_SANITIZE AND NOT BRANT_COVERAGE)
  # Instrumented code has larger frames and branches that nobody wrote.
  list(APPEND warnings -Wnull-dereference -Wstack-usage=16384)
endif()
brant_try_compile_flags(${warnings})
if(BRANT_WERROR)
  add_compile_options(-Werror)
endif()

brant_try_compile_flags(
  -fno-common
  -fstack-protector-strong
  -fstack-clash-protection
  -fcf-protection
  # Nobody replaces a function of ours inside our own library, so the compiler may inline it.
  -fno-semantic-interposition
  # Texts of assert() name files as the tree does, wherever it was built.
  "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=")
brant_try_link_flags(-Wl,-z,relro -Wl,-z,now -Wl,--as-needed)

if(BRANT_SANITIZE)
  add_compile_options(-fsanitize=${BRANT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${BRANT_SANITIZE})
else()
  # A sanitizer's run-time is found in the program by clang, so only plain builds can ask for this.
  brant_try_link_flags(-Wl,-z,defs)
endif()
if(BRANT_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(BRANT_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()
# The fortified functions need an optimiser and hide errors from the sanitizers.
if(NOT BRANT_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
if(BRANT_ARENA_DEBUG)
  add_compile_definitions(BRANT_ARENA_DEBUG)
endif()

unset(CMAKE_REQUIRED_QUIET)

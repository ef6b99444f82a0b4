/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine module of another version, for test_loader: a shared object "brant-postgres.so" in
 * the folder "modules" of the tests' build folder.
 */
extern const char brn_engine_build[];
extern const int brn_engine_module;

const char brn_engine_build[] = "0.0.0-other";
const int brn_engine_module = 0; /* a table of another shape: must not be looked at */

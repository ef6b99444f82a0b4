#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# deploy.sh COMMAND...: migrates the database, and starts the new code when that has worked. Several
# hosts may run it at once: one of them migrates, the others wait for it.
#
#   DATABASE_URL       of the database, with a user who may change the schema
#   BRANT_NEW=1        makes the database when it does not exist (a new staging environment)
set -eu

if [ "${BRANT_NEW:-0}" = 1 ]; then
    brant setup
fi
brant ping     # ends here with 10 when the database cannot be reached, is missing, or refuses us
brant plan     # what is to come, for the log
brant up       # ends here when a migration fails: the old code goes on
brant validate # ends here with 9 when the database is not as the files say

exec "$@"

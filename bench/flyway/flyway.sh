#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# flyway HOST:PORT/DATABASE USER PASSWORD FOLDER: see Up.java. It is installed beside jars and classes.
folder=$(dirname -- "$0")/..
exec java -cp "$folder/jars/*:$folder/classes" Up "$@"

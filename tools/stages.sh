# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# Stages of ./dev check, which sources this file: each has a heading, a time and a log. The first
# one that fails ends the check. Lanes are stages that run ctest; their counts are summed.
# Expects $root, $jobs and build_preset().

: "${root:?}" "${jobs:?}"
stages_started=$(date +%s)
lanes=

# stages_begin FOLDER...: forget the results of an earlier check.
stages_begin() {
    for folder in "$@"; do
        rm -f "$folder/logs/"*.xml "$folder/logs/ctest.json"
    done
}

# stages_end: the summary line of each lane, and the totals as the last line.
stages_end() {
    echo
    echo "== done in $(($(date +%s) - stages_started)) s"
    # Word splitting is wanted: lanes holds file names without blanks.
    # shellcheck disable=SC2086
    tools/ctest-totals $lanes
}

# stage FOLDER NAME COMMAND...: run COMMAND with its output in FOLDER/logs/NAME.log.
stage() {
    stage_folder=$1
    stage_name=$2
    shift 2
    stage_log=$stage_folder/logs/$stage_name.log
    mkdir -p "$stage_folder/logs"
    stage_started=$(date +%s)
    echo "== $stage_name"
    # In a condition "set -e" is off inside COMMAND too: functions used here chain with "&&".
    if "$@" >"$stage_log" 2>&1; then
        sed -n 's/^[a-z-]*: skipped,/   &/p' "$stage_log"
        echo "   ok, $(($(date +%s) - stage_started)) s"
        return
    fi
    tail -n 60 "$stage_log" | sed 's/^/   /'
    echo
    echo "== FAILED: $stage_name, $(($(date +%s) - stage_started)) s; the whole log is $stage_log" >&2
    stages_end
    exit 1
}

# run_ctest PRESET JUNIT CTEST-OPTION...
run_ctest() {
    preset=$1
    junit=$2
    shift 2
    listed=${junit%.xml}.json
    # Half of the time a test waits: for a server, a disk, a clock.
    at_once=$((jobs * 2))
    ctest --preset "$preset" --show-only=json-v1 "$@" >"$listed" &&
        ctest --preset "$preset" --parallel "$at_once" --output-junit "$junit" "$@" &&
        tools/ctest-totals --check "$listed" "$junit"
}

# lane FOLDER PRESET CTEST-OPTION...: the tests of one build.
lane() {
    lane_folder=$1
    lane_preset=$2
    shift 2
    lane_junit=$root/$lane_folder/logs/ctest.xml
    lanes="$lanes $lane_folder/logs/ctest.xml"
    stage "$lane_folder" "tests-$lane_preset" run_ctest "$lane_preset" "$lane_junit" "$@"
    grep 'tests passed,' "$lane_folder/logs/tests-$lane_preset.log" | sed 's/^/   /'
    # The last line of the table: all points that were interrupted, and the gaps.
    lane_table=$lane_folder/logs/fault-table.txt
    [ ! -f "$lane_table" ] ||
        tail -n 1 "$lane_table" |
        awk -v file="$lane_table" '{ print "   faults: " $2 " points, " $3 " recovered, " $4 " answered, " $5 " gaps: " file }'
}

# build_counting: the preset cov, without counts of an earlier build or of the commands in this one.
build_counting() {
    build_preset cov && find build-cov -name '*.gcda' -exec rm -f {} +
}

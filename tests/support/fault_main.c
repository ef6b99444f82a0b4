/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs up or down with the fault engine around every connection:
 *
 *     fault --fault count|kill@N|fail@N|drop@N|delay@N|passing@N|lose@N [--hide-caps txn]
 *           [--window N] [--set KEY=VALUE]... -- up|down
 *
 * in a project directory (brant.yaml, or DATABASE_URL). Prints "boundaries: N" and, when the run
 * failed, the error. Exit 0 when the run succeeded, 1 when it failed, 2 for wrong usage.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <brant/brant.h>

#include "engine/decorators.h"
#include "run/session.h"

extern char **environ;

static brn_conn *wrap(brn_conn *inner, void *user)
{
    return brn_fault_wrap(inner, user);
}

static int parse_fault(brn_fault *fault, const char *text)
{
    static const struct {
        const char *name;
        brn_fault_kind kind;
    } kinds[] = {
        { "count", BRN_FAULT_COUNT },  { "kill@", BRN_FAULT_KILL },
        { "fail@", BRN_FAULT_FAIL },   { "drop@", BRN_FAULT_DROP },
        { "delay@", BRN_FAULT_DELAY }, { "passing@", BRN_FAULT_PASSING },
        { "lose@", BRN_FAULT_LOSE },
    };
    for (size_t i = 0; i < BRN_ARRAY_LEN(kinds); i++) {
        size_t len = strlen(kinds[i].name);
        if (strncmp(text, kinds[i].name, len) == 0) {
            fault->kind = kinds[i].kind;
            fault->at = strtoull(text + len, NULL, 10);
            fault->delay_ms = 1000;
            return 0;
        }
    }
    return -1;
}

static void listen(const brant_event *ev, void *user)
{
    (void)user;
    if (ev->type == BRANT_EVENT_NOTICE || ev->type == BRANT_EVENT_WARNING) {
        fprintf(stderr, "%s: %s\n", ev->id, ev->message);
    }
}

static brant_status run(
    brn_fault *fault, const brant_settings *settings, const char *command, brant_error **err)
{
    brant_project *project = NULL;
    brant_session *session = NULL;
    brant_session_options opts = BRANT_SESSION_OPTIONS_INIT;
    opts.on_event = listen;
    brant_status st = brant_project_load(&project, settings, err);
    if (st == BRANT_OK) {
        st = brant_session_open(&session, project, &opts, err);
    }
    if (st == BRANT_OK) {
        session->wrap = wrap;
        session->wrap_user = fault;
        brant_run_options all = BRANT_RUN_OPTIONS_INIT;
        all.all = 1;
        st = strcmp(command, "down") == 0 ? brant_down(NULL, session, &all, err)
                                          : brant_up(NULL, session, NULL, err);
    }
    brant_session_close(session);
    brant_project_free(project);
    return st;
}

static int usage(void)
{
    fputs(
        "usage: fault --fault count|kill@N|fail@N|drop@N|delay@N|passing@N|lose@N "
        "[--hide-caps txn] [--window N] [--set KEY=VALUE]... -- up|down\n",
        stderr);
    return 2;
}

int main(int argc, char **argv)
{
    brn_fault fault = { 0 };
    brant_settings *settings = NULL;
    brant_error *err = NULL;
    const char *command = NULL;
    if (brant_settings_new(&settings, NULL) != BRANT_OK ||
        brant_settings_from_env(settings, (const char *const *)environ, &err) != BRANT_OK) {
        return usage();
    }
    for (int i = 1; i < argc; i += 2) {
        char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--") == 0) {
            command = value;
            break;
        }
        char *equals = value != NULL ? strchr(value, '=') : NULL;
        if (strcmp(argv[i], "--hide-caps") == 0) {
            fault.hide_caps = BRN_CAP_TXN_DDL | BRN_CAP_TXN_DML;
        } else if (strcmp(argv[i], "--fault") == 0 && value != NULL) {
            if (parse_fault(&fault, value) != 0) {
                return usage();
            }
        } else if (strcmp(argv[i], "--window") == 0 && value != NULL) {
            fault.window = (uint32_t)strtoul(value, NULL, 10);
        } else if (strcmp(argv[i], "--set") == 0 && equals != NULL) {
            *equals = '\0';
            if (brant_settings_set(settings, value, equals + 1, BRANT_ORIGIN_FLAG, NULL, &err) !=
                BRANT_OK) {
                fprintf(stderr, "%s\n", brant_error_message(err));
                return 2;
            }
        } else {
            return usage();
        }
    }
    if (command == NULL) {
        return usage();
    }
    brant_status st = run(&fault, settings, command, &err);
    printf("boundaries: %llu\n", (unsigned long long)fault.boundaries);
    if (st != BRANT_OK) {
        fprintf(stderr, "%s: %s\n", brant_error_id(err), brant_error_message(err));
    }
    brant_error_free(err);
    brant_settings_free(settings);
    return st == BRANT_OK ? 0 : 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the process does when it is told to stop.
 *
 * SIGINT and SIGTERM ask the session to stop at its next safe point; without a session there is
 * nothing to wait for and the process ends with 130. SIGPIPE is ignored: a closed pipe is an error
 * of writing. A handler has no argument, so the session is the one global of cli/.
 */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <brant/session.h>

void cli_signals_install(void);
/* The session to stop; NULL before it is closed. */
void cli_signals_watch(brant_session *session);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "cli/command.h"

static _Atomic(brant_session *) watched;

/* Only async-signal-safe calls from here. */
static void stop(const char *text, size_t len)
{
    int saved = errno;
    brant_session *session = atomic_load(&watched);
    ssize_t ignored;

    if (session == NULL) {
        _exit(CLI_EXIT_INTERRUPTED);
    }
    brant_session_cancel(session);
    ignored = write(STDERR_FILENO, text, len);
    (void)ignored;
    errno = saved;
}

static const char text[] = "\nstopping at the next safe point...\n";

static void on_stop(int number)
{
    (void)number;
    stop(text + 1, sizeof(text) - 2);
}

/* The line break keeps clear of "^C" and of a progress bar. */
static void on_stop_at_terminal(int number)
{
    (void)number;
    stop(text, sizeof(text) - 1);
}

void cli_signals_install(void)
{
    struct sigaction caught = { .sa_handler = isatty(STDERR_FILENO) ? on_stop_at_terminal : on_stop,
                                .sa_flags = SA_RESTART };
    struct sigaction ignore = { .sa_handler = SIG_IGN };

    (void)sigemptyset(&caught.sa_mask);
    (void)sigaddset(&caught.sa_mask, SIGINT);
    (void)sigaddset(&caught.sa_mask, SIGTERM);
    (void)sigaction(SIGINT, &caught, NULL);
    (void)sigaction(SIGTERM, &caught, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL);
}

void cli_signals_watch(brant_session *session)
{
    atomic_store(&watched, session);
}

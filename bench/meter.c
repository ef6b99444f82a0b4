/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a program once and says what it took:
 *
 *     meter SECONDS PROGRAM ARGUMENT...
 *
 * Standard output and standard error of the program go to where meter's standard error goes. Prints
 * one line: nanoseconds from before the start to after the end, peak of resident memory in KiB,
 * nanoseconds in user and in system mode, and the exit status (128 and the number of a signal). A
 * program that takes longer than SECONDS is killed.
 *
 * This is a small program of its own because Linux counts as a child's peak also the memory of the
 * process that started it, so the driver, an interpreter of tens of MiB, would hide small peaks.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    EXIT_USAGE = 2,
    NANOSECONDS = 1000000000,
    NS_PER_US = 1000,
    SIGNALLED = 128
};

/* The child that the alarm kills; a handler reaches nothing else. */
static volatile sig_atomic_t child;

static void on_alarm(int number)
{
    (void)number;
    (void)kill((pid_t)child, SIGKILL);
}

static long long clock_ns(void)
{
    struct timespec now = { 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * NANOSECONDS + now.tv_nsec;
}

static long long time_ns(struct timeval time)
{
    return (long long)time.tv_sec * NANOSECONDS + (long long)time.tv_usec * NS_PER_US;
}

int main(int argc, char **argv)
{
    struct rusage usage = { 0 };
    struct sigaction action = { .sa_handler = on_alarm };
    int status = 0;

    if (argc < 3) {
        (void)fputs("usage: meter SECONDS PROGRAM ARGUMENT...\n", stderr);
        return EXIT_USAGE;
    }

    long long begin_ns = clock_ns();
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(STDERR_FILENO, STDOUT_FILENO);
        (void)execv(argv[2], &argv[2]);
        perror(argv[2]);
        _exit(EXIT_USAGE);
    }
    if (pid < 0) {
        perror("fork");
        return EXIT_USAGE;
    }
    child = (sig_atomic_t)pid;
    (void)sigaction(SIGALRM, &action, NULL);
    (void)alarm((unsigned)strtoul(argv[1], NULL, 10));
    while (wait4(pid, &status, 0, &usage) != pid) {
        /* The alarm interrupts the call once. */
    }
    long long end_ns = clock_ns();

    (void)printf(
        "%lld %ld %lld %lld %d\n", end_ns - begin_ns, usage.ru_maxrss, time_ns(usage.ru_utime),
        time_ns(usage.ru_stime),
        WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status));
    return 0;
}

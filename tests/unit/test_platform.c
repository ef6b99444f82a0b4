/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/platform.h"

#define LONG_WAIT_MS 20000

static void random_hex_is_32_digits_and_never_the_same(void **state)
{
    char seen[50][33];

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(seen); i++) {
        brn_platform_random_hex(seen[i]);
        assert_int_equal(strlen(seen[i]), 32);
        assert_int_equal(strspn(seen[i], "0123456789abcdef"), 32);
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(seen[k], seen[i]);
        }
    }
}

static void names_are_never_empty(void **state)
{
    char text[BRN_PLATFORM_NAME];

    (void)state;
    brn_platform_host(text);
    assert_in_range(strlen(text), 1, BRN_PLATFORM_NAME - 1);
    brn_platform_user(text);
    assert_in_range(strlen(text), 1, BRN_PLATFORM_NAME - 1);
    assert_int_equal(brn_platform_pid(), getpid());
}

static void user_does_not_come_from_the_environment(void **state)
{
    char before[BRN_PLATFORM_NAME];
    char after[BRN_PLATFORM_NAME];

    (void)state;
    brn_platform_user(before);
    assert_int_equal(setenv("USER", "somebody-else", 1), 0);
    assert_int_equal(setenv("LOGNAME", "somebody-else", 1), 0);
    brn_platform_user(after);
    assert_string_equal(before, after);
}

static void every_errno_has_a_text(void **state)
{
    static const int numbers[] = { 0, EPERM, ENOENT, ENOMEM, EFBIG, -1, 99999 };
    char text[BRN_PLATFORM_NAME];
    char other[BRN_PLATFORM_NAME];

    (void)state;
    for (size_t i = 0; i < BRN_ARRAY_LEN(numbers); i++) {
        brn_platform_errno_text(text, numbers[i]);
        assert_in_range(strlen(text), 1, BRN_PLATFORM_NAME - 1);
    }
    brn_platform_errno_text(text, ENOENT);
    brn_platform_errno_text(other, EPERM);
    assert_string_not_equal(text, other);
}

static void wait_without_a_watch_is_a_sleep(void **state)
{
    int64_t start = brn_clock_mono_ns();

    (void)state;
    brn_watch_wait(NULL, 30);
    assert_true(brn_clock_mono_ns() - start >= 30 * BRN_NS_PER_MS);
    brn_watch_free(NULL);
}

static void watch_of_a_missing_file_is_null(void **state)
{
    (void)state;
    assert_null(brn_watch_new("/nonexistent/lock"));
}

/* A child that holds `path` open for writing until it reads a byte from the pipe. */
typedef struct holder {
    pid_t pid;
    int go;
} holder;

static void hold_until_told(const char *path, int ready, int go, bool die)
{
    char c = 'r';
    int fd = open(path, O_WRONLY);

    (void)alarm(60); /* in case the parent fails */
    if (fd < 0 || write(ready, &c, 1) != 1 || read(go, &c, 1) != 1) {
        _exit(1);
    }
    if (die) {
        (void)raise(SIGKILL);
    }
    (void)close(fd);
    /* Alive until the parent kills it: the wake-up must come from the close. */
    (void)pause();
    _exit(0);
}

static holder start_holder(const char *path, bool die)
{
    int ready[2];
    int go[2];
    holder h;
    char c;

    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(go), 0);
    h.pid = fork();
    assert_true(h.pid >= 0);
    if (h.pid == 0) {
        hold_until_told(path, ready[1], go[0], die);
    }
    (void)close(ready[1]);
    (void)close(go[0]);
    assert_int_equal(read(ready[0], &c, 1), 1);
    (void)close(ready[0]);
    h.go = go[1];
    return h;
}

static void stop_holder(const holder *h)
{
    (void)kill(h->pid, SIGKILL);
    (void)waitpid(h->pid, NULL, 0);
    (void)close(h->go);
}

static void wakes_early(bool die)
{
    char path[] = "/tmp/brant-watch-XXXXXX";
    int fd = mkstemp(path);
    brn_watch *watch;
    holder h;
    int64_t start;
    int64_t spent;

    assert_true(fd >= 0);
    (void)close(fd);
    h = start_holder(path, die);
    watch = brn_watch_new(path);
    if (watch == NULL) {
        stop_holder(&h);
        (void)unlink(path);
        skip();
    }
    /* Nothing has happened yet. */
    start = brn_clock_mono_ns();
    brn_watch_wait(watch, 30);
    assert_true(brn_clock_mono_ns() - start >= 25 * BRN_NS_PER_MS);

    start = brn_clock_mono_ns();
    assert_int_equal(write(h.go, "g", 1), 1);
    brn_watch_wait(watch, LONG_WAIT_MS);
    spent = brn_clock_mono_ns() - start;
    assert_true(spent < LONG_WAIT_MS / 2 * BRN_NS_PER_MS);

    /* The event is used up. */
    start = brn_clock_mono_ns();
    brn_watch_wait(watch, 30);
    assert_true(brn_clock_mono_ns() - start >= 25 * BRN_NS_PER_MS);
    stop_holder(&h);
    brn_watch_free(watch);
    (void)unlink(path);
}

static void close_by_another_process_wakes_the_waiter(void **state)
{
    (void)state;
    wakes_early(false);
}

static void death_of_another_process_wakes_the_waiter(void **state)
{
    (void)state;
    wakes_early(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_hex_is_32_digits_and_never_the_same),
        cmocka_unit_test(names_are_never_empty),
        cmocka_unit_test(user_does_not_come_from_the_environment),
        cmocka_unit_test(every_errno_has_a_text),
        cmocka_unit_test(wait_without_a_watch_is_a_sleep),
        cmocka_unit_test(watch_of_a_missing_file_is_null),
        cmocka_unit_test(close_by_another_process_wakes_the_waiter),
        cmocka_unit_test(death_of_another_process_wakes_the_waiter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

/* The clock and the pen of the code under test (linked with --wrap). */
static time_t now = 1000;
static char out[65536];
static size_t out_len, writes, allocations;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);
ssize_t __wrap_write(int fd, const void *p, size_t len);
void *__real_malloc(size_t len);
void *__wrap_malloc(size_t len);

int
__wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	assert_int_equal(clock, CLOCK_MONOTONIC);
	*ts = (struct timespec){now, 0};
	return 0;
}

ssize_t
__wrap_write(int fd, const void *p, size_t len)
{
	assert_int_equal(fd, STDERR_FILENO);
	assert_true(out_len + len < sizeof(out));
	memcpy(out + out_len, p, len);
	out_len += len;
	out[out_len] = '\0';
	writes++;
	return (ssize_t)len;
}

void *
__wrap_malloc(size_t len)
{
	allocations++;
	return __real_malloc(len);
}

/* Every test begins in a later minute, after what is left over is said. */
static int
begin(void **state)
{
	(void)state;
	now += 1000;
	log_event(LOG_STARTED);
	now += 1000;
	log_open("tipline-test");
	out_len = writes = allocations = 0;
	out[0] = '\0';
	return 0;
}

static void
a_line_has_a_name_a_number_and_a_sentence(void **state)
{
	(void)state;
	log_event(LOG_CLOSED);
	assert_string_equal(
	    out, "tipline-test: E210 closed: no epoch key is valid now\n");
	assert_int_equal(writes, 1);
}

static void
an_errno_is_told_in_words_and_kept(void **state)
{
	(void)state;
	errno = ENOSPC;
	log_errno(LOG_IO);
	assert_int_equal(errno, ENOSPC);
	assert_string_equal(out,
	    "tipline-test: E104 a system call failed:"
	    " No space left on device\n");
	out_len = 0;
	errno = 99999;
	log_errno(LOG_IO);
	assert_int_equal(errno, 99999);
	assert_string_equal(
	    out, "tipline-test: E104 a system call failed: unknown error\n");
}

static void
only_so_many_lines_of_a_kind_are_written_in_a_minute(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++)
		log_event(LOG_CONN_LIMIT);
	assert_int_equal(writes, LOG_BURST);
	/* Other kinds are not held up by it. */
	log_event(LOG_KEEPER_BACK);
	assert_int_equal(writes, LOG_BURST + 1);
	now += 59;
	log_event(LOG_CONN_LIMIT);
	assert_int_equal(writes, LOG_BURST + 1);
	/* The next minute says how many were left out, then goes on. */
	now += 1;
	out_len = 0;
	log_event(LOG_CONN_LIMIT);
	assert_string_equal(out,
	    "tipline-test: E107 lines of this kind were left out: E215 991"
	    " times\n"
	    "tipline-test: E215 as many connections as allowed are open\n");
	/* Once. */
	now += 60;
	out_len = 0;
	log_event(LOG_STARTED);
	assert_string_equal(out, "tipline-test: E200 started\n");
}

static void
another_kind_of_line_also_says_what_was_left_out(void **state)
{
	(void)state;
	for (int i = 0; i < LOG_BURST + 3; i++)
		log_event(LOG_CIRCUIT_LIMIT);
	now += 60;
	out_len = 0;
	log_event(LOG_STOPPED);
	assert_string_equal(out,
	    "tipline-test: E107 lines of this kind were left out: E216 3"
	    " times\n"
	    "tipline-test: E201 stopped\n");
}

static void
every_event_fits_a_line_and_allocates_nothing(void **state)
{
	static const enum log_event all[] = {
#define X(name, number, sentence) name,
	    LOG_EVENTS(X)
#undef X
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		out_len = 0;
		errno = ENOTRECOVERABLE;
		log_errno(all[i]);
		assert_true(out_len > 20);
		assert_int_equal(out[out_len - 1], '\n');
		assert_non_null(strstr(out, ": State not recoverable\n"));
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(all[i], all[j]);
	}
	assert_int_equal(allocations, 0);
}

static void
an_unknown_event_is_a_bug(void **state)
{
	(void)state;
	log_event((enum log_event)12345);
	assert_string_equal(out,
	    "tipline-test: E105 a bug in tipline: please report this"
	    " number\n");
}

#define T(f) cmocka_unit_test_setup(f, begin)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_line_has_a_name_a_number_and_a_sentence),
	    T(an_errno_is_told_in_words_and_kept),
	    T(only_so_many_lines_of_a_kind_are_written_in_a_minute),
	    T(another_kind_of_line_also_says_what_was_left_out),
	    T(every_event_fits_a_line_and_allocates_nothing),
	    T(an_unknown_event_is_a_bug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

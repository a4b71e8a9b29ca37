/*
 * Work beside the caller's: in order, with a bound, and its failures told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <unistd.h>

#include "handoff/worker.h"

#define PIECES 1000

struct done {
	size_t n, fail_at;
	size_t len[PIECES];
};

/* Written in the worker's thread, read after worker_wait(w, 0). */
static enum status
do_one(void *ctx, const void *p, size_t len)
{
	struct done *d = ctx;

	(void)p;
	if (len % 50 == 0)
		usleep(200);
	d->len[d->n++] = len;
	if (d->n == d->fail_at) {
		errno = ENOSPC;
		return ST_FULL;
	}
	return ST_OK;
}

static void
pieces_are_done_in_order(void **state)
{
	static struct done d;
	struct worker *w;

	(void)state;
	d = (struct done){0};
	assert_int_equal(worker_new(do_one, &d, &w), ST_OK);
	for (size_t i = 0; i < PIECES; i++) {
		assert_int_equal(worker_add(w, NULL, i), ST_OK);
		if (i % 100 == 99) {
			assert_int_equal(worker_wait(w, 0), ST_OK);
			assert_int_equal(d.n, i + 1);
		}
	}
	assert_int_equal(worker_wait(w, 0), ST_OK);
	for (size_t i = 0; i < PIECES; i++)
		assert_int_equal(d.len[i], i);
	worker_free(w);
}

static void
freeing_finishes_what_is_queued(void **state)
{
	static struct done d;
	struct worker *w;

	(void)state;
	d = (struct done){0};
	assert_int_equal(worker_new(do_one, &d, &w), ST_OK);
	for (size_t i = 0; i < WORKER_QUEUE_MAX; i++)
		assert_int_equal(worker_add(w, NULL, 50), ST_OK);
	worker_free(w);
	assert_int_equal(d.n, WORKER_QUEUE_MAX);
	/* One that never had work has no thread to end. */
	assert_int_equal(worker_new(do_one, &d, &w), ST_OK);
	worker_free(w);
	worker_free(NULL);
}

static void
the_first_failure_stays_and_stops_the_work(void **state)
{
	static struct done d;
	enum status st = ST_OK;
	struct worker *w;

	(void)state;
	for (size_t at = 1; at <= 20; at++) {
		d = (struct done){.fail_at = at};
		assert_int_equal(worker_new(do_one, &d, &w), ST_OK);
		st = ST_OK;
		for (size_t i = 0; i < 20 && st == ST_OK; i++)
			st = worker_add(w, NULL, 1);
		assert_true(st == ST_OK || st == ST_FULL);
		errno = 0;
		assert_int_equal(worker_wait(w, 0), ST_FULL);
		assert_int_equal(errno, ENOSPC);
		assert_int_equal(worker_add(w, NULL, 1), ST_FULL);
		assert_int_equal(d.n, at);
		worker_free(w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pieces_are_done_in_order),
	    cmocka_unit_test(freeing_finishes_what_is_queued),
	    cmocka_unit_test(the_first_failure_stays_and_stops_the_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

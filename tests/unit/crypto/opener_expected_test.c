/*
 * A tip that is sealed to others than it is to be is not opened.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/guarded.h"
#include "tests/unit/crypto/opening.h"

static struct people people;
static struct sealed tip;
static struct opening o = {.text = {.max = TIP_MAX}};
static size_t allowed; /* to the first so many people; to no other number */
static unsigned asked;

static bool
on_expected(void *ctx, const struct opener_report *report)
{
	(void)ctx;
	asked++;
	assert_int_equal(report->epoch, 1);
	for (size_t i = 0; i < report->recipients; i++)
		assert_memory_equal(
		    report->ids[i], people.key[i].id, KEY_ID_LEN);
	return report->recipients == allowed;
}

static enum status
open_tip(void)
{
	struct opener_events events = opening_events;
	struct opener *op;
	enum status st;

	events.ctx = &o;
	events.expected = on_expected;
	asked = 0;
	bytes_clear(&o.text);
	assert_int_equal(opener_new(&events, &op), ST_OK);
	if ((st = opener_feed(op, tip.b.p, tip.b.len)) == ST_OK)
		st = opener_finish(op);
	opener_report(op, &o.report);
	opener_free(op);
	return st;
}

static void
a_tip_to_fewer_or_to_more_is_refused_unopened(void **state)
{
	(void)state;
	for (size_t n = 1; n <= PEOPLE; n++) {
		assert_int_equal(sealed_make(&tip, &people, n, 100), ST_OK);
		for (allowed = 1; allowed <= PEOPLE; allowed++) {
			const bool good = n == allowed;

			assert_int_equal(open_tip(), good ? ST_OK : ST_FORGED);
			assert_int_equal(asked, 1);
			assert_int_equal(o.report.unexpected, !good);
			assert_int_equal(o.text.len > 0, good);
		}
	}
}

/* A head that somebody altered says nothing about whom a tip is sealed to. */
static void
a_head_that_is_not_authentic_is_not_asked_about(void **state)
{
	(void)state;
	assert_int_equal(sealed_make(&tip, &people, 2, 100), ST_OK);
	tip.b.p[24 + 88] ^= 1; /* the second person's id */
	assert_int_equal(open_tip(), ST_FORGED);
	assert_int_equal(asked, 0);
	assert_false(o.report.unexpected);
	assert_int_equal(o.text.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_tip_to_fewer_or_to_more_is_refused_unopened),
	    cmocka_unit_test(a_head_that_is_not_authentic_is_not_asked_about),
	};
	int failed;

	if (crypto_room_init() != ST_OK)
		return 1;
	people_make(&people);
	o.key = &people.key[ME];
	failed = cmocka_run_group_tests_name("recipients", tests, NULL, NULL);
	bytes_free(&tip.b);
	bytes_free(&o.text);
	people_free(&people);
	return failed + (guarded_live() != 0);
}

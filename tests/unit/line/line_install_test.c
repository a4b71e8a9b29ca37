/*
 * Taking up a key set happens at once: a failure at any system call leaves
 * the old set or the new one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fault.h"
#include "tests/unit/line/keyset_bench.h"

#define ALL (FAULT_FILES | FAULT_ALLOC)

/* Once (a call fails) and for good (as a crash, or a disk that stays full):
 * the old set or the new one is in use, and a second try mends it. */
static void
a_failure_at_any_call_leaves_the_old_set_or_the_new(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct made m;
	enum status st;
	bool more = true;

	bench_make(b, 2, &m);
	for (unsigned long n = 1; more; n++) {
		for (int forever = 0; forever < 2; forever++) {
			bench_empty(b);
			bench_install_first(b, 1);
			if (forever)
				fault_from(ALL, n);
			else
				fault_at(ALL, n);
			st = bench_install(b, &m, NULL, why);
			fault_off();
			more = fault_fired();
			assert_true(more || st == ST_OK);
			if (st == ST_OK)
				assert_int_equal(bench_in_use(b), 2);
			else
				assert_in_range(bench_in_use(b), 1, 2);
			assert_int_equal(
			    bench_install(b, &m, NULL, why), ST_OK);
			assert_int_equal(bench_in_use(b), 2);
		}
	}
	bench_free(&m);
}

/* From a half-moved set on, a third one must go in as safely. */
static void
a_third_set_goes_in_over_a_move_that_broke_off(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct made second, third;
	bool more = true;

	bench_make(b, 2, &second);
	bench_make(b, 3, &third);
	for (unsigned long n = 1; more; n++) {
		uint64_t before;

		bench_empty(b);
		bench_install_first(b, 1);
		/* Renames: two .next files, sequence, then the two moves. */
		fault_from(FAULT_RENAME, 4 + n % 2);
		assert_int_equal(bench_install(b, &second, NULL, why), ST_IO);
		fault_off();
		before = bench_in_use(b);
		assert_int_equal(before, 2);
		fault_from(ALL, (n + 1) / 2);
		(void)!bench_install(b, &third, NULL, why);
		fault_off();
		more = fault_fired();
		assert_in_range(bench_in_use(b), 2, 3);
		assert_int_equal(bench_install(b, &third, NULL, why), ST_OK);
		assert_int_equal(bench_in_use(b), 3);
	}
	bench_free(&second);
	bench_free(&third);
}

static void
a_first_install_that_fails_binds_nobody(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct made m, others;
	enum status st;
	bool more = true;

	bench_make(b, 1, &m);
	bench_begin(b, 1, &others);
	bench_sign(&b->other, &others);
	for (unsigned long n = 1; more; n++) {
		bench_empty(b);
		fault_from(ALL, n);
		st = bench_install(b, &m, &b->root, why);
		fault_off();
		more = fault_fired();
		if (bench_in_use(b) == 1)
			continue;
		assert_int_not_equal(st, ST_OK);
		assert_int_equal(
		    bench_install(b, &others, &b->other, why), ST_OK);
		assert_int_equal(bench_in_use(b), 1);
	}
	assert_int_equal(bench_in_use(b), 1);
	bench_free(&m);
	bench_free(&others);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup(f, bench_setup_each)
	    T(a_failure_at_any_call_leaves_the_old_set_or_the_new),
	    T(a_third_set_goes_in_over_a_move_that_broke_off),
	    T(a_first_install_that_fails_binds_nobody),
	};

	return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}

/*
 * The highest epoch ever in force is never forgotten and never falls.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/unit/fault.h"
#include "tests/unit/line/keyset_bench.h"

#define ALL (FAULT_FILES | FAULT_ALLOC)

static uint32_t
kept(const struct bench *b)
{
	char why[LINE_WHY_LEN];
	uint32_t epoch;

	assert_int_equal(line_epoch(&b->line, &epoch, why), ST_OK);
	return epoch;
}

static void
it_rises_and_a_lower_one_changes_nothing(void **state)
{
	static const uint32_t give[] = {
	    0, 7, 3, 0, 9, 10, 99, 2968, 2967, UINT32_MAX - 1, UINT32_MAX, 1};
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	uint32_t highest = 0;

	assert_int_equal(kept(b), 0);
	for (size_t i = 0; i < sizeof(give) / sizeof(*give); i++) {
		assert_int_equal(
		    line_epoch_keep(&b->line, give[i], why), ST_OK);
		if (give[i] > highest)
			highest = give[i];
		assert_int_equal(kept(b), highest);
	}
}

/* The supervisor may write this one file: it must stay the same one. */
static void
it_is_written_in_place(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct stat before, after;

	assert_int_equal(line_epoch_keep(&b->line, 0, why), ST_OK);
	assert_int_equal(fstatat(b->line.dirfd, LINE_EPOCH, &before, 0), 0);
	assert_int_equal(before.st_mode & 0777, 0600);
	assert_int_equal(line_epoch_keep(&b->line, 2968, why), ST_OK);
	assert_int_equal(fstatat(b->line.dirfd, LINE_EPOCH, &after, 0), 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

static void
a_damaged_one_is_told_and_not_written_over(void **state)
{
	static const char *const bad[] = {"", "\n", "7", "7\n\n", "7 \n",
	    "-1\n", "07\n", "x\n", "4294967296\n", "99999999999999999999\n"};
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	uint32_t epoch;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		bench_put(b, LINE_EPOCH, bad[i], strlen(bad[i]));
		assert_int_equal(
		    line_epoch(&b->line, &epoch, why), ST_MALFORMED);
		assert_int_equal(epoch, 0);
		assert_non_null(strstr(why, "remove it"));
		assert_int_equal(
		    line_epoch_keep(&b->line, 8, why), ST_MALFORMED);
	}
}

static void
a_failure_at_any_call_leaves_the_old_number_or_the_new(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	enum status st;

	for (uint32_t old = 0; old < 2; old++) {
		FAULT_EACH(ALL)
		{
			fault_off();
			bench_empty(b);
			if (old != 0)
				assert_int_equal(
				    line_epoch_keep(&b->line, 99, why), ST_OK);
			fault_at(ALL, fault_n_);
			st = line_epoch_keep(&b->line, 100, why);
			fault_off();
			if (st == ST_OK)
				assert_int_equal(kept(b), 100);
			else
				assert_int_not_equal(why[0], '\0');
			assert_true(kept(b) == old * 99 || kept(b) == 100);
			assert_int_equal(
			    line_epoch_keep(&b->line, 100, why), ST_OK);
			assert_int_equal(kept(b), 100);
		}
	}
}

/* A set whose epochs are all behind the highest ever in force would close
 * the form: it is refused instead. */
static void
a_set_behind_the_highest_epoch_is_refused(void **state)
{
	struct bench *b = *state;
	char why[LINE_WHY_LEN];
	struct made m;

	bench_make(b, 1, &m);
	assert_int_equal(line_epoch_keep(&b->line, 3, why), ST_OK);
	assert_int_equal(bench_install(b, &m, &b->root, why), ST_EXPIRED);
	assert_non_null(strstr(why, "only epochs below 3"));
	bench_empty(b);
	/* The highest itself is not yet at its turn, but in the set. */
	assert_int_equal(line_epoch_keep(&b->line, 2, why), ST_OK);
	assert_int_equal(bench_install(b, &m, &b->root, why), ST_OK);
	bench_free(&m);
}

static void
a_set_ages_from_half_of_its_life_on(void **state)
{
	const struct keyset set = {.from = 1000, .until = 2000};

	(void)state;
	assert_false(line_keyset_ages(&set, 0));
	assert_false(line_keyset_ages(&set, 1000));
	assert_false(line_keyset_ages(&set, 1500));
	assert_true(line_keyset_ages(&set, 1501));
	assert_true(line_keyset_ages(&set, 3000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup(f, bench_setup_each)
	    T(it_rises_and_a_lower_one_changes_nothing),
	    T(it_is_written_in_place),
	    T(a_damaged_one_is_told_and_not_written_over),
	    T(a_failure_at_any_call_leaves_the_old_number_or_the_new),
	    T(a_set_behind_the_highest_epoch_is_refused),
	    T(a_set_ages_from_half_of_its_life_on),
	};

	return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}

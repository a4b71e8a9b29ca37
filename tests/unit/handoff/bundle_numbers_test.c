/*
 * Which numbers came and which are missing, against a plain list of all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "handoff/bundle_numbers.h"

#define LAST 400

/* The missing numbers of n up to the highest that came, as a list says. */
static void
assert_same(const struct bundle_numbers *n, const bool *came)
{
	uint64_t highest = 0, next = n->first;
	const uint64_t exact = n->blurred != 0 ? n->blurred : UINT64_MAX;

	for (uint64_t i = n->first; i <= n->last; i++)
		if (came[i])
			highest = i;
	for (size_t i = 0; i < n->count; i++) {
		/* Rising, apart, and all of it missing; before it, nothing. */
		assert_true(n->gap[i].first >= next);
		for (; next < n->gap[i].first; next++)
			assert_true(came[next]);
		for (; next <= n->gap[i].last; next++)
			assert_false(came[next]);
		assert_true(next <= n->last && came[next]);
	}
	for (; next <= highest && next < exact; next++)
		assert_true(came[next]);
	assert_true(n->blurred == 0 || next == n->blurred);
}

static void
place_one(struct bundle_numbers *n, bool *came, uint64_t number)
{
	const uint64_t before = n->next;
	enum bundle_order order = bundle_numbers_order(n, number);

	if (number < n->first || number > n->last) {
		assert_int_equal(order, BUNDLE_OUTSIDE);
	} else if (number >= before) {
		assert_int_equal(
		    order, number == before ? BUNDLE_NEXT : BUNDLE_LATER);
	} else if (n->blurred == 0 || number < n->blurred) {
		assert_int_equal(
		    order, came[number] ? BUNDLE_AGAIN : BUNDLE_MOVED);
	} else {
		assert_int_equal(order, BUNDLE_MOVED);
	}
	bundle_numbers_take(n, number);
	if (order != BUNDLE_OUTSIDE)
		came[number] = true;
	assert_same(n, came);
}

/* Numbers in any order, few gaps and many. */
static void
what_came_and_what_is_missing_agree_with_a_list(void **state)
{
	(void)state;
	srandom(3);
	for (int run = 0; run < 300; run++) {
		const uint64_t span = 1 + (uint64_t)random() % LAST;
		bool came[LAST + 2] = {false};
		struct bundle_numbers n;

		bundle_numbers_begin(&n, 3, LAST);
		for (int i = 0; i < 300; i++) {
			uint64_t number = (uint64_t)random() % (span + 2);

			/* Ascending with holes at first, then all over. */
			if (run % 2 == 0 && i < 150)
				number = 3 + (uint64_t)i * 5 / 2;
			place_one(&n, came, number);
		}
	}
}

static void
more_gaps_than_are_remembered_lose_no_tip(void **state)
{
	struct bundle_numbers n;
	bool came[LAST + 2] = {false};

	(void)state;
	bundle_numbers_begin(&n, 1, LAST);
	for (uint64_t i = 2; i <= LAST; i += 2)
		place_one(&n, came, i);
	assert_int_equal(n.count, BUNDLE_GAPS_MAX);
	assert_int_equal(n.blurred, 2 * BUNDLE_GAPS_MAX + 1);
	assert_int_equal(n.gap[0].first, 1);
	/* Those that were forgotten come late: none is taken for repeated. */
	for (uint64_t i = 1; i <= LAST; i += 2)
		place_one(&n, came, i);
	assert_int_equal(n.count, 0);
	assert_int_not_equal(n.blurred, 0);
}

static void
a_gap_split_beyond_the_bound_forgets_the_highest(void **state)
{
	struct bundle_numbers n;
	bool came[LAST + 2] = {false};

	(void)state;
	bundle_numbers_begin(&n, 1, LAST);
	for (uint64_t i = 4; i <= 4 * BUNDLE_GAPS_MAX; i += 4)
		place_one(&n, came, i);
	assert_int_equal(n.count, BUNDLE_GAPS_MAX);
	assert_int_equal(n.blurred, 0);
	place_one(&n, came, 2); /* 1 and 3 are missing now */
	assert_int_equal(n.blurred, 4 * BUNDLE_GAPS_MAX - 3);
	place_one(&n, came, 4 * BUNDLE_GAPS_MAX - 6); /* the last that is */
	assert_int_equal(n.blurred, 4 * BUNDLE_GAPS_MAX - 5);
}

static void
the_end_tells_what_is_missing_behind_the_last(void **state)
{
	struct bundle_numbers n;

	(void)state;
	bundle_numbers_begin(&n, 5, 9);
	bundle_numbers_end(&n, 4); /* none should have come */
	assert_int_equal(n.count, 0);
	bundle_numbers_take(&n, 6);
	bundle_numbers_end(&n, 6);
	assert_int_equal(n.count, 1);
	bundle_numbers_end(&n, 9);
	assert_int_equal(n.count, 2);
	assert_int_equal(n.gap[1].first, 7);
	assert_int_equal(n.gap[1].last, 9);
}

/* No sum overflows at the largest numbers that there may be. */
static void
the_largest_numbers_have_their_place(void **state)
{
	struct bundle_numbers n;

	(void)state;
	bundle_numbers_begin(&n, 1, INT64_MAX);
	assert_int_equal(bundle_numbers_order(&n, INT64_MAX), BUNDLE_LATER);
	assert_int_equal(bundle_numbers_order(&n, UINT64_MAX), BUNDLE_OUTSIDE);
	bundle_numbers_take(&n, INT64_MAX);
	assert_int_equal(n.count, 1);
	assert_int_equal(n.gap[0].last, INT64_MAX - 1);
	assert_int_equal(bundle_numbers_order(&n, INT64_MAX), BUNDLE_AGAIN);
	bundle_numbers_take(&n, INT64_MAX - 1);
	assert_int_equal(n.gap[0].last, INT64_MAX - 2);
	bundle_numbers_begin(&n, (uint64_t)INT64_MAX + 1, INT64_MAX);
	assert_int_equal(
	    bundle_numbers_order(&n, (uint64_t)INT64_MAX + 1), BUNDLE_OUTSIDE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_came_and_what_is_missing_agree_with_a_list),
	    cmocka_unit_test(more_gaps_than_are_remembered_lose_no_tip),
	    cmocka_unit_test(a_gap_split_beyond_the_bound_forgets_the_highest),
	    cmocka_unit_test(the_end_tells_what_is_missing_behind_the_last),
	    cmocka_unit_test(the_largest_numbers_have_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

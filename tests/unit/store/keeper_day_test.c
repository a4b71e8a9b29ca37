/* A clock that is wrong for a while must cost no answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "store/keeper_day.h"

#define HOUR INT64_C(3600000)
#define TODAY 20000

static void
days_go_by_as_the_clock_says(void **state)
{
	struct keeper_day d = {0};

	(void)state;
	for (int64_t h = 0; h < 24 * 400; h++)
		assert_int_equal(
		    keeper_day(&d, (uint32_t)(TODAY + h / 24), 1 + h * HOUR),
		    TODAY + h / 24);
}

static void
a_leap_ahead_is_believed_after_a_week(void **state)
{
	struct keeper_day d = {0};
	const uint32_t leap = TODAY + 3 * 365;

	(void)state;
	assert_int_equal(keeper_day(&d, TODAY, 1), TODAY);
	for (int64_t h = 1; h < 1 + 24 * KEEPER_DAY_LEAP_DAYS; h++)
		assert_int_equal(
		    keeper_day(&d, leap, 1 + h * HOUR), TODAY + h / 24);
	assert_int_equal(
	    keeper_day(&d, leap, 1 + (1 + 24 * KEEPER_DAY_LEAP_DAYS) * HOUR),
	    leap);
	assert_int_equal(keeper_day(&d, leap + 1,
			     1 + (25 + 24 * KEEPER_DAY_LEAP_DAYS) * HOUR),
	    leap + 1);
}

static void
leaps_that_are_taken_back_add_up_to_nothing(void **state)
{
	struct keeper_day d = {0};

	(void)state;
	assert_int_equal(keeper_day(&d, TODAY, 1), TODAY);
	for (int64_t h = 1; h < 24 * 30; h++) {
		const uint32_t day = (uint32_t)(TODAY + h / 24);

		/* Ahead for six days, right for an hour. */
		if (h % 145 != 0)
			assert_int_equal(
			    keeper_day(&d, day + 1000, 1 + h * HOUR), day);
		else
			assert_int_equal(
			    keeper_day(&d, day, 1 + h * HOUR), day);
	}
	/* Nor does one that runs away, for as long as that. */
	assert_int_equal(
	    keeper_day(&d, TODAY + 30, 1 + 24 * 30 * HOUR), TODAY + 30);
	for (int64_t h = 24 * 30 + 1; h < 24 * 37; h++)
		assert_true(keeper_day(&d, (uint32_t)(TODAY + h),
				1 + h * HOUR) <= TODAY + h / 24 + 1);
}

static void
a_clock_that_goes_back_and_returns_is_believed(void **state)
{
	struct keeper_day d = {0};

	(void)state;
	assert_int_equal(keeper_day(&d, TODAY, 1), TODAY);
	assert_int_equal(keeper_day(&d, 1, HOUR), 1);
	assert_int_equal(keeper_day(&d, 0, 2 * HOUR), 0);
	assert_int_equal(keeper_day(&d, TODAY, 3 * HOUR), TODAY);
	assert_int_equal(keeper_day(&d, TODAY + 1, 4 * HOUR), TODAY + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(days_go_by_as_the_clock_says),
	    cmocka_unit_test(a_leap_ahead_is_believed_after_a_week),
	    cmocka_unit_test(leaps_that_are_taken_back_add_up_to_nothing),
	    cmocka_unit_test(a_clock_that_goes_back_and_returns_is_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

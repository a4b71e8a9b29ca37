#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "intake/limits.h"
#include "intake/progress.h"
#include "tests/unit/fault.h"

struct token {
	uint8_t t[ROUTE_TOKEN_LEN];
};

/* Tokens that differ in their last bytes alone. */
static struct token
token_of(unsigned n)
{
	struct token token = {{0}};

	token.t[ROUTE_TOKEN_LEN - 1] = (uint8_t)n;
	token.t[ROUTE_TOKEN_LEN - 2] = (uint8_t)(n >> 8);
	return token;
}

static struct progress *
begin(struct progress_table *table, unsigned n, uint64_t bytes, uint64_t now)
{
	struct token token = token_of(n);

	return progress_begin(table, token.t, bytes, now);
}

static enum progress_state
look(struct progress_table *table, unsigned n, uint64_t now, unsigned *percent,
    enum answer *how)
{
	struct token token = token_of(n);

	return progress_look(table, token.t, now, percent, how);
}

static enum progress_state
state_of(struct progress_table *table, unsigned n, uint64_t now)
{
	unsigned percent;
	enum answer how;

	return look(table, n, now, &percent, &how);
}

static int
open_table(void **state)
{
	struct progress_table *table;

	assert_int_equal(progress_table_new(&table), ST_OK);
	*state = table;
	return 0;
}

static int
close_table(void **state)
{
	progress_table_free(*state);
	return 0;
}

static void
an_upload_is_told_from_its_begin_to_its_end(void **state)
{
	struct progress_table *table = *state;
	struct progress *p;
	unsigned percent;
	enum answer how;

	assert_int_equal(look(table, 1, 100, &percent, &how), PROGRESS_UNKNOWN);
	p = begin(table, 1, 200, 100);
	assert_non_null(p);
	assert_int_equal(look(table, 1, 100, &percent, &how), PROGRESS_COMING);
	assert_int_equal(percent, 0);
	progress_left(p, 101);
	assert_int_equal(look(table, 1, 100, &percent, &how), PROGRESS_COMING);
	assert_int_equal(percent, 49);
	progress_left(p, 0);
	assert_int_equal(look(table, 1, 100, &percent, &how), PROGRESS_STORING);
	progress_end(p, ANSWER_RECEIPT, 100);
	assert_int_equal(look(table, 1, 100, &percent, &how), PROGRESS_ENDED);
	assert_int_equal(how, ANSWER_RECEIPT);
	/* Another token knows nothing of it. */
	assert_int_equal(state_of(table, 2, 100), PROGRESS_UNKNOWN);
	assert_int_equal(state_of(table, 257, 100), PROGRESS_UNKNOWN);
}

static void
it_is_never_whole_before_all_has_come(void **state)
{
	static const uint64_t sizes[] = {
	    1, 2, 3, 99, 100, 101, 1000, (UINT64_C(1) << 41) - 1};
	struct progress_table *table = *state;
	unsigned percent, before;
	enum answer how;

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct progress *p = begin(table, i, sizes[i], 0);

		before = 0;
		for (uint64_t part = 0; part <= 1000; part++) {
			uint64_t came = sizes[i] / 1000 * part;

			if (came >= sizes[i])
				came = sizes[i] - 1;
			progress_left(p, sizes[i] - came);
			assert_int_equal(
			    look(table, i, 0, &percent, &how), PROGRESS_COMING);
			assert_in_range(percent, before, 99);
			before = percent;
		}
		progress_left(p, 1);
		assert_int_equal(
		    look(table, i, 0, &percent, &how), PROGRESS_COMING);
		assert_in_range(percent, 0, 99);
		progress_left(p, 0);
		assert_int_equal(state_of(table, i, 0), PROGRESS_STORING);
	}
	/* Nothing to come is all of it. */
	assert_non_null(begin(table, 50, 0, 0));
	assert_int_equal(state_of(table, 50, 0), PROGRESS_STORING);
}

static void
what_has_ended_is_forgotten_in_time(void **state)
{
	struct progress_table *table = *state;
	struct progress *p[3];

	assert_int_equal(progress_forget(table, 0), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_non_null(p[i] = begin(table, i, 100, 0));
	/* What is under way is not. */
	assert_int_equal(progress_forget(table, 1 << 20), 0);
	progress_end(p[0], ANSWER_RECEIPT, 100);
	progress_end(p[2], ANSWER_CUT, 130);
	assert_int_equal(progress_forget(table, 100), LIMIT_PROGRESS_KEEP);
	assert_int_equal(progress_forget(table, 99 + LIMIT_PROGRESS_KEEP), 1);
	assert_int_equal(state_of(table, 0, 100), PROGRESS_ENDED);
	assert_int_equal(progress_forget(table, 100 + LIMIT_PROGRESS_KEEP), 30);
	/* It is not that somebody who looks would not see it any more. */
	assert_int_equal(state_of(table, 0, 100), PROGRESS_UNKNOWN);
	assert_int_equal(state_of(table, 2, 100), PROGRESS_ENDED);
	assert_int_equal(progress_forget(table, 130 + LIMIT_PROGRESS_KEEP), 0);
	assert_int_equal(state_of(table, 2, 100), PROGRESS_UNKNOWN);
	assert_int_equal(state_of(table, 1, 100), PROGRESS_COMING);
}

static void
a_second_upload_with_a_token_under_way_is_not_told(void **state)
{
	struct progress_table *table = *state;
	struct progress *p = begin(table, 1, 100, 0);
	unsigned percent;
	enum answer how;

	assert_non_null(p);
	progress_left(p, 50);
	assert_null(begin(table, 1, 7, 0));
	/* It goes on all the same, and changes nothing. */
	progress_left(NULL, 3);
	progress_end(NULL, ANSWER_CUT, 0);
	assert_int_equal(look(table, 1, 0, &percent, &how), PROGRESS_COMING);
	assert_int_equal(percent, 50);
}

static void
a_token_sent_again_after_its_end_begins_anew(void **state)
{
	struct progress_table *table = *state;
	struct progress *p = begin(table, 1, 100, 0);
	unsigned percent;
	enum answer how;

	progress_end(p, ANSWER_TOO_LARGE, 0);
	p = begin(table, 1, 10, 1);
	assert_non_null(p);
	assert_int_equal(look(table, 1, 1, &percent, &how), PROGRESS_COMING);
	assert_int_equal(percent, 0);
	/* The end of the first is not the end of this. */
	assert_int_equal(
	    state_of(table, 1, LIMIT_PROGRESS_KEEP * 2), PROGRESS_COMING);
	progress_end(p, ANSWER_RECEIPT, LIMIT_PROGRESS_KEEP * 2);
	assert_int_equal(
	    look(table, 1, LIMIT_PROGRESS_KEEP * 2, &percent, &how),
	    PROGRESS_ENDED);
	assert_int_equal(how, ANSWER_RECEIPT);
}

static void
how_it_ended_is_known_for_a_while_and_then_forgotten(void **state)
{
	struct progress_table *table = *state;
	struct progress *p = begin(table, 1, 100, 0);

	progress_end(p, ANSWER_CUT, 1000);
	assert_int_equal(
	    state_of(table, 1, 1000 + LIMIT_PROGRESS_KEEP - 1), PROGRESS_ENDED);
	assert_int_equal(
	    state_of(table, 1, 1000 + LIMIT_PROGRESS_KEEP), PROGRESS_UNKNOWN);
	/* Forgotten for good, not only hidden. */
	assert_int_equal(state_of(table, 1, 1000), PROGRESS_UNKNOWN);
}

static void
a_full_table_takes_none_and_gives_up_only_what_ended(void **state)
{
	struct progress_table *table = *state;
	struct progress *p[LIMIT_PROGRESSES];

	for (unsigned i = 0; i < LIMIT_PROGRESSES; i++) {
		p[i] = begin(table, i, 100, 0);
		assert_non_null(p[i]);
	}
	assert_null(begin(table, LIMIT_PROGRESSES, 100, 0));
	assert_int_equal(
	    state_of(table, LIMIT_PROGRESSES, 0), PROGRESS_UNKNOWN);
	/* The one that ended first gives way, before its time. */
	progress_end(p[9], ANSWER_RECEIPT, 2);
	progress_end(p[7], ANSWER_RECEIPT, 1);
	assert_non_null(begin(table, 1000, 100, 3));
	assert_int_equal(state_of(table, 7, 3), PROGRESS_UNKNOWN);
	assert_int_equal(state_of(table, 9, 3), PROGRESS_ENDED);
	assert_non_null(begin(table, 1001, 100, 3));
	assert_int_equal(state_of(table, 9, 3), PROGRESS_UNKNOWN);
	assert_null(begin(table, 1002, 100, 3));
	/* Those under way have stayed themselves. */
	for (unsigned i = 0; i < LIMIT_PROGRESSES; i++) {
		if (i == 7 || i == 9)
			continue;
		progress_left(p[i], 0);
		assert_int_equal(state_of(table, i, 3), PROGRESS_STORING);
	}
	assert_int_equal(state_of(table, 1000, 3), PROGRESS_COMING);
	/* One more that is over and done with is a place again. */
	progress_end(p[0], ANSWER_CUT, 3);
	assert_non_null(begin(table, 1002, 100, 3 + LIMIT_PROGRESS_KEEP));
}

static void
without_memory_there_is_no_table(void **state)
{
	struct progress_table *table;
	enum status st;

	(void)state;
	FAULT_EACH(FAULT_ALLOC)
	{
		st = progress_table_new(&table);
		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
		assert_int_equal(table == NULL, fault_fired());
		progress_table_free(table);
	}
}

#define WITH_TABLE(test)                                                       \
	cmocka_unit_test_setup_teardown(test, open_table, close_table)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_TABLE(an_upload_is_told_from_its_begin_to_its_end),
	    WITH_TABLE(it_is_never_whole_before_all_has_come),
	    WITH_TABLE(what_has_ended_is_forgotten_in_time),
	    WITH_TABLE(a_second_upload_with_a_token_under_way_is_not_told),
	    WITH_TABLE(a_token_sent_again_after_its_end_begins_anew),
	    WITH_TABLE(how_it_ended_is_known_for_a_while_and_then_forgotten),
	    WITH_TABLE(a_full_table_takes_none_and_gives_up_only_what_ended),
	    cmocka_unit_test(without_memory_there_is_no_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

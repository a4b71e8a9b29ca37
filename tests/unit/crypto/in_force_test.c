/*
 * Which key is in force: by the clock, by the highest ever used, and not at
 * all.  docs/FORMATS.md section 3, "The key in force".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/keyset.h"

#define EPOCHS 4

/* 10: 100-200, 11: 190-300, 20: 400-500, 21: 500-600. */
static const struct {
	uint32_t number;
	uint64_t from, until;
} table[EPOCHS] = {
    {10, 100, 200}, {11, 190, 300}, {20, 400, 500}, {21, 500, 600}};

static const struct in_force_case {
	uint64_t now;
	uint32_t floor;
	uint32_t number; /* 0: none */
	enum epoch_state state;
	uint64_t opens;
} cases[] = {
    /* Nothing was ever in force: the clock alone decides. */
    {0, 0, 0, EPOCH_EARLY, 100},
    {99, 0, 0, EPOCH_EARLY, 100},
    {100, 0, 10, EPOCH_BY_CLOCK, 190},
    {189, 0, 10, EPOCH_BY_CLOCK, 190},
    {190, 0, 11, EPOCH_BY_CLOCK, 400}, /* both fit: the newer one */
    {199, 0, 11, EPOCH_BY_CLOCK, 400},
    {200, 0, 11, EPOCH_BY_CLOCK, 400},
    {299, 0, 11, EPOCH_BY_CLOCK, 400},
    {300, 0, 0, EPOCH_EARLY, 400}, /* a gap */
    {399, 0, 0, EPOCH_EARLY, 400},
    {400, 0, 20, EPOCH_BY_CLOCK, 500},
    {499, 0, 20, EPOCH_BY_CLOCK, 500},
    {500, 0, 21, EPOCH_BY_CLOCK, 0},
    {599, 0, 21, EPOCH_BY_CLOCK, 0},
    {600, 0, 0, EPOCH_ENDED, 0},
    {UINT64_MAX, 0, 0, EPOCH_ENDED, 0},
    /* The clock as it was. */
    {150, 10, 10, EPOCH_BY_CLOCK, 190},
    {195, 11, 11, EPOCH_BY_CLOCK, 400},
    {450, 11, 20, EPOCH_BY_CLOCK, 500},
    /* The clock went back behind the floor: its key, and none older. */
    {150, 11, 11, EPOCH_AHEAD, 400},
    {0, 11, 11, EPOCH_AHEAD, 400},
    {195, 20, 20, EPOCH_AHEAD, 500},
    {350, 20, 20, EPOCH_AHEAD, 500},
    {0, 21, 21, EPOCH_AHEAD, 0},
    /* The floor has ended, or was in another set: what is newer, or none. */
    {300, 11, 0, EPOCH_EARLY, 400},
    {150, 15, 0, EPOCH_EARLY, 400},
    {450, 15, 20, EPOCH_BY_CLOCK, 500},
    {0, 15, 0, EPOCH_EARLY, 400},
    {150, 22, 0, EPOCH_ENDED, 0},
    {550, 22, 0, EPOCH_ENDED, 0},
    {600, 21, 0, EPOCH_ENDED, 0},
    {0, UINT32_MAX, 0, EPOCH_ENDED, 0},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

static void
is_as_expected(const struct in_force_case *c, const struct recipients *to,
    enum epoch_state state, uint64_t opens)
{
	if ((to == NULL ? 0 : to->epoch) != c->number || state != c->state ||
	    opens != c->opens)
		fail_msg("at %llu, floor %u: %u, state %d, opens %llu",
		    (unsigned long long)c->now, (unsigned)c->floor,
		    to == NULL ? 0U : (unsigned)to->epoch, (int)state,
		    (unsigned long long)opens);
}

static void
the_key_in_force_is_never_older_than_one_before(void **state)
{
	struct recipients to[EPOCHS] = {0};

	(void)state;
	for (size_t i = 0; i < EPOCHS; i++) {
		to[i].epoch = table[i].number;
		to[i].from = table[i].from;
		to[i].until = table[i].until;
	}
	for (size_t i = 0; i < CASES; i++) {
		enum epoch_state found;
		uint64_t opens;
		const struct recipients *const e = epoch_in_force(
		    to, EPOCHS, cases[i].now, cases[i].floor, &found, &opens);

		is_as_expected(&cases[i], e, found, opens);
	}
}

static void
a_key_set_gives_the_same_with_its_names(void **state)
{
	struct keyset set = {.from = 100, .until = 600, .epochs = EPOCHS};

	(void)state;
	set.epoch = calloc(EPOCHS, sizeof(*set.epoch));
	assert_non_null(set.epoch);
	for (size_t i = 0; i < EPOCHS; i++) {
		set.epoch[i].to.epoch = table[i].number;
		set.epoch[i].to.from = table[i].from;
		set.epoch[i].to.until = table[i].until;
	}
	for (size_t i = 0; i < CASES; i++) {
		enum epoch_state found;
		uint64_t opens;
		const struct keyset_epoch *const e = keyset_in_force(
		    &set, cases[i].now, cases[i].floor, &found, &opens);

		is_as_expected(
		    &cases[i], e == NULL ? NULL : &e->to, found, opens);
		assert_true(
		    e == NULL || (e >= set.epoch && e < set.epoch + EPOCHS));
	}
	keyset_free(&set);
}

static void
without_any_epoch_there_is_none(void **state)
{
	struct keyset set = {0};
	enum epoch_state found = EPOCH_BY_CLOCK;
	uint64_t opens = 1;

	(void)state;
	assert_null(epoch_in_force(NULL, 0, 5, 0, &found, &opens));
	assert_int_equal(found, EPOCH_ENDED);
	assert_int_equal(opens, 0);
	assert_null(keyset_in_force(&set, 5, 0, &found, &opens));
	assert_int_equal(found, EPOCH_ENDED);
	assert_int_equal(opens, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_key_in_force_is_never_older_than_one_before),
	    cmocka_unit_test(a_key_set_gives_the_same_with_its_names),
	    cmocka_unit_test(without_any_epoch_there_is_none),
	};

	return cmocka_run_group_tests_name("in force", tests, NULL, NULL);
}

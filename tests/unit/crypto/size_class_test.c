#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/envelope.h"

#define MIB (1024 * 1024ULL)

static void
the_classes_are_those_of_the_page(void **state)
{
	static const uint64_t classes[] = {
	    1, 4, 16, 64, 256, 1024, 4100, 8200, 16400, 32800, 65600, 131200};

	(void)state;
	assert_int_equal(size_class(0), 1);
	for (size_t i = 0; i + 1 < sizeof(classes) / sizeof(classes[0]); i++) {
		assert_int_equal(size_class(classes[i]), classes[i]);
		assert_int_equal(size_class(classes[i] + 1), classes[i + 1]);
	}
	/* 4100 times 2^28 is the last below 2^40. */
	assert_int_equal(size_class(4100ULL << 27), 4100ULL << 27);
	assert_int_equal(size_class((4100ULL << 27) + 1), 0);
	assert_int_equal(size_class(UINT64_MAX), 0);
}

static uint64_t
sealed_len(uint64_t records)
{
	return 80 + 88 + records * ENVELOPE_SEALED_RECORD_LEN;
}

/* A form's body is some hundred bytes longer than the file in it. */
static void
a_file_of_a_round_size_stays_in_the_class_made_for_it(void **state)
{
	(void)state;
	assert_int_equal(envelope_bound(64 * MIB + 2000, 1), sealed_len(4100));
	assert_int_equal(envelope_bound(128 * MIB + 2000, 1), sealed_len(8200));
	assert_int_equal(
	    envelope_bound(512 * MIB + 2000, 1), sealed_len(32800));
	assert_int_equal(
	    envelope_bound(512 * MIB + 2000, 16), sealed_len(32800) + 15 * 88);
	assert_int_equal(envelope_bound(UINT64_MAX, 1), UINT64_MAX);
	assert_int_equal(envelope_bound(1ULL << 60, 1), UINT64_MAX);
}

/* How many records the items of such a tip fill, in the worst order: each
 * name stands where it just does not fit. */
static uint64_t
worst_records(uint64_t data, size_t files)
{
	const uint64_t items = files * (4 + 1024 + 12) + 8;
	const uint64_t gaps = files * (1027 + 11 + 4) + 11;

	return (data + items + gaps) / (16384 - 4) + 1;
}

static void
the_bound_is_never_below_what_a_tip_may_take(void **state)
{
	(void)state;
	for (size_t files = 0; files <= 32; files++) {
		for (uint64_t data = 0; data < 600 * MIB;
		     data = data * 5 / 4 + 997) {
			/* The body: boundary, Content-Disposition and the
			 * name of each file, and the data. */
			const uint64_t body = data + files * (65 + 1024) + 65;
			const uint64_t records = worst_records(data, files);

			assert_true(envelope_bound(body, 1) >=
			    sealed_len(size_class(records)));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_classes_are_those_of_the_page),
	    cmocka_unit_test(
		a_file_of_a_round_size_stays_in_the_class_made_for_it),
	    cmocka_unit_test(the_bound_is_never_below_what_a_tip_may_take),
	};

	return cmocka_run_group_tests_name("size_class", tests, NULL, NULL);
}

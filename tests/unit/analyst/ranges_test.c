/*
 * Ranges of tip numbers, and how they are said.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "analyst/ranges.h"

static const struct {
	uint64_t add[8][2];
	const char *said;
} good[] = {
    {{{17, 17}}, "tip 17"},
    {{{17, 18}}, "tips 17 and 18"},
    {{{31, 39}}, "tips 31 to 39"},
    {{{17, 17}, {19, 19}}, "tips 17 and 19"},
    {{{19, 19}, {17, 17}, {31, 39}}, "tips 17, 19 and 31 to 39"},
    {{{1, 1}, {7, 8}}, "tips 1, 7 and 8"},
    {{{7, 8}, {1, 2}}, "tips 1, 2, 7 and 8"},
    {{{1, 3}, {5, 9}, {4, 4}}, "tips 1 to 9"},
    {{{5, 9}, {1, 20}}, "tips 1 to 20"},
    {{{1, 1}, {3, 3}, {5, 5}, {2, 4}}, "tips 1 to 5"},
    {{{4, 8}, {6, 7}}, "tips 4 to 8"},
    {{{4, 8}, {8, 12}}, "tips 4 to 12"},
    {{{UINT64_MAX, UINT64_MAX}, {1, 1}}, "tips 1 and 18446744073709551615"},
    {{{UINT64_MAX, UINT64_MAX}, {UINT64_MAX - 1, UINT64_MAX - 1}},
	"tips 18446744073709551614 and 18446744073709551615"},
};

static void
ranges_become_words(void **state)
{
	char text[RANGES_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct ranges r = {0};

		for (size_t k = 0; k < 8 && good[i].add[k][0] != 0; k++)
			ranges_add(&r, good[i].add[k][0], good[i].add[k][1]);
		ranges_text(&r, text);
		assert_string_equal(text, good[i].said);
	}
}

/* Any order of adding gives the same. */
static void
the_order_of_adding_does_not_matter(void **state)
{
	struct ranges up = {0}, down = {0}, mixed = {0};

	(void)state;
	for (uint64_t n = 1; n <= 100; n++) {
		if (n % 10 < 7)
			ranges_add(&up, n, n);
		if ((101 - n) % 10 < 7)
			ranges_add(&down, 101 - n, 101 - n);
		if (n * 37 % 101 % 10 < 7)
			ranges_add(&mixed, n * 37 % 101, n * 37 % 101);
	}
	assert_int_equal(up.n, down.n);
	assert_int_equal(up.n, mixed.n);
	assert_memory_equal(up.r, down.r, up.n * sizeof(up.r[0]));
	assert_memory_equal(up.r, mixed.r, up.n * sizeof(up.r[0]));
	for (uint64_t n = 1; n <= 100; n++)
		assert_int_equal(ranges_has(&up, n), n % 10 < 7);
}

static void
what_has_no_room_is_told_of(void **state)
{
	struct ranges r = {0};
	char text[RANGES_TEXT_MAX];

	(void)state;
	for (uint64_t n = 1; n <= 2 * RANGES_MAX + 9; n += 2)
		ranges_add(&r, n, n);
	assert_int_equal(r.n, RANGES_MAX);
	assert_true(r.more);
	ranges_text(&r, text);
	assert_true(strlen(text) < sizeof(text));
	assert_string_equal(
	    text + strlen(text) - strlen(" and more"), " and more");
	/* One that joins others still has room. */
	ranges_add(&r, 2, 2);
	assert_int_equal(r.n, RANGES_MAX - 1);
}

static void
the_longest_numbers_fit(void **state)
{
	struct ranges r = {0};
	char text[RANGES_TEXT_MAX];

	(void)state;
	for (uint64_t n = 0; n < RANGES_MAX; n++)
		ranges_add(&r, UINT64_MAX - 10 * n - 5, UINT64_MAX - 10 * n);
	ranges_text(&r, text);
	assert_true(strlen(text) < sizeof(text));
	assert_non_null(strstr(text, " and more"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ranges_become_words),
	    cmocka_unit_test(the_order_of_adding_does_not_matter),
	    cmocka_unit_test(what_has_no_room_is_told_of),
	    cmocka_unit_test(the_longest_numbers_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

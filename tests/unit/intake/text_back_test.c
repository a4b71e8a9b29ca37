#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/guarded.h"
#include "intake/limits.h"
#include "intake/text_back.h"
#include "tests/unit/fault.h"

static void
add(struct text_shelf *shelf, struct text_back **text, const char *words)
{
	text_back_add(shelf, text, (const uint8_t *)words, strlen(words));
}

static void
assert_kept(const struct text_back *text, const char *words, bool want_cut)
{
	bool cut;
	struct site_text got = text_back_get(text, &cut);

	assert_int_equal(got.len, strlen(words));
	if (got.len > 0)
		assert_memory_equal(got.p, words, got.len);
	assert_int_equal(cut, want_cut);
}

static void
fields_are_kept_with_an_empty_line_between_them(void **state)
{
	struct text_shelf shelf = {0, 1};
	struct text_back *text = NULL;

	(void)state;
	assert_kept(NULL, "", false);
	text_back_field_end(NULL);
	add(&shelf, &text, "");
	assert_null(text);
	add(&shelf, &text, "on ");
	add(&shelf, &text, "Tuesdays");
	text_back_field_end(text);
	assert_kept(text, "on Tuesdays", false);
	/* A field that was left empty is no gap of its own. */
	add(&shelf, &text, "");
	text_back_field_end(text);
	add(&shelf, &text, "by");
	add(&shelf, &text, " train");
	text_back_field_end(text);
	assert_kept(text, "on Tuesdays\n\nby train", false);
	assert_false(text_back_full(text));
	assert_int_equal(shelf.held, 1);
	text_back_free(text);
	text_back_free(NULL);
	assert_int_equal(shelf.held, 0);
	assert_int_equal(guarded_live(), 0);
}

static void
a_field_that_has_not_ended_is_told_to_be_cut(void **state)
{
	struct text_shelf shelf = {0, 1};
	struct text_back *text = NULL;

	(void)state;
	add(&shelf, &text, "a");
	assert_kept(text, "a", true);
	text_back_field_end(text);
	assert_kept(text, "a", false);
	add(&shelf, &text, "b");
	assert_kept(text, "a\n\nb", true);
	text_back_free(text);
}

static void
no_more_is_kept_than_the_limit_and_it_is_told(void **state)
{
	static char much[LIMIT_TEXT_BACK + 2];

	(void)state;
	memset(much, 'x', sizeof(much) - 1);
	for (size_t step = 1; step < sizeof(much); step = step * 7 + 1) {
		for (size_t len = sizeof(much) - 3; len < sizeof(much); len++) {
			struct text_shelf shelf = {0, 1};
			struct text_back *text = NULL;
			struct site_text got;
			bool cut;

			for (size_t at = 0, n; at < len; at += n) {
				n = len - at < step ? len - at : step;
				text_back_add(&shelf, &text,
				    (const uint8_t *)much + at, n);
			}
			text_back_field_end(text);
			got = text_back_get(text, &cut);
			assert_int_equal(cut, len > LIMIT_TEXT_BACK);
			assert_int_equal(text_back_full(text), cut);
			assert_int_equal(got.len, cut ? LIMIT_TEXT_BACK : len);
			/* What comes behind changes nothing any more. */
			if (cut) {
				add(&shelf, &text, "y");
				got = text_back_get(text, &cut);
				assert_int_equal(got.len, LIMIT_TEXT_BACK);
				assert_null(memchr(got.p, 'y', got.len));
			}
			text_back_free(text);
		}
	}
	assert_int_equal(guarded_live(), 0);
}

static void
it_is_not_cut_within_a_character(void **state)
{
	static uint8_t much[LIMIT_TEXT_BACK + 8];

	(void)state;
	for (size_t before = 0; before < 4; before++) {
		struct text_shelf shelf = {0, 1};
		struct text_back *text = NULL;
		struct site_text got;
		bool cut;

		memset(much, 'x', sizeof(much));
		/* U+1F4DE, four bytes, of which some are beyond the limit. */
		memcpy(much + LIMIT_TEXT_BACK - before, "\xf0\x9f\x93\x9e", 4);
		text_back_add(&shelf, &text, much, sizeof(much));
		/* Nor does what comes later close the gap. */
		add(&shelf, &text, "y");
		got = text_back_get(text, &cut);
		assert_true(cut);
		assert_int_equal(got.len, LIMIT_TEXT_BACK - before);
		assert_int_equal(got.p[got.len - 1], 'x');
		text_back_free(text);
	}
}

/* Browsers send what they send in pieces of any length. */
static void
nor_within_one_that_comes_in_pieces(void **state)
{
	static const char mark[] = "\xf0\x9f\x93\x9e"; /* U+1F4DE */
	static uint8_t much[LIMIT_TEXT_BACK + 8];

	(void)state;
	for (size_t before = 1; before < 4; before++)
		for (size_t at = LIMIT_TEXT_BACK - 4; at < sizeof(much); at++) {
			struct text_shelf shelf = {0, 1};
			struct text_back *text = NULL;
			struct site_text got;
			bool cut;

			memset(much, 'x', sizeof(much));
			memcpy(much + LIMIT_TEXT_BACK - before, mark, 4);
			text_back_add(&shelf, &text, much, at);
			text_back_add(
			    &shelf, &text, much + at, sizeof(much) - at);
			got = text_back_get(text, &cut);
			assert_true(cut);
			assert_int_equal(got.len, LIMIT_TEXT_BACK - before);
			assert_int_equal(got.p[got.len - 1], 'x');
			text_back_free(text);
		}
}

static void
a_gap_that_does_not_fit_is_a_cut(void **state)
{
	static char much[LIMIT_TEXT_BACK];
	struct text_shelf shelf = {0, 1};
	struct text_back *text = NULL;
	struct site_text got;
	bool cut;

	(void)state;
	memset(much, 'x', sizeof(much) - 1);
	add(&shelf, &text, much);
	text_back_field_end(text);
	assert_kept(text, much, false);
	add(&shelf, &text, "y");
	text_back_field_end(text);
	got = text_back_get(text, &cut);
	assert_true(cut);
	assert_int_equal(got.len, LIMIT_TEXT_BACK);
	assert_null(memchr(got.p, 'y', got.len));
	text_back_free(text);
}

/* Else its middle would be shown as what somebody wrote. */
static void
what_had_no_place_when_it_began_is_not_kept_later(void **state)
{
	struct text_shelf shelf = {0, 1};
	struct text_back *first = NULL, *second = NULL;

	(void)state;
	add(&shelf, &first, "first");
	add(&shelf, &second, "sec");
	assert_kept(second, "", false);
	assert_true(text_back_full(second));
	text_back_free(first);
	assert_int_equal(shelf.held, 0);
	add(&shelf, &second, "ond");
	text_back_field_end(second);
	add(&shelf, &second, "third");
	assert_kept(second, "", false);
	assert_int_equal(shelf.held, 0);
	text_back_free(second);
	assert_int_equal(shelf.held, 0);
	assert_int_equal(guarded_live(), 0);
}

static void
without_memory_nothing_is_kept(void **state)
{
	struct text_shelf shelf = {0, 1};
	struct text_back *text = NULL;

	(void)state;
	fault_at(FAULT_GUARDED, 1);
	add(&shelf, &text, "lost");
	fault_off();
	assert_true(fault_fired());
	add(&shelf, &text, "still lost");
	assert_kept(text, "", false);
	assert_int_equal(shelf.held, 0);
	text_back_free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fields_are_kept_with_an_empty_line_between_them),
	    cmocka_unit_test(a_field_that_has_not_ended_is_told_to_be_cut),
	    cmocka_unit_test(no_more_is_kept_than_the_limit_and_it_is_told),
	    cmocka_unit_test(it_is_not_cut_within_a_character),
	    cmocka_unit_test(nor_within_one_that_comes_in_pieces),
	    cmocka_unit_test(a_gap_that_does_not_fit_is_a_cut),
	    cmocka_unit_test(what_had_no_place_when_it_began_is_not_kept_later),
	    cmocka_unit_test(without_memory_nothing_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

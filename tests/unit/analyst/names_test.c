/*
 * Names of our making, weeks, sizes and base64.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "analyst/bag.h"
#include "analyst/base64.h"
#include "analyst/extension.h"
#include "analyst/keyset_make.h"
#include "analyst/page.h"
#include "analyst/plan.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MONDAY UINT64_C(1795392000) /* 2026-11-23 00:00 UTC */

static void
only_listed_endings_are_kept(void **state)
{
	static const struct {
		const char *name, *want;
	} rows[] = {
	    {"a.pdf", "pdf"},
	    {"A.PDF", "pdf"},
	    {"x.tar.gz", "gz"},
	    {"\xeb\xb3\xb4.hwp", "hwp"},
	    {".pdf", "pdf"},
	    {"../../a.jpeg", "jpeg"},
	    {"", "bin"},
	    {"pdf", "bin"},
	    {"a.", "bin"},
	    {".", "bin"},
	    {"a.pdf ", "bin"},
	    {"a.pd/f", "bin"},
	    {"a.html", "bin"},
	    {"a.htm", "bin"},
	    {"a.svg", "bin"},
	    {"a.xml", "bin"},
	    {"a.exe", "bin"},
	    {"a.desktop", "bin"},
	    {"a.lnk", "bin"},
	    {"a.js", "bin"},
	    {"a.docm", "bin"},
	    {"a.pdf\n", "bin"},
	    {"a.\xff\xfe", "bin"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(extension_of((const uint8_t *)rows[i].name,
					strlen(rows[i].name)),
		    rows[i].want);
	/* A NUL inside ends nothing. */
	assert_string_equal(
	    extension_of((const uint8_t *)"a.pdf\0.exe", 10), "bin");
}

static void
folders_are_named_by_six_digits_or_more(void **state)
{
	char name[BAG_NAME_LEN];

	(void)state;
	bag_name(17, name);
	assert_string_equal(name, "tip-000017");
	bag_part_name(17, name);
	assert_string_equal(name, ".tip-000017.part");
	bag_name(1234567, name);
	assert_string_equal(name, "tip-1234567");
	bag_part_name(UINT64_MAX, name);
	assert_string_equal(name, ".tip-18446744073709551615.part");
}

static void
weeks_follow_the_keys_at_hand(void **state)
{
	static struct plan_week w[PLAN_WEEKS_MAX];
	const uint64_t noon = MONDAY + PLAN_DAY / 2;

	(void)state;
	/* None yet: from 00:00 of today. */
	assert_int_equal(plan_weeks(noon, 0, 8, w), 8);
	assert_int_equal(w[0].from, MONDAY);
	assert_int_equal(w[7].until, MONDAY + 8 * PLAN_WEEK);
	for (size_t i = 1; i < 8; i++)
		assert_int_equal(w[i].from, w[i - 1].until);
	/* The same day again: nothing to add. */
	assert_int_equal(plan_weeks(noon, w[7].until, 8, w), 0);
	/* A day later one week more is wanted. */
	assert_int_equal(
	    plan_weeks(noon + PLAN_DAY, MONDAY + 8 * PLAN_WEEK, 8, w), 1);
	assert_int_equal(w[0].from, MONDAY + 8 * PLAN_WEEK);
	/* Fewer weeks than there are: nothing is taken away. */
	assert_int_equal(plan_weeks(noon, MONDAY + 8 * PLAN_WEEK, 2, w), 0);
	/* Run out long ago: begin anew today. */
	assert_int_equal(plan_weeks(noon, MONDAY - PLAN_WEEK, 1, w), 1);
	assert_int_equal(w[0].from, MONDAY);
	assert_int_equal(
	    plan_weeks(noon, 0, PLAN_WEEKS_MAX, w), PLAN_WEEKS_MAX);
}

static void
names_of_analysts_are_checked(void **state)
{
	(void)state;
	assert_true(keyset_make_name_is_good("analyst"));
	assert_true(keyset_make_name_is_good("a-1"));
	assert_true(
	    keyset_make_name_is_good("12345678901234567890123456789012"));
	assert_false(
	    keyset_make_name_is_good("123456789012345678901234567890123"));
	assert_false(keyset_make_name_is_good(""));
	assert_false(keyset_make_name_is_good("A"));
	assert_false(keyset_make_name_is_good("a b"));
	assert_false(keyset_make_name_is_good("a\n"));
}

static void
assert_text(struct bytes *out, const char *want)
{
	assert_int_equal(bytes_append(out, "", 1), ST_OK);
	assert_string_equal((char *)out->p, want);
	bytes_free(out);
}

/* The vectors of RFC 4648 section 10. */
static void
base64_is_that_of_the_rfc(void **state)
{
	static const char *const want[] = {
	    "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};

	(void)state;
	for (size_t i = 0; i < COUNT(want); i++) {
		struct bytes out = BYTES_INIT(64);

		assert_int_equal(
		    base64_append((const uint8_t *)"foobar", i, &out), ST_OK);
		assert_text(&out, want[i]);
	}
}

static void
sizes_are_said_for_people(void **state)
{
	static const struct {
		uint64_t size;
		const char *want;
	} rows[] = {
	    {0, "0 bytes"},
	    {1, "1 byte"},
	    {1023, "1023 bytes"},
	    {1024, "1.0 KiB"},
	    {1536, "1.5 KiB"},
	    {1024 * 1024 - 1, "1023.9 KiB"},
	    {1024 * 1024, "1.0 MiB"},
	    {UINT64_C(1) << 40, "1.0 TiB"},
	    {UINT64_C(1) << 51, "2048.0 TiB"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bytes out = BYTES_INIT(64);

		assert_int_equal(page_size(&out, rows[i].size), ST_OK);
		assert_text(&out, rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_listed_endings_are_kept),
	    cmocka_unit_test(folders_are_named_by_six_digits_or_more),
	    cmocka_unit_test(weeks_follow_the_keys_at_hand),
	    cmocka_unit_test(names_of_analysts_are_checked),
	    cmocka_unit_test(base64_is_that_of_the_rfc),
	    cmocka_unit_test(sizes_are_said_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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
#include "analyst/keyring.h"
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
weeks_are_those_of_the_calendar(void **state)
{
	(void)state;
	assert_int_equal(plan_epoch(MONDAY), 2968);
	assert_int_equal(plan_epoch(MONDAY - 1), 2967);
	assert_int_equal(plan_epoch(MONDAY + PLAN_WEEK - 1), 2968);
	assert_int_equal(plan_from(2968), MONDAY);
	/* 345600 + 604800 N, as FORMATS.md has it; no week before is one. */
	assert_int_equal(plan_from(1), 345600 + 604800);
	assert_int_equal(plan_epoch(0), 0);
	assert_int_equal(plan_epoch(345600 + 604800), 1);
	assert_int_equal(plan_epoch(plan_from(UINT32_MAX)), UINT32_MAX);
	assert_int_equal(plan_epoch(plan_from(UINT32_MAX) + PLAN_WEEK), 0);
	assert_int_equal(plan_epoch(UINT64_MAX), 0);
}

static void
names_of_analysts_are_checked(void **state)
{
	(void)state;
	assert_true(keyring_name_is_good("analyst"));
	assert_true(keyring_name_is_good("a-1"));
	assert_true(keyring_name_is_good("12345678901234567890123456789012"));
	assert_false(keyring_name_is_good("123456789012345678901234567890123"));
	assert_false(keyring_name_is_good(""));
	assert_false(keyring_name_is_good("A"));
	assert_false(keyring_name_is_good("a b"));
	assert_false(keyring_name_is_good("a\n"));
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

/* What is written is read again, and any other text is refused. */
static void
a_key_in_base64_has_one_form(void **state)
{
	uint8_t key[32], again[32];

	(void)state;
	for (int round = 0; round < 64; round++) {
		struct bytes out = BYTES_INIT(64);

		for (int i = 0; i < 32; i++)
			key[i] = (uint8_t)(round * 37 + i * 11 + i * round);
		assert_int_equal(base64_append(key, 32, &out), ST_OK);
		assert_int_equal(out.len, BASE64_KEY_LEN);
		assert_true(base64_key((const char *)out.p, again));
		assert_memory_equal(key, again, 32);
		for (size_t i = 0; i < out.len; i++) {
			uint8_t was = out.p[i];

			out.p[i] = "=*\0 -"[round % 5];
			if (out.p[i] != was)
				assert_false(
				    base64_key((const char *)out.p, again));
			out.p[i] = was;
		}
		out.p[BASE64_KEY_LEN - 2]++; /* the two bits left over */
		assert_false(base64_key((const char *)out.p, again));
		bytes_free(&out);
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
	    cmocka_unit_test(weeks_are_those_of_the_calendar),
	    cmocka_unit_test(names_of_analysts_are_checked),
	    cmocka_unit_test(base64_is_that_of_the_rfc),
	    cmocka_unit_test(a_key_in_base64_has_one_form),
	    cmocka_unit_test(sizes_are_said_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

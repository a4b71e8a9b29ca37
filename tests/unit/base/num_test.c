#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/num.h"

struct good {
	const char *text;
	uint64_t max, value;
};

struct bad {
	const char *text;
	uint64_t max;
	enum status st;
};

typedef enum status parser(const char *, size_t, uint64_t, uint64_t *);

static void
check_good(parser *parse, const struct good *g, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t v = 99;

		assert_int_equal(
		    parse(g[i].text, strlen(g[i].text), g[i].max, &v), ST_OK);
		assert_true(v == g[i].value);
	}
}

static void
check_bad(parser *parse, const struct bad *b, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t v = 99;

		assert_int_equal(
		    parse(b[i].text, strlen(b[i].text), b[i].max, &v), b[i].st);
		assert_true(v == 0);
	}
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
only_plain_decimal_numbers_are_read(void **state)
{
	static const struct good good[] = {
	    {"0", 0, 0},
	    {"7", 7, 7},
	    {"10", 10, 10},
	    {"1234567890", UINT64_MAX, 1234567890},
	    {"18446744073709551615", UINT64_MAX, UINT64_MAX},
	};
	static const struct bad bad[] = {
	    {"", 9, ST_MALFORMED},
	    {"00", 9, ST_MALFORMED},
	    {"01", 9, ST_MALFORMED},
	    {"+1", 9, ST_MALFORMED},
	    {"-1", 9, ST_MALFORMED},
	    {" 1", 9, ST_MALFORMED},
	    {"1 ", 9, ST_MALFORMED},
	    {"1\n", 9, ST_MALFORMED},
	    {"0x1", 99, ST_MALFORMED},
	    {"1.0", 99, ST_MALFORMED},
	    {"1e3", 9999, ST_MALFORMED},
	    {"99x", 9, ST_MALFORMED},
	    {"\xd9\xa1", 99, ST_MALFORMED}, /* an Arabic-Indic one */
	    {"1", 0, ST_LIMIT},
	    {"8", 7, ST_LIMIT},
	    {"11", 10, ST_LIMIT},
	    {"18446744073709551616", UINT64_MAX, ST_LIMIT},
	    {"99999999999999999999", UINT64_MAX, ST_LIMIT},
	    {"184467440737095516150", UINT64_MAX, ST_LIMIT},
	};
	uint64_t v = 99;

	(void)state;
	check_good(num_parse, good, COUNT(good));
	check_bad(num_parse, bad, COUNT(bad));
	/* Not to the NUL but to the length; a NUL is no digit. */
	assert_int_equal(num_parse("123", 2, 99, &v), ST_OK);
	assert_true(v == 12);
	assert_int_equal(num_parse("12\0", 3, 9999, &v), ST_MALFORMED);
}

static void
every_small_number_comes_back(void **state)
{
	(void)state;
	for (uint64_t max = 0; max <= 120; max++)
		for (uint64_t n = 0; n <= 130; n++) {
			char text[4];
			size_t len = 0;
			uint64_t v;

			if (n >= 100)
				text[len++] = (char)('0' + n / 100);
			if (n >= 10)
				text[len++] = (char)('0' + n / 10 % 10);
			text[len++] = (char)('0' + n % 10);
			assert_int_equal(num_parse(text, len, max, &v),
			    n <= max ? ST_OK : ST_LIMIT);
			assert_true(v == (n <= max ? n : 0));
		}
}

static void
sizes_may_have_a_letter(void **state)
{
	static const struct good good[] = {
	    {"0", 0, 0},
	    {"5", 5, 5},
	    {"1K", 1024, 1024},
	    {"512M", UINT64_MAX, UINT64_C(512) << 20},
	    {"3G", UINT64_MAX, UINT64_C(3) << 30},
	    {"16777215T", UINT64_MAX, UINT64_C(16777215) << 40},
	};
	static const struct bad bad[] = {
	    {"", 9, ST_MALFORMED},
	    {"K", 9, ST_MALFORMED},
	    {"1k", 9999, ST_MALFORMED},
	    {"1KB", 9999, ST_MALFORMED},
	    {"1KK", 9999, ST_MALFORMED},
	    {"1 K", 9999, ST_MALFORMED},
	    {"01K", 9999, ST_MALFORMED},
	    {"1P", 9999, ST_MALFORMED},
	    {"1K", 1023, ST_LIMIT},
	    {"2K", 2047, ST_LIMIT},
	    {"16777216T", UINT64_MAX, ST_LIMIT},
	};

	(void)state;
	check_good(num_parse_size, good, COUNT(good));
	check_bad(num_parse_size, bad, COUNT(bad));
}

static void
hex_has_one_to_sixteen_digits(void **state)
{
	static const struct good good[] = {
	    {"0", 0, 0},
	    {"00ff", 255, 255},
	    {"DeadBeef", UINT64_MAX, 0xdeadbeef},
	    {"ffffffffffffffff", UINT64_MAX, UINT64_MAX},
	};
	static const struct bad bad[] = {
	    {"", 9, ST_MALFORMED},
	    {"0x1", 99, ST_MALFORMED},
	    {"g", 99, ST_MALFORMED},
	    {"-1", 99, ST_MALFORMED},
	    {"00000000000000001", 99, ST_MALFORMED},
	    {"10", 15, ST_LIMIT},
	};

	(void)state;
	check_good(num_parse_hex, good, COUNT(good));
	check_bad(num_parse_hex, bad, COUNT(bad));
}

static void
known_moments_have_their_text(void **state)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} known[] = {
	    {0, "1970-01-01T00:00:00Z"},
	    {951782399, "2000-02-28T23:59:59Z"},
	    {951782400, "2000-02-29T00:00:00Z"},
	    {951868800, "2000-03-01T00:00:00Z"},
	    {1795392000, "2026-11-23T00:00:00Z"},
	    {UINT64_C(2147483648), "2038-01-19T03:14:08Z"},
	    {UINT64_C(4107542400), "2100-03-01T00:00:00Z"},
	    {UINT64_C(253402300799), "9999-12-31T23:59:59Z"},
	};
	char text[TIME_TEXT_LEN + 1];
	uint64_t v;

	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		time_format(known[i].seconds, text);
		assert_string_equal(text, known[i].text);
		assert_int_equal(time_parse(text, TIME_TEXT_LEN, &v), ST_OK);
		assert_true(v == known[i].seconds);
	}
	time_format(UINT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
}

/* Each day of 8,030 years, against libc's calendar. */
static void
every_day_agrees_with_libc_and_comes_back(void **state)
{
	(void)state;
	for (uint64_t day = 0; day <= 2932896; day++) {
		uint64_t t = day * 86400 + day % 86400, v;
		time_t libc_time = (time_t)t;
		char text[TIME_TEXT_LEN + 1], expected[64];
		struct tm tm;

		assert_non_null(gmtime_r(&libc_time, &tm));
		assert_int_equal(strftime(expected, sizeof(expected),
				     "%Y-%m-%dT%H:%M:%SZ", &tm),
		    TIME_TEXT_LEN);
		time_format(t, text);
		assert_memory_equal(text, expected, TIME_TEXT_LEN + 1);
		assert_int_equal(time_parse(text, TIME_TEXT_LEN, &v), ST_OK);
		assert_true(v == t);
	}
}

static void
other_ways_to_write_a_time_are_refused(void **state)
{
	static const char *const bad[] = {"", "2026-11-23", "now",
	    "1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z",
	    "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z",
	    "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z",
	    "2026-04-31T00:00:00Z", "2026-02-29T00:00:00Z",
	    "2100-02-29T00:00:00Z", "2024-02-30T00:00:00Z",
	    "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
	    "2026-01-01T00:00:60Z", "2016-12-31T23:59:60Z",
	    "2026-01-01t00:00:00Z", "2026-01-01T00:00:00z",
	    "2026-01-01 00:00:00Z", "2026/01/01T00:00:00Z",
	    "2026-01-01T00:00:00+", "2026-01-01T00:00:00",
	    "2026-01-01T00:00:00ZZ", "+026-01-01T00:00:00Z",
	    "2026-1 -01T00:00:00Z", "10000-01-01T00:00:00Z"};
	static const char whole[] = "2024-02-29T12:34:56Z";
	uint64_t v;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		v = 99;
		assert_int_equal(
		    time_parse(bad[i], strlen(bad[i]), &v), ST_MALFORMED);
		assert_true(v == 0);
	}
	/* Every cut, and something odd at every place. */
	for (size_t len = 0; len < TIME_TEXT_LEN; len++) {
		char odd[TIME_TEXT_LEN + 1];

		assert_int_equal(time_parse(whole, len, &v), ST_MALFORMED);
		memcpy(odd, whole, sizeof(odd));
		odd[len] = 'x';
		assert_int_equal(
		    time_parse(odd, TIME_TEXT_LEN, &v), ST_MALFORMED);
	}
}

static void
bytes_are_little_endian(void **state)
{
	static const uint8_t row[8] = {1, 2, 3, 4, 5, 6, 7, 0xff};
	uint8_t out[8];

	(void)state;
	assert_int_equal(le16_get(row), 0x0201);
	assert_true(le32_get(row) == 0x04030201);
	assert_true(le64_get(row) == UINT64_C(0xff07060504030201));
	le16_put(out, 0x0201);
	assert_memory_equal(out, row, 2);
	le32_put(out, 0x04030201);
	assert_memory_equal(out, row, 4);
	le64_put(out, UINT64_C(0xff07060504030201));
	assert_memory_equal(out, row, 8);
}

static void
every_status_has_its_own_words(void **state)
{
	(void)state;
	for (int i = 0; i < ST_COUNT; i++) {
		const char *text = status_text((enum status)i);

		assert_non_null(text);
		assert_true(strlen(text) > 3);
		assert_string_not_equal(text, "unknown status");
		assert_int_not_equal(text[strlen(text) - 1], '.');
		for (int j = 0; j < i; j++)
			assert_string_not_equal(
			    text, status_text((enum status)j));
	}
	assert_string_equal(status_text(ST_COUNT), "unknown status");
	assert_string_equal(status_text((enum status)999), "unknown status");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_plain_decimal_numbers_are_read),
	    cmocka_unit_test(every_small_number_comes_back),
	    cmocka_unit_test(sizes_may_have_a_letter),
	    cmocka_unit_test(hex_has_one_to_sixteen_digits),
	    cmocka_unit_test(known_moments_have_their_text),
	    cmocka_unit_test(every_day_agrees_with_libc_and_comes_back),
	    cmocka_unit_test(other_ways_to_write_a_time_are_refused),
	    cmocka_unit_test(bytes_are_little_endian),
	    cmocka_unit_test(every_status_has_its_own_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

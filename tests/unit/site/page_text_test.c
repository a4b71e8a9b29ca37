/*
 * Text as it is shown: escaped, cut at whole characters; and days.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "site/page_text.h"

static void
text_is_shown_and_does_nothing_else(void **state)
{
	static const struct {
		const char *text, *html;
		size_t max;
		bool cut;
	} cases[] = {
	    {"", "", 0, false},
	    {"plain", "plain", 5, false},
	    {"plain", "plai", 4, true},
	    {"a\nb", "a\nb", 9, false},
	    {"<a href=\"'\">&", "&lt;a href=&quot;&#39;&quot;&gt;&amp;", 99,
		false},
	    {"&&", "&amp;", 9, true},
	    {"a\r\nb\r\n\r\nc\r", "a\nb\n\nc ", 99, false},
	    {"a\r\x1b[2J\x7f\t", "a  [2J  ", 99, false},
	    {"\xed\x95\x9c\xea\xb8\x80", "\xed\x95\x9c\xea\xb8\x80", 6, false},
	    {"\xed\x95\x9c\xea\xb8\x80", "\xed\x95\x9c", 5, true},
	    {"\xf0\x9f\x98\x80", "", 3, true},
	    /* No UTF-8 at all: bytes are as they are, none is added. */
	    {"\x80\xff<", "\x80\xff&lt;", 9, false},
	    {"\xed<", "\xed&lt;", 9, false},
	};
	uint8_t out[128];
	size_t len;
	bool cut;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		len = page_text_escape((const uint8_t *)cases[i].text,
		    strlen(cases[i].text), out, cases[i].max, &cut);
		assert_int_equal(len, strlen(cases[i].html));
		len = page_text_escaped_len(
		    (const uint8_t *)cases[i].text, strlen(cases[i].text));
		assert_int_equal(len > cases[i].max, cases[i].cut);
		len = strlen(cases[i].html);
		assert_memory_equal(out, cases[i].html, len);
		assert_int_equal(cut, cases[i].cut);
	}
}

static void
days_are_the_same_in_every_language(void **state)
{
	static const struct {
		uint64_t seconds;
		const char *day;
	} cases[] = {{0, "1970-01-01"}, {86399, "1970-01-01"},
	    {86400, "1970-01-02"}, {951782400, "2000-02-29"},
	    {1795996799, "2026-11-29"}, {1795996800, "2026-11-30"},
	    {4133894400, "2100-12-31"}, {UINT64_MAX, "9999-12-31"}};
	char day[PAGE_DAY_LEN + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		page_text_day(cases[i].seconds, day);
		assert_string_equal(day, cases[i].day);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_is_shown_and_does_nothing_else),
	    cmocka_unit_test(days_are_the_same_in_every_language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

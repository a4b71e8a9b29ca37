/*
 * What strangers wrote, as it is shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "analyst/clean.h"

#define FFFD "\xef\xbf\xbd"

struct row {
	const char *in;
	size_t len;
	const char *want;
};
#define ROW(in, want)                                                          \
	{                                                                      \
		(in), sizeof(in) - 1, (want)                                   \
	}
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

typedef enum status cleaner(const uint8_t *p, size_t len, struct bytes *out);

static void
each_row(cleaner *clean, const struct row *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct bytes out = BYTES_INIT(4096);

		assert_int_equal(
		    clean((const uint8_t *)row[i].in, row[i].len, &out), ST_OK);
		assert_int_equal(bytes_append(&out, "", 1), ST_OK);
		assert_string_equal((char *)out.p, row[i].want);
		bytes_free(&out);
	}
}

static void
good_names_stay_as_they_are(void **state)
{
	static const struct row good[] = {
	    ROW("", ""),
	    ROW("report.pdf", "report.pdf"),
	    ROW("a b (1).tar.gz", "a b (1).tar.gz"),
	    /* Korean, Arabic, Persian with its zero width non-joiner */
	    ROW("\xeb\xb3\xb4\xea\xb3\xa0\xec\x84\x9c.hwp",
		"\xeb\xb3\xb4\xea\xb3\xa0\xec\x84\x9c.hwp"),
	    ROW("\xd9\x85\xd9\x84\xd9\x81.pdf", "\xd9\x85\xd9\x84\xd9\x81.pdf"),
	    ROW("\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae",
		"\xd9\x85\xdb\x8c"
		"\xe2\x80\x8c\xd8\xae"),
	    ROW("\xf0\x9f\x98\x80.png", "\xf0\x9f\x98\x80.png"),
	    ROW("<b>&\"'", "<b>&\"'"), /* for a page, clean_html follows */
	    ROW("ends.", "ends."),
	};

	(void)state;
	each_row(clean_name, good, COUNT(good));
}

static void
bad_names_lose_what_is_bad(void **state)
{
	static const struct row bad[] = {
	    ROW("../../etc/passwd",
		FFFD FFFD FFFD ".." FFFD "etc" FFFD "passwd"),
	    ROW("..", FFFD FFFD),
	    ROW(".bashrc", FFFD "bashrc"),
	    ROW("C:\\x", "C:" FFFD "x"),
	    ROW("a\nb", "a" FFFD "b"),
	    ROW("a\0b", "a" FFFD "b"),
	    ROW("\x1b[2J", FFFD "[2J"),
	    ROW("\x7f", FFFD),
	    ROW("\xc2\x9b", FFFD),                      /* C1 CSI */
	    ROW("\xe2\x80\xaegpj.exe", FFFD "gpj.exe"), /* U+202E */
	    ROW("\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad",
		FFFD FFFD FFFD FFFD),
	    ROW("\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9",
		FFFD FFFD FFFD FFFD),
	    ROW("\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c", FFFD FFFD FFFD),
	    ROW("\xe2\x80\xa8\xe2\x80\xa9", FFFD FFFD), /* separators */
	    ROW("\xef\xbb\xbf\xe2\x80\x8b", FFFD FFFD), /* invisible */
	    ROW("\xf3\xa0\x81\x81", FFFD),              /* tag */
	    ROW("\xff\xfe", FFFD FFFD),
	    ROW("\xc0\xaf", FFFD FFFD),          /* overlong slash */
	    ROW("\xe0\x80\xaf", FFFD FFFD FFFD), /* overlong slash */
	    ROW("\xed\xa0\x80", FFFD FFFD FFFD), /* surrogate */
	    ROW("\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD),
	    ROW("\xe2\x82", FFFD FFFD), /* cut */
	    ROW("\x80", FFFD),
	};

	(void)state;
	each_row(clean_name, bad, COUNT(bad));
}

/* All 2^16 pairs of bytes and every code point that is well written. */
static void
no_cleaned_name_holds_anything_hostile(void **state)
{
	(void)state;
	for (unsigned v = 0; v < 0x10000; v++) {
		const uint8_t in[2] = {(uint8_t)(v >> 8), (uint8_t)v};
		struct bytes out = BYTES_INIT(64);
		uint32_t c;

		assert_int_equal(clean_name(in, 2, &out), ST_OK);
		for (size_t i = 0; i < out.len;
		     i += clean_next(out.p + i, out.len - i, &c)) {
			(void)clean_next(out.p + i, out.len - i, &c);
			assert_false(clean_is_hostile(c));
			assert_true(c != '/' && c != '\\');
		}
		assert_true(out.p[0] != '.');
		bytes_free(&out);
	}
}

static void
a_page_shows_all_and_obeys_nothing(void **state)
{
	static const struct row rows[] = {
	    ROW("<script>alert('x')</script>",
		"&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"),
	    ROW("a & b \"c\"", "a &amp; b &quot;c&quot;"),
	    ROW("&amp;", "&amp;amp;"),
	    ROW("one\r\ntwo\nthree\tfour", "one\ntwo\nthree\tfour"),
	    ROW("lone\rCR", "lone<b>U+000D</b>CR"),
	    ROW("\x1b[2J", "<b>U+001B</b>[2J"),
	    ROW("\0", "<b>U+0000</b>"),
	    ROW("a\xe2\x80\xae"
		"b",
		"a<b>U+202E</b>b"),
	    ROW("\xf3\xa0\x81\x81", "<b>U+E0041</b>"),
	    ROW("\xff<", "<b>FF</b>&lt;"),
	    ROW("\xc3\xa9\xc3", "\xc3\xa9<b>C3</b>"),
	    ROW("\xeb\xb3\xb4", "\xeb\xb3\xb4"),
	};

	(void)state;
	each_row(clean_html, rows, COUNT(rows));
}

static enum status
first_five(const uint8_t *p, size_t len, struct bytes *out)
{
	return clean_first_line(p, len, 5, out);
}

static void
the_first_line_is_cut_by_characters(void **state)
{
	static const struct row rows[] = {
	    ROW("", ""),
	    ROW("\r\n \t\n", ""),
	    ROW("hello", "hello"),
	    ROW("hello!", "hello\xe2\x80\xa6"),
	    ROW("\r\n  \r\nhi\r\nthere", "hi"),
	    ROW("a\tb", "a b"),
	    ROW("\xeb\xb3\xb4\xeb\xb3\xb4\xeb\xb3\xb4\xeb\xb3\xb4\xeb\xb3\xb4",
		"\xeb\xb3\xb4\xeb\xb3\xb4\xeb\xb3\xb4\xeb\xb3\xb4\xeb\xb3\xb4"),
	    ROW("\x1b\xff", FFFD FFFD),
	};

	(void)state;
	each_row(first_five, rows, COUNT(rows));
}

static void
a_text_in_one_line_keeps_all_its_words(void **state)
{
	static const struct row rows[] = {
	    ROW("", ""),
	    ROW("one\r\ntwo\nthree\tfour", "one two three four"),
	    ROW("\r\n\r\n", "  "),
	    ROW("a\rb\r",
		"a\xef\xbf\xbd"
		"b\xef\xbf\xbd"),
	    ROW("\x1b]0;x\a", "\xef\xbf\xbd]0;x\xef\xbf\xbd"),
	    ROW("<b>\xff\xe2\x80\xae", "<b>\xef\xbf\xbd\xef\xbf\xbd"),
	    ROW("\xe2\x80\xa8\xc2\x85", "\xef\xbf\xbd\xef\xbf\xbd"),
	    ROW("\xeb\xb3\xb4", "\xeb\xb3\xb4"),
	};

	(void)state;
	each_row(clean_line, rows, COUNT(rows));
}

static void
a_terminal_gets_nothing_that_steers_it(void **state)
{
	static const struct row rows[] = {
	    ROW("plain\ttext\n", "plain\ttext\n"),
	    ROW("\x1b[31mred", "?[31mred"),
	    ROW("\xe2\x80\xae", "???"),
	    ROW("\xc2\x9b", "??"),
	    ROW("\xff", "?"),
	    ROW("\xeb\xb3\xb4", "\xeb\xb3\xb4"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[64];

		memcpy(text, rows[i].in, rows[i].len + 1);
		clean_terminal(text);
		assert_string_equal(text, rows[i].want);
	}
}

/* A buffer that is full is told at every place. */
static void
a_full_buffer_is_told(void **state)
{
	static const uint8_t in[] = "../a<\x1b\xff\xe2\x80\xae&b\r\nc";

	(void)state;
	for (size_t max = 0; max < 200; max++) {
		struct bytes out = BYTES_INIT(max);
		enum status st = clean_html(in, sizeof(in) - 1, &out);

		assert_true(st == ST_OK || st == ST_LIMIT);
		assert_true(out.len <= max);
		assert_true(max > 0 || st == ST_LIMIT);
		assert_true(max < 199 || st == ST_OK);
		bytes_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_names_stay_as_they_are),
	    cmocka_unit_test(bad_names_lose_what_is_bad),
	    cmocka_unit_test(no_cleaned_name_holds_anything_hostile),
	    cmocka_unit_test(a_page_shows_all_and_obeys_nothing),
	    cmocka_unit_test(the_first_line_is_cut_by_characters),
	    cmocka_unit_test(a_text_in_one_line_keeps_all_its_words),
	    cmocka_unit_test(a_terminal_gets_nothing_that_steers_it),
	    cmocka_unit_test(a_full_buffer_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

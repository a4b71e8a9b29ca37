#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyst/reply_text.h"
#include "intake/limits.h"
#include "site/answer.h"
#include "site/page_text.h"
#include "tests/unit/fault.h"

/* What the analysts' tool lets go must fit the page, and no room knows the
 * other. */
_Static_assert(REPLY_TEXT_ESCAPED_MAX == SITE_REPLY_ESCAPED_MAX,
    "an answer that was accepted is shown whole");

static const struct answer_limits limits = {512 << 20, LIMIT_MESSAGE_LEN, 32};
/* The longest words a configuration can lead to. */
static const struct answer_limits longest = {
    UINT64_MAX, UINT64_MAX, UINT32_MAX};

struct page {
	char text[PAGE_TOTAL_LEN + 1];
	size_t head_len;
};

static void
get(const struct answers *a, enum answer which, struct page *page)
{
	memcpy(
	    page->text, answers_get(a, which, &page->head_len), PAGE_TOTAL_LEN);
	page->text[PAGE_TOTAL_LEN] = '\0';
}

static void
each(const struct answer_limits *with, void (*check)(struct page *page))
{
	struct answers *a;
	struct page page;

	assert_int_equal(answers_new(with, &a), ST_OK);
	for (int i = 0; i < ANSWER_COUNT; i++) {
		get(a, (enum answer)i, &page);
		check(&page);
	}
	answers_free(a);
}

static void
check_size(struct page *page)
{
	char want[64];

	assert_int_equal(strlen(page->text), PAGE_TOTAL_LEN);
	assert_memory_equal(page->text + page->head_len - 4, "\r\n\r\n", 4);
	assert_ptr_equal(
	    strstr(page->text, "\r\n\r\n"), page->text + page->head_len - 4);
	snprintf(want, sizeof(want), "\r\nContent-Length: %zu\r\n",
	    PAGE_TOTAL_LEN - page->head_len);
	assert_non_null(strstr(page->text, want));
}

static void
every_answer_is_of_one_size(void **state)
{
	(void)state;
	each(&limits, check_size);
	each(&longest, check_size);
}

static void
check_headers(struct page *page)
{
	/* Values, not only names: a wrong value does nothing at all. */
	static const char *const want[] = {
	    "Content-Type: text/html; charset=utf-8",
	    "Cache-Control: no-store",
	    "X-Content-Type-Options: nosniff",
	    "X-Frame-Options: DENY",
	    "Referrer-Policy: no-referrer",
	    "Cross-Origin-Opener-Policy: same-origin",
	    "Cross-Origin-Embedder-Policy: require-corp",
	    "Cross-Origin-Resource-Policy: same-origin",
	    "Connection: close",
	};
	static const char *const never[] = {"Date:", "Server:", "ETag:",
	    "Set-Cookie:", "Last-Modified:", "Location:", "Via:"};
	char line[128];

	page->text[page->head_len] = '\0';
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		snprintf(line, sizeof(line), "\r\n%s\r\n", want[i]);
		assert_non_null(strstr(page->text, line));
	}
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		assert_null(strcasestr(page->text, never[i]));
	assert_non_null(strstr(page->text,
	    "\r\nContent-Security-Policy: default-src 'none';"
	    " style-src 'sha256-"));
	assert_non_null(strstr(page->text,
	    "='; img-src data:; form-action 'self'; base-uri 'none';"
	    " frame-ancestors 'none'\r\n"));
	assert_non_null(strstr(page->text, "\r\nPermissions-Policy: "));
	assert_non_null(strstr(page->text, " camera=(),"));
	assert_int_equal(strncmp(page->text, "HTTP/1.1 405", 12) == 0,
	    strstr(page->text, "\r\nAllow: GET, HEAD, POST\r\n") != NULL);
	/* The status line: a code and its phrase. */
	assert_memory_equal(page->text, "HTTP/1.1 ", 9);
	assert_in_range(strtol(page->text + 9, NULL, 10), 200, 599);
	assert_int_equal(page->text[12], ' ');
	assert_in_range(page->text[13], 'A', 'Z');
}

static void
every_answer_has_all_headers_and_no_other(void **state)
{
	(void)state;
	each(&limits, check_headers);
}

static void
check_body(struct page *page)
{
	static const char *const want[] = {"<!DOCTYPE html>\n", "lang=\"en\"",
	    "<title>", "<main>", "<h1>", "</h1>", "</main>", "</html>\n",
	    "rel=\"icon\" href=\"data:,\""};
	/* Nothing that runs, and nothing that is asked for from elsewhere. */
	static const char *const never[] = {"{{", "<script", "<img", "<iframe",
	    "javascript:", "src=", "http:", "https:", "@import", "url(",
	    " style=\"", " onclick", " onload", " onerror"};
	const char *body = page->text + page->head_len;

	assert_memory_equal(body, want[0], strlen(want[0]));
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_non_null(strstr(body, want[i]));
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		assert_null(strcasestr(body, never[i]));
	assert_null(strstr(strstr(body, "<h1>") + 1, "<h1>"));
}

static void
every_page_stands_alone(void **state)
{
	(void)state;
	each(&limits, check_body);
}

static void
check_refusal(struct page *page)
{
	/* What happened is marked, and it says what became of the tip. */
	if (strncmp(page->text, "HTTP/1.1 200", 12) == 0)
		return;
	assert_non_null(strstr(page->text, "<p class=\"bad\">"));
	assert_true(strstr(page->text, "kept") != NULL);
}

static void
every_refusal_says_what_was_kept(void **state)
{
	(void)state;
	each(&limits, check_refusal);
}

static void
limits_are_named_as_they_are_set(void **state)
{
	const struct answer_limits odd = {1536, LIMIT_MESSAGE_LEN, 7};
	struct answers *a;
	struct page page;

	(void)state;
	assert_int_equal(answers_new(&limits, &a), ST_OK);
	get(a, ANSWER_FORM, &page);
	assert_non_null(strstr(page.text, "512 MiB"));
	assert_non_null(strstr(page.text, "256 KiB"));
	assert_non_null(strstr(page.text, "32 files"));
	get(a, ANSWER_TOO_LARGE, &page);
	assert_non_null(strstr(page.text, "512 MiB"));
	answers_free(a);
	assert_int_equal(answers_new(&odd, &a), ST_OK);
	get(a, ANSWER_FORM, &page);
	assert_non_null(strstr(page.text, "1536 bytes"));
	assert_non_null(strstr(page.text, "7 files"));
	answers_free(a);
}

static void
the_form_posts_what_the_receiver_takes(void **state)
{
	static const char *const want[] = {
	    ("<form method=\"post\" action=\"/tip\""
	     " enctype=\"multipart/form-data\""),
	    "<label for=\"message\">", "<textarea id=\"message\"",
	    " name=\"message\"", "<label for=\"file\">",
	    "<input id=\"file\" type=\"file\" name=\"file\" multiple",
	    "<button type=\"submit\">"};
	struct answers *a;
	struct page page;

	(void)state;
	assert_int_equal(answers_new(&limits, &a), ST_OK);
	get(a, ANSWER_FORM, &page);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_non_null(strstr(page.text, want[i]));
	/* A button with a name would be sent, and refused. */
	assert_null(strstr(page.text, "<button name"));
	answers_free(a);
}

static void
a_failing_allocation_is_told(void **state)
{
	struct answers *a;
	enum status st;

	(void)state;
	FAULT_EACH(FAULT_ALLOC)
	{
		st = answers_new(&limits, &a);
		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
		assert_int_equal(a == NULL, fault_fired());
		answers_free(a);
	}
}

/* Every blank as long as it can be. */
static void
fill_longest(struct site_text fill[static BLANKS])
{
	static const unsigned char text[SITE_REPLY_ESCAPED_MAX] = {0};

	for (int i = 0; i < BLANKS; i++)
		fill[i] = (struct site_text){text, i < 12 ? 8 : 7};
	fill[BLANK_CODE].len = 12 * 9 - 1;
	fill[BLANK_REPLY].len = SITE_REPLY_ESCAPED_MAX;
	fill[BLANK_DAY].len = PAGE_DAY_LEN;
	fill[BLANK_ID].len = 16;
}

static void
pages_with_blanks_hold_the_longest_words(void **state)
{
	static const enum answer blank[] = {ANSWER_RECEIPT, ANSWER_REPLY};
	static uint8_t out[PAGE_TOTAL_LEN + 1];
	struct site_text fill[BLANKS];
	struct answers *a;
	size_t head_len;

	(void)state;
	assert_int_equal(answers_new(&longest, &a), ST_OK);
	fill_longest(fill);
	for (size_t i = 0; i < 2; i++) {
		out[PAGE_TOTAL_LEN] = 'x';
		assert_int_equal(answers_fill(a, blank[i], fill, out), ST_OK);
		assert_null(memchr(out, 1, PAGE_TOTAL_LEN));
		assert_int_equal(out[PAGE_TOTAL_LEN], 'x');
		assert_memory_equal(
		    out, answers_get(a, blank[i], &head_len), head_len);
		assert_non_null(memmem(out, PAGE_TOTAL_LEN, "</html>\n", 8));
	}
	/* More than that is told, and written nowhere. */
	fill[BLANK_REPLY].len = PAGE_TOTAL_LEN;
	assert_int_equal(answers_fill(a, ANSWER_REPLY, fill, out), ST_LIMIT);
	assert_int_equal(out[PAGE_TOTAL_LEN], 'x');
	answers_free(a);
}

/* A page that is given to all must have nothing left open in it. */
static void
only_two_pages_have_blanks(void **state)
{
	struct answers *a;
	size_t head_len;

	(void)state;
	assert_int_equal(answers_new(&limits, &a), ST_OK);
	for (int i = 0; i < ANSWER_COUNT; i++) {
		const uint8_t *p = answers_get(a, (enum answer)i, &head_len);

		assert_int_equal(memchr(p, 1, PAGE_TOTAL_LEN) != NULL,
		    i == ANSWER_RECEIPT || i == ANSWER_REPLY);
	}
	answers_free(a);
}

static void
a_closed_line_says_when_it_opens(void **state)
{
	struct answers *a;
	struct page page;

	(void)state;
	assert_int_equal(answers_new(&limits, &a), ST_OK);
	get(a, ANSWER_CLOSED, &page);
	assert_non_null(strstr(page.text, "in a day or two"));
	assert_int_equal(answers_set_opens(a, 1796000000), ST_OK);
	get(a, ANSWER_CLOSED, &page);
	assert_non_null(strstr(page.text, "on 30 November 2026 (UTC)"));
	check_size(&page);
	assert_int_equal(answers_set_opens(a, 0), ST_OK);
	get(a, ANSWER_CLOSED, &page);
	assert_non_null(strstr(page.text, "in a day or two"));
	FAULT_EACH(FAULT_ALLOC)
	{
		enum status st = answers_set_opens(a, 1796000000);

		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
		get(a, ANSWER_CLOSED, &page);
		check_size(&page);
	}
	answers_free(a);
}

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
		assert_memory_equal(out, cases[i].html, len);
		assert_int_equal(cut, cases[i].cut);
	}
}

static void
days_are_named_as_people_do(void **state)
{
	static const struct {
		uint64_t seconds;
		const char *day;
	} cases[] = {{0, "1 January 1970"}, {86399, "1 January 1970"},
	    {86400, "2 January 1970"}, {951782400, "29 February 2000"},
	    {1795996799, "29 November 2026"}, {1795996800, "30 November 2026"},
	    {4133894400, "31 December 2100"}, {UINT64_MAX, "31 December 9999"}};
	char day[PAGE_DAY_LEN + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		page_text_day(cases[i].seconds, day);
		assert_string_equal(day, cases[i].day);
	}
}

static void
the_return_forms_post_what_the_receiver_takes(void **state)
{
	static const char *const want[] = {
	    ("<form method=\"post\" action=\"/return\""
	     " enctype=\"multipart/form-data\""),
	    "<textarea class=\"code\" id=\"code\" name=\"code\"",
	    "<button type=\"submit\">"};
	struct answers *a;
	struct page page;

	(void)state;
	assert_int_equal(answers_new(&limits, &a), ST_OK);
	get(a, ANSWER_RETURN, &page);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_non_null(strstr(page.text, want[i]));
	get(a, ANSWER_FORM, &page);
	assert_non_null(strstr(page.text, "href=\"/return\""));
	assert_null(strstr(page.text, "cannot answer"));
	answers_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_answer_is_of_one_size),
	    cmocka_unit_test(every_answer_has_all_headers_and_no_other),
	    cmocka_unit_test(every_page_stands_alone),
	    cmocka_unit_test(every_refusal_says_what_was_kept),
	    cmocka_unit_test(limits_are_named_as_they_are_set),
	    cmocka_unit_test(the_form_posts_what_the_receiver_takes),
	    cmocka_unit_test(pages_with_blanks_hold_the_longest_words),
	    cmocka_unit_test(only_two_pages_have_blanks),
	    cmocka_unit_test(a_closed_line_says_when_it_opens),
	    cmocka_unit_test(text_is_shown_and_does_nothing_else),
	    cmocka_unit_test(days_are_named_as_people_do),
	    cmocka_unit_test(the_return_forms_post_what_the_receiver_takes),
	    cmocka_unit_test(a_failing_allocation_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

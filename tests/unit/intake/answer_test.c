#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "intake/answer.h"
#include "intake/limits.h"
#include "tests/unit/fault.h"

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
	    "<form method=\"post\" action=\"/tip\""
	    " enctype=\"multipart/form-data\"",
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
	    cmocka_unit_test(a_failing_allocation_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

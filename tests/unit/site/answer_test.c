/*
 * Every answer in every language, and none without memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analyst/reply_text.h"
#include "site/answer.h"
#include "site/language.h"
#include "site/sample.h"
#include "tests/unit/fault.h"
#include "tests/unit/sample.h"
#include "tests/unit/site/some_site.h"

/* What the analysts' tool lets go must fit the page, and no room knows the
 * other. */
_Static_assert(REPLY_TEXT_ESCAPED_MAX == SITE_REPLY_ESCAPED_MAX,
    "an answer that was accepted is shown whole");

/* Every answer in every language, framed and not, empty and as long as it can
 * become. */
static void
each(void (*check)(struct some_site_page *page, const struct answer_ask *ask))
{
	static struct sample sample;
	static struct some_site_page page;
	struct site_text fill[FILLS];
	struct answer_site site = some_site();
	struct answer_ask ask;
	struct answers *a;

	assert_int_equal(answers_new(&site, &a), ST_OK);
	for (size_t l = 0; l < language_count(); l++)
		for (size_t i = 0; i < 4 * ANSWER_COUNT; i += sample_step()) {
			enum answer which = (enum answer)(i / 4);

			sample_fill(&sample, l, i & 1, fill);
			if (!answers_refuses(which))
				fill[FILL_TEXT].len = 0;
			ask = sample_ask(which, l, fill);
			ask.framed = i & 2;
			some_site_get(a, &ask, &page);
			check(&page, &ask);
		}
	answers_free(a);
	some_site_forget(&site);
}

static void
check_size(struct some_site_page *page, const struct answer_ask *ask)
{
	char want[64];

	(void)ask;
	assert_int_equal(strlen(page->text), PAGE_TOTAL_LEN);
	assert_memory_equal(page->text + page->head_len - 4, "\r\n\r\n", 4);
	assert_ptr_equal(
	    strstr(page->text, "\r\n\r\n"), page->text + page->head_len - 4);
	snprintf(want, sizeof(want), "\r\nContent-Length: %zu\r\n",
	    PAGE_TOTAL_LEN - page->head_len);
	assert_non_null(strstr(page->text, want));
	assert_non_null(strstr(page->text, "</html>\n\n"));
}

static void
every_answer_in_every_language_is_of_one_size(void **state)
{
	(void)state;
	assert_true(language_count() >= 8);
	each(check_size);
}

static void
check_frames(const struct some_site_page *page, const struct answer_ask *ask)
{
	bool progress =
	    ask->which == ANSWER_PROGRESS || ask->which == ANSWER_PROGRESS_KEPT;
	bool framed = ask->framed || progress;

	assert_non_null(strstr(page->text,
	    framed ? " form-action 'none';" : " form-action 'self';"));
	assert_non_null(strstr(page->text,
	    framed ? " frame-ancestors 'self'" : " frame-ancestors 'none'"));
	assert_non_null(strstr(page->text,
	    framed ? "\r\nX-Frame-Options: SAMEORIGIN\r\n"
		   : "\r\nX-Frame-Options: DENY\r\n"));
	assert_int_equal(strstr(page->text, "; sandbox") != NULL, framed);
	assert_int_equal(strstr(page->text, "; sandbox\r\n") != NULL, progress);
	assert_int_equal(strstr(page->text, " frame-src 'self'") != NULL,
	    ask->which == ANSWER_LARGE);
}

static void
check_headers(struct some_site_page *page, const struct answer_ask *ask)
{
	/* Values, not only names: a wrong value does nothing at all. */
	static const char *const want[] = {
	    "Content-Type: text/html; charset=utf-8",
	    "Cache-Control: no-store",
	    "X-Content-Type-Options: nosniff",
	    "Referrer-Policy: no-referrer",
	    "Cross-Origin-Opener-Policy: same-origin",
	    "Cross-Origin-Embedder-Policy: require-corp",
	    "Cross-Origin-Resource-Policy: same-origin",
	    "Connection: close",
	};
	static const char *const never[] = {"Date:", "Server:", "ETag:",
	    "Set-Cookie:", "Last-Modified:", "Location:", "Via:", "Refresh:"};
	char line[128];

	page->text[page->head_len] = '\0';
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		snprintf(line, sizeof(line), "\r\n%s\r\n", want[i]);
		assert_non_null(strstr(page->text, line));
	}
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		assert_null(strcasestr(page->text, never[i]));
	snprintf(line, sizeof(line), "\r\nContent-Language: %s\r\n",
	    language_get(ask->language)->code);
	assert_non_null(strstr(page->text, line));
	assert_non_null(strstr(page->text,
	    "\r\nContent-Security-Policy: default-src 'none';"
	    " style-src 'sha256-"));
	assert_non_null(strstr(page->text, " base-uri 'none';"));
	check_frames(page, ask);
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
	each(check_headers);
}

static void
check_body(struct some_site_page *page, const struct answer_ask *ask)
{
	static const char *const want[] = {"<!DOCTYPE html>\n", "<title>",
	    "<main id=\"page-", "<h1>", "</h1>", "</main>", "</html>\n",
	    "rel=\"icon\" href=\"data:,\"",
	    "<noscript><style>#js{display:none}</style></noscript>",
	    "<p class=\"bad\" id=\"js\" data-text=\""};
	/* Nothing that runs, and nothing that is asked for from elsewhere. */
	static const char *const never[] = {"{{", "[[", "]]", "\001", "<script",
	    "<img", "javascript:", "href=\"http", "src=\"http", "@import",
	    "url(", " style=\"", " onclick", " onload", " onerror"};
	const struct language *l = language_get(ask->language);
	const char *body = page->text + page->head_len;
	char html[64];

	snprintf(html, sizeof(html), "<html lang=\"%s\" dir=\"%s\">", l->code,
	    l->rtl ? "rtl" : "ltr");
	assert_non_null(strstr(body, html));
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_non_null(strstr(body, want[i]));
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		assert_null(strcasestr(body, never[i]));
	assert_null(strstr(strstr(body, "<h1>") + 1, "<h1>"));
	assert_int_equal(
	    strstr(body, "<iframe") != NULL, ask->which == ANSWER_LARGE);
	assert_int_equal(
	    strstr(body, "<base target=\"_top\">") != NULL, ask->framed);
}

static void
every_page_stands_alone(void **state)
{
	(void)state;
	each(check_body);
}

static void
check_links(struct some_site_page *page, const struct answer_ask *ask)
{
	static const char *const attribute[] = {
	    " href=\"/", " action=\"/", " src=\"/"};
	const struct language *l = language_get(ask->language);
	char other[64], own[16];
	const char *p;

	snprintf(own, sizeof(own), "%s/",
	    ask->language == LANGUAGE_ENGLISH ? "" : l->code);
	for (size_t i = 0; i < 3; i++)
		for (p = page->text; (p = strstr(p, attribute[i])) != NULL;) {
			p += strlen(attribute[i]);
			if (ask->language == LANGUAGE_ENGLISH)
				continue;
			/* To the page's own language, or a link that says to
			 * which. */
			snprintf(other, sizeof(other), "%.*s",
			    (int)strcspn(p, ">"), p);
			assert_true(strncmp(p, own, strlen(own)) == 0 ||
			    strstr(other, "\" lang=\"") != NULL);
		}
}

static void
links_stay_in_the_language(void **state)
{
	(void)state;
	each(check_links);
}

static void
check_refusal(struct some_site_page *page, const struct answer_ask *ask)
{
	bool english = ask->language == LANGUAGE_ENGLISH;

	/* What happened is marked, and it says what became of the tip. */
	if (strncmp(page->text, "HTTP/1.1 200", 12) == 0)
		return;
	assert_non_null(strstr(page->text, "<p class=\"bad\">"));
	if (english)
		assert_non_null(strstr(page->text, "kept"));
	/* A refusal gives back what was written, and only a refusal. */
	assert_int_equal(strstr(page->text, "<textarea readonly") != NULL,
	    answers_refuses(ask->which));
}

static void
every_refusal_says_what_was_kept_and_gives_the_text_back(void **state)
{
	(void)state;
	each(check_refusal);
}

static void
a_failing_allocation_is_told(void **state)
{
	struct answer_site site = some_site();
	struct sample_misfit misfit;
	struct answers *a;
	enum status st;

	(void)state;
	FAULT_EACH(FAULT_ALLOC)
	{
		st = answers_new(&site, &a);
		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
		assert_int_equal(a == NULL, fault_fired());
		answers_free(a);
	}
	FAULT_EACH(FAULT_ALLOC)
	{
		st = sample_fits(&site, &misfit);
		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
	}
	some_site_forget(&site);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_answer_in_every_language_is_of_one_size),
	    cmocka_unit_test(every_answer_has_all_headers_and_no_other),
	    cmocka_unit_test(every_page_stands_alone),
	    cmocka_unit_test(links_stay_in_the_language),
	    cmocka_unit_test(
		every_refusal_says_what_was_kept_and_gives_the_text_back),
	    cmocka_unit_test(a_failing_allocation_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

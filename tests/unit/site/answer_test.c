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
#include "site/page_text.h"
#include "site/sample.h"
#include "tests/unit/fault.h"
#include "tests/unit/sample.h"

/* What the analysts' tool lets go must fit the page, and no room knows the
 * other. */
_Static_assert(REPLY_TEXT_ESCAPED_MAX == SITE_REPLY_ESCAPED_MAX,
    "an answer that was accepted is shown whole");

#define ONION "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypsaijc.onion"
#define KEYSET_LINE "epoch 1 2026-11-23T00:00:00Z 2026-11-30T00:00:00Z\n"

static char keyset[400 * sizeof(KEYSET_LINE)];

/* A site with all that pages can show. */
static struct answer_site
some_site(void)
{
	struct texts *t;

	assert_int_equal(texts_new(&t), ST_OK);
	assert_int_equal(
	    texts_set(&t->organisation, 0, "Example <&> Reward", 18), ST_OK);
	assert_int_equal(texts_set(&t->about, 0, "Who we are", 10), ST_OK);
	assert_int_equal(texts_set(&t->advice, 0, "Call first", 10), ST_OK);
	assert_int_equal(texts_add_topic(t, "lazarus", 7), ST_OK);
	assert_int_equal(texts_add_topic(t, "kimsuky", 7), ST_OK);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(
		    texts_set(&t->topic[i].title, 0, "A title", 7), ST_OK);
		assert_int_equal(
		    texts_set(&t->topic[i].reward, 0, "A reward", 8), ST_OK);
	}
	assert_int_equal(texts_add_question(t, "region", 6), ST_OK);
	assert_int_equal(texts_add_question(t, "how", 3), ST_OK);
	t->question[0].kind = TEXTS_CHOICE;
	t->question[1].kind = TEXTS_TEXT;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(
		    texts_set(&t->question[i].label, 0, "A question", 10),
		    ST_OK);
		assert_int_equal(
		    texts_set(&t->question[i].hint, 0, "A hint", 6), ST_OK);
		assert_int_equal(
		    texts_add_choice(&t->question[0], i == 0 ? "a" : "b", 1),
		    ST_OK);
		assert_int_equal(texts_set(&t->question[0].choice[i].label, 0,
				     "A choice", 8),
		    ST_OK);
	}
	for (size_t i = 0; i < 400; i++)
		memcpy(keyset + i * strlen(KEYSET_LINE), KEYSET_LINE,
		    strlen(KEYSET_LINE));
	return (struct answer_site){
	    .limits = {512 << 20, 262144, 32},
	    .onion = ONION,
	    .texts = t,
	    .keys = {.keyset = site_text_of(keyset),
		.keyset_sig = site_text_of("a signature"),
		.root_pub = site_text_of("a key"),
		.fingerprint = site_text_of("0123 4567")},
	};
}

static void
forget_site(struct answer_site *site)
{
	texts_free((struct texts *)(uintptr_t)site->texts);
}

struct page {
	char text[PAGE_TOTAL_LEN + 1];
	size_t head_len;
};

static void
get(const struct answers *a, const struct answer_ask *ask, struct page *page)
{
	memset(page->text, 'x', sizeof(page->text));
	assert_int_equal(
	    answers_write(a, ask, (uint8_t *)page->text, &page->head_len, NULL),
	    ST_OK);
	assert_int_equal(page->text[PAGE_TOTAL_LEN], 'x');
	page->text[PAGE_TOTAL_LEN] = '\0';
}

/* Every answer in every language, framed and not, empty and as long as it can
 * become. */
static void
each(void (*check)(struct page *page, const struct answer_ask *ask))
{
	static struct sample sample;
	static struct page page;
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
			get(a, &ask, &page);
			check(&page, &ask);
		}
	answers_free(a);
	forget_site(&site);
}

static void
check_size(struct page *page, const struct answer_ask *ask)
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
check_frames(const struct page *page, const struct answer_ask *ask)
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
check_headers(struct page *page, const struct answer_ask *ask)
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
check_body(struct page *page, const struct answer_ask *ask)
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
check_links(struct page *page, const struct answer_ask *ask)
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
check_refusal(struct page *page, const struct answer_ask *ask)
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

/* The English page of an answer of some site, with no visitor's words. */
static const char *
english(const struct answer_site *site, enum answer which)
{
	static struct page page;
	const struct answer_ask ask = {.which = which, .part = 1};
	struct answers *a;

	assert_int_equal(answers_new(site, &a), ST_OK);
	get(a, &ask, &page);
	answers_free(a);
	return page.text;
}

static void
limits_are_named_as_they_are_set(void **state)
{
	struct answer_site site = some_site();

	(void)state;
	assert_non_null(strstr(english(&site, ANSWER_FORM), "512 MiB"));
	assert_non_null(strstr(english(&site, ANSWER_FORM), "256 KiB"));
	assert_non_null(strstr(english(&site, ANSWER_FORM), "32 files"));
	assert_non_null(strstr(english(&site, ANSWER_TOO_LARGE), "512 MiB"));
	site.limits = (struct answer_limits){1536, 262144, 7};
	assert_non_null(strstr(english(&site, ANSWER_FORM), "1536 bytes"));
	assert_non_null(strstr(english(&site, ANSWER_FORM), "7 files"));
	forget_site(&site);
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
	    "name=\"no-reply\" value=\"1\"",
	    "<input type=\"hidden\" name=\"address\" value=\"http://" ONION
	    "\">",
	    "<select id=\"topic\" name=\"topic\">",
	    "<option value=\"lazarus\">A title</option>",
	    "<select id=\"q-region\" name=\"q-region\"",
	    "<option value=\"b\">A choice</option>",
	    "id=\"q-how\" name=\"q-how\"", "<button type=\"submit\">"};
	struct answer_site site = some_site();
	const char *page = english(&site, ANSWER_FORM);

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_non_null(strstr(page, want[i]));
	/* A button with a name would be sent, and refused. */
	assert_null(strstr(page, "<button name"));
	forget_site(&site);
}

static void
a_line_without_texts_and_onion_has_no_empty_places(void **state)
{
	static const char *const never[] = {"topic", "q-", "<select",
	    "name=\"address\"", "class=\"who\"", "<h2></h2>", "<p></p>",
	    ".onion\">"};
	struct answer_site site = some_site();

	(void)state;
	forget_site(&site);
	assert_int_equal(
	    texts_new((struct texts **)(uintptr_t)&site.texts), ST_OK);
	site.onion = "";
	for (int i = 0; i < ANSWER_COUNT; i++) {
		const char *page = english(&site, (enum answer)i);

		for (size_t n = 0; n < sizeof(never) / sizeof(never[0]); n++)
			assert_null(strstr(strstr(page, "<main"), never[n]));
	}
	forget_site(&site);
}

static void
the_operators_words_are_shown_escaped_and_marked_where_foreign(void **state)
{
	struct answer_site site = some_site();
	struct answers *a;
	struct page page;
	struct answer_ask ask = {.which = ANSWER_WELCOME, .part = 1};

	(void)state;
	ask.language = (size_t)language_find("ar", 2);
	assert_int_equal(answers_new(&site, &a), ST_OK);
	get(a, &ask, &page);
	assert_non_null(strstr(page.text,
	    "<span lang=\"en\" dir=\"ltr\">Example &lt;&amp;&gt; Reward"));
	ask.language = LANGUAGE_ENGLISH;
	get(a, &ask, &page);
	assert_non_null(
	    strstr(page.text, "<span>Example &lt;&amp;&gt; Reward</span>"));
	assert_non_null(strstr(page.text, "A reward"));
	answers_free(a);
	forget_site(&site);
}

static void
the_key_set_is_shown_whole_in_parts(void **state)
{
	struct answer_site site = some_site();
	struct answer_ask ask = {.part = 1};
	struct answers *a;
	struct page page;
	size_t at = 0, len;
	unsigned parts;

	(void)state;
	assert_int_equal(answers_new(&site, &a), ST_OK);
	parts = answers_key_parts(a);
	assert_int_equal(parts, 2);
	for (; ask.part <= parts; ask.part++) {
		const char *p, *end;

		ask.which = ask.part == 1 ? ANSWER_KEYS : ANSWER_KEYS_PART;
		get(a, &ask, &page);
		for (p = page.text; strstr(p, "<pre") != NULL;)
			p = strchr(strstr(p, "<pre"), '>') + 1;
		end = strstr(p, "</pre>");
		len = (size_t)(end - p);
		assert_memory_equal(p, keyset + at, len);
		assert_int_equal(p[len - 1], '\n');
		at += len;
		assert_int_equal(
		    strstr(end, "/keys/") != NULL, ask.part < parts);
	}
	assert_int_equal(at, strlen(keyset));
	answers_free(a);
	forget_site(&site);
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
	forget_site(&site);
}

static void
a_page_that_does_not_fit_is_named_and_written_nowhere(void **state)
{
	static char longest[TEXTS_WORDS_MAX];
	struct answer_site site = some_site();
	struct texts *t = (struct texts *)(uintptr_t)site.texts;
	struct sample_misfit misfit;
	uint8_t out[PAGE_TOTAL_LEN + 1];
	struct answers *a;
	struct answer_ask ask = {.which = ANSWER_WELCOME, .part = 1};
	size_t head_len, need;
	char id[8];

	(void)state;
	assert_int_equal(sample_fits(&site, &misfit), ST_OK);
	memset(longest, 'w', sizeof(longest));
	for (size_t i = 2; i < TEXTS_TOPICS_MAX; i++) {
		snprintf(id, sizeof(id), "t%zu", i);
		assert_int_equal(texts_add_topic(t, id, strlen(id)), ST_OK);
		assert_int_equal(
		    texts_set(&t->topic[i].text, 0, longest, sizeof(longest)),
		    ST_OK);
	}
	assert_int_equal(sample_fits(&site, &misfit), ST_LIMIT);
	assert_int_equal(misfit.which, ANSWER_WELCOME);
	assert_true(misfit.len > PAGE_TOTAL_LEN);
	assert_int_equal(answers_new(&site, &a), ST_OK);
	out[PAGE_TOTAL_LEN] = 'x';
	assert_int_equal(
	    answers_write(a, &ask, out, &head_len, &need), ST_LIMIT);
	assert_int_equal(out[PAGE_TOTAL_LEN], 'x');
	assert_true(need > 40000);
	answers_free(a);
	forget_site(&site);
}

/* Nor does it stand in a page that comes before the Host is known. */
static void
a_wrong_name_is_not_told_the_right_one(void **state)
{
	static const enum answer before[] = {ANSWER_WRONG_HOST,
	    ANSWER_MALFORMED, ANSWER_METHOD, ANSWER_LENGTH, ANSWER_EXPECT,
	    ANSWER_HEAD_LARGE, ANSWER_TYPE, ANSWER_BUSY_CIRCUIT,
	    ANSWER_TOO_SLOW, ANSWER_MAIL_SLOW};
	struct answer_site site = some_site();

	(void)state;
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		const char *page = english(&site, before[i]);

		assert_null(strstr(page, "aaaqeayeaudaocaj"));
		assert_null(strstr(page, "Example"));
	}
	assert_non_null(strstr(
	    english(&site, ANSWER_WELCOME), "value=\"http://" ONION "\">"));
	forget_site(&site);
}

static void
a_closed_line_says_when_it_opens(void **state)
{
	struct answer_site site = some_site();

	(void)state;
	assert_non_null(
	    strstr(english(&site, ANSWER_CLOSED), "in a day or two"));
	site.opens = 1796000000;
	assert_non_null(strstr(english(&site, ANSWER_CLOSED),
	    "on <bdi dir=\"ltr\">2026-11-30</bdi> (UTC)"));
	forget_site(&site);
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

static void
the_return_forms_post_what_the_receiver_takes(void **state)
{
	static const char *const want[] = {
	    ("<form method=\"post\" action=\"/return\""
	     " enctype=\"multipart/form-data\""),
	    "<textarea class=\"code\" id=\"code\" name=\"code\"",
	    "name=\"address\"", "<button type=\"submit\">"};
	struct answer_site site = some_site();
	const char *page = english(&site, ANSWER_RETURN);

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_non_null(strstr(page, want[i]));
	assert_non_null(
	    strstr(english(&site, ANSWER_WELCOME), "href=\"/return\""));
	forget_site(&site);
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
	    cmocka_unit_test(limits_are_named_as_they_are_set),
	    cmocka_unit_test(the_form_posts_what_the_receiver_takes),
	    cmocka_unit_test(
		a_line_without_texts_and_onion_has_no_empty_places),
	    cmocka_unit_test(
		the_operators_words_are_shown_escaped_and_marked_where_foreign),
	    cmocka_unit_test(the_key_set_is_shown_whole_in_parts),
	    cmocka_unit_test(
		a_page_that_does_not_fit_is_named_and_written_nowhere),
	    cmocka_unit_test(a_wrong_name_is_not_told_the_right_one),
	    cmocka_unit_test(a_closed_line_says_when_it_opens),
	    cmocka_unit_test(text_is_shown_and_does_nothing_else),
	    cmocka_unit_test(days_are_the_same_in_every_language),
	    cmocka_unit_test(the_return_forms_post_what_the_receiver_takes),
	    cmocka_unit_test(a_failing_allocation_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

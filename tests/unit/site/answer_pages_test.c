/*
 * What single answers show of a site: its limits, forms, words and keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "site/answer.h"
#include "site/language.h"
#include "site/sample.h"
#include "tests/unit/site/some_site.h"

/* The English page of an answer of some site, with no visitor's words. */
static const char *
english(const struct answer_site *site, enum answer which)
{
	static struct some_site_page page;
	const struct answer_ask ask = {.which = which, .part = 1};
	struct answers *a;

	assert_int_equal(answers_new(site, &a), ST_OK);
	some_site_get(a, &ask, &page);
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
	some_site_forget(&site);
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
	    "<input type=\"hidden\" name=\"address\" "
	    "value=\"http://" SOME_SITE_ONION "\">",
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
	some_site_forget(&site);
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
	some_site_forget(&site);
}

static void
a_line_without_texts_and_onion_has_no_empty_places(void **state)
{
	static const char *const never[] = {"topic", "q-", "<select",
	    "name=\"address\"", "class=\"who\"", "<h2></h2>", "<p></p>",
	    ".onion\">"};
	struct answer_site site = some_site();

	(void)state;
	some_site_forget(&site);
	assert_int_equal(
	    texts_new((struct texts **)(uintptr_t)&site.texts), ST_OK);
	site.onion = "";
	for (int i = 0; i < ANSWER_COUNT; i++) {
		const char *page = english(&site, (enum answer)i);

		for (size_t n = 0; n < sizeof(never) / sizeof(never[0]); n++)
			assert_null(strstr(strstr(page, "<main"), never[n]));
	}
	some_site_forget(&site);
}

static void
the_operators_words_are_shown_escaped_and_marked_where_foreign(void **state)
{
	struct answer_site site = some_site();
	struct answers *a;
	struct some_site_page page;
	struct answer_ask ask = {.which = ANSWER_WELCOME, .part = 1};

	(void)state;
	ask.language = (size_t)language_find("ar", 2);
	assert_int_equal(answers_new(&site, &a), ST_OK);
	some_site_get(a, &ask, &page);
	assert_non_null(strstr(page.text,
	    "<span lang=\"en\" dir=\"ltr\">Example &lt;&amp;&gt; Reward"));
	ask.language = LANGUAGE_ENGLISH;
	some_site_get(a, &ask, &page);
	assert_non_null(
	    strstr(page.text, "<span>Example &lt;&amp;&gt; Reward</span>"));
	assert_non_null(strstr(page.text, "A reward"));
	answers_free(a);
	some_site_forget(&site);
}

static void
the_key_set_is_shown_whole_in_parts(void **state)
{
	struct answer_site site = some_site();
	struct answer_ask ask = {.part = 1};
	struct answers *a;
	struct some_site_page page;
	size_t at = 0, len;
	unsigned parts;

	(void)state;
	assert_int_equal(answers_new(&site, &a), ST_OK);
	parts = answers_key_parts(a);
	assert_int_equal(parts, 2);
	for (; ask.part <= parts; ask.part++) {
		const char *p, *end;

		ask.which = ask.part == 1 ? ANSWER_KEYS : ANSWER_KEYS_PART;
		some_site_get(a, &ask, &page);
		for (p = page.text; strstr(p, "<pre") != NULL;)
			p = strchr(strstr(p, "<pre"), '>') + 1;
		end = strstr(p, "</pre>");
		len = (size_t)(end - p);
		assert_memory_equal(p, site.keys.keyset.p + at, len);
		assert_int_equal(p[len - 1], '\n');
		at += len;
		assert_int_equal(
		    strstr(end, "/keys/") != NULL, ask.part < parts);
	}
	assert_int_equal(at, site.keys.keyset.len);
	answers_free(a);
	some_site_forget(&site);
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
	some_site_forget(&site);
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
	assert_non_null(strstr(english(&site, ANSWER_WELCOME),
	    "value=\"http://" SOME_SITE_ONION "\">"));
	some_site_forget(&site);
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
	some_site_forget(&site);
}

/* tell() has room for so much: PIECE_MAX of conn_progress.c. */
static void
every_line_of_the_frame_fits_in_every_language(void **state)
{
	static const enum site_page pieces[] = {PIECE_PROGRESS_STEP,
	    PIECE_PROGRESS_STORED, PIECE_PROGRESS_WAIT, PIECE_PROGRESS_REFUSED};
	struct site_text fill[FILLS] = {{NULL, 0}};
	struct answer_site site = {.onion = ""};
	struct answers *answers;
	struct texts *texts;
	uint8_t out[1024];

	(void)state;
	assert_int_equal(texts_new(&texts), ST_OK);
	site.texts = texts;
	assert_int_equal(answers_new(&site, &answers), ST_OK);
	fill[FILL_PERCENT] = site_text_of("99");
	for (size_t l = 0; l < language_count(); l++)
		for (int which = 0; which < ANSWER_COUNT; which++) {
			struct answer_ask ask = {.which = (enum answer)which,
			    .language = l,
			    .fill = fill};

			for (size_t i = 0;
			     i < sizeof(pieces) / sizeof(pieces[0]); i++)
				assert_in_range(
				    answers_piece(answers, &ask, pieces[i], out,
					sizeof(out)),
				    20, sizeof(out));
		}
	answers_free(answers);
	texts_free(texts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(limits_are_named_as_they_are_set),
	    cmocka_unit_test(the_form_posts_what_the_receiver_takes),
	    cmocka_unit_test(the_return_forms_post_what_the_receiver_takes),
	    cmocka_unit_test(
		a_line_without_texts_and_onion_has_no_empty_places),
	    cmocka_unit_test(
		the_operators_words_are_shown_escaped_and_marked_where_foreign),
	    cmocka_unit_test(the_key_set_is_shown_whole_in_parts),
	    cmocka_unit_test(
		a_page_that_does_not_fit_is_named_and_written_nowhere),
	    cmocka_unit_test(a_wrong_name_is_not_told_the_right_one),
	    cmocka_unit_test(a_closed_line_says_when_it_opens),
	    cmocka_unit_test(every_line_of_the_frame_fits_in_every_language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

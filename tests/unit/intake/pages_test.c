/*
 * Pages that are asked for: languages, parts of the key set, and HEAD.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "crypto/keyset.h"
#include "site/answer.h"
#include "site/language.h"
#include "tests/unit/intake/visit.h"

#define TOKEN "00112233445566778899aabbccddeeff"

static struct stage stage;

static int
open_stage(void **state)
{
	struct control_config config = stage_config();

	(void)state;
	stage_open(&stage, &config);
	return 0;
}

static int
close_stage(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

static void
ask(const char *method, const char *target, struct heard *heard)
{
	char request[256];
	int fd = stage_visitor(&stage);

	snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: x\r\n\r\n",
	    method, target);
	assert_true(stage_say(&stage, fd, request, strlen(request)));
	stage_hear(&stage, fd, heard);
}

static void
assert_page(const char *target, int code, const char *page, const char *lang)
{
	char id[64], html[64];
	struct heard heard;

	ask("GET", target, &heard);
	snprintf(id, sizeof(id), "id=\"page-%s\"", page);
	snprintf(html, sizeof(html), "<html lang=\"%s\"", lang);
	assert_int_equal(heard.code, code);
	assert_int_equal(heard.text.len, PAGE_TOTAL_LEN);
	assert_true(visit_says(&heard, id));
	assert_true(visit_says(&heard, html));
	heard_free(&heard);
}

/* Only these languages are offered, by their codes. */
static void
offer(const char *const *codes, size_t count)
{
	struct texts *texts;

	assert_int_equal(texts_new(&texts), ST_OK);
	memset(texts->language_on, 0, sizeof(texts->language_on));
	for (size_t i = 0; i < count; i++)
		texts->language_on[language_find(codes[i], strlen(codes[i]))] =
		    true;
	stage_tell_texts(&stage, texts);
	texts_free(texts);
	stage_settle(&stage);
}

static void
every_page_is_there_in_every_language(void **state)
{
	static const char *const pages[][2] = {{"/", "welcome"},
	    {"/before", "before"}, {"/tip", "form"}, {"/large", "large"},
	    {"/return", "return"}};
	char target[64];

	(void)state;
	for (size_t l = 0; l < language_count(); l++) {
		const char *code = language_get(l)->code;

		for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
			snprintf(target, sizeof(target), "%s%s%s",
			    l == 0 ? "" : "/", l == 0 ? "" : code, pages[i][0]);
			assert_page(target, 200, pages[i][1], code);
		}
	}
}

static void
a_language_that_is_not_offered_has_no_pages(void **state)
{
	static const char *const on[] = {"en", "ko"};
	struct heard heard;
	struct bytes request = form_request("/ru/tip", "", visit_hello);

	(void)state;
	assert_page("/ru/tip", 200, "form", "ru");
	offer(on, 2);
	assert_page("/ru/tip", 404, "not_found", "en");
	assert_page("/ru", 404, "not_found", "en");
	assert_page("/ru/tip/" TOKEN, 404, "not_found", "en");
	assert_page("/ko/tip", 200, "form", "ko");
	assert_page("/tip", 200, "form", "en");
	assert_int_equal(stage_ask(&stage, request.p, request.len), 404);
	assert_int_equal(stage.opened, 0);
	/* Pages do not offer it either. */
	ask("GET", "/ko/", &heard);
	assert_true(visit_says(&heard, "href=\"/ko/\""));
	assert_false(visit_says(&heard, "href=\"/ru/\""));
	heard_free(&heard);
	bytes_free(&request);
}

/* The address in print has no language in it. */
static void
where_english_is_not_offered_its_paths_are_the_first_ones(void **state)
{
	static const char *const on[] = {"ru", "ko"};
	struct bytes request = form_request("/tip", "", visit_hello);

	(void)state;
	offer(on, 2);
	assert_page("/", 200, "welcome", "ko");
	assert_page("/tip", 200, "form", "ko");
	assert_page("/ko/tip", 200, "form", "ko");
	assert_page("/ru/tip", 200, "form", "ru");
	assert_page("/fr/tip", 404, "not_found", "ko");
	assert_page("/nothing", 404, "not_found", "ko");
	assert_page("/ru/nothing", 404, "not_found", "ru");
	assert_page("/tip x", 400, "malformed", "ko");
	assert_int_equal(stage_ask(&stage, request.p, request.len), 200);
	bytes_free(&request);
}

static void
a_head_request_gets_the_head_that_get_would(void **state)
{
	static const char *const targets[] = {"/", "/before", "/tip", "/large",
	    "/return", "/keys", "/ko/", "/ar/tip", "/nothing", "/tip/" TOKEN,
	    "/progress/" TOKEN, "/fa/progress/" TOKEN};

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct heard head, get;
		const char *end;

		ask("HEAD", targets[i], &head);
		if (strstr(targets[i], "progress") != NULL) {
			/* Its end is a minute away: the head is enough. */
			char request[128];
			int fd = stage_visitor(&stage);

			snprintf(request, sizeof(request),
			    "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", targets[i]);
			assert_true(
			    stage_say(&stage, fd, request, strlen(request)));
			stage_settle(&stage);
			stage_later(&stage, 61);
			stage_hear(&stage, fd, &get);
		} else {
			ask("GET", targets[i], &get);
		}
		assert_int_equal(get.text.len, PAGE_TOTAL_LEN);
		end = strstr((const char *)head.text.p, "\r\n\r\n");
		assert_non_null(end);
		assert_ptr_equal(end + 4, head.text.p + head.text.len);
		assert_memory_equal(head.text.p, get.text.p, head.text.len);
		heard_free(&head);
		heard_free(&get);
	}
}

/* A key set of so many lines of 100 bytes. */
static void
tell_keys(size_t lines)
{
	static char keyset[KEYSET_MAX + 1];
	const char *const text[CONTROL_KEYS_TEXTS] = {
	    keyset, "a signature\n", "a root key\n"};

	assert_true(lines * 100 < sizeof(keyset));
	memset(keyset, ' ', sizeof(keyset));
	for (size_t i = 0; i < lines; i++) {
		keyset[i * 100 +
		    snprintf(keyset + i * 100, 32, "line %06zu", i)] = ' ';
		keyset[i * 100 + 99] = '\n';
	}
	keyset[lines * 100] = '\0';
	stage_tell_keys_page(&stage, text);
	stage_settle(&stage);
}

static void
without_keys_there_is_a_page_that_says_so(void **state)
{
	(void)state;
	assert_page("/keys", 404, "keys_none", "en");
	assert_page("/ko/keys/2", 404, "keys_none", "ko");
}

static void
the_key_set_is_shown_whole_in_as_many_parts_as_it_takes(void **state)
{
	static const size_t lines[] = {1, 99, 100, 101, 299, 300, 301, 655};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		size_t next = 0;
		unsigned part = 1;
		bool more = true;

		tell_keys(lines[i]);
		for (; more; part++) {
			char target[32] = "/ko/keys", link[64], line[16];
			struct heard heard;

			if (part > 1)
				snprintf(target, sizeof(target), "/ko/keys/%u",
				    part);
			ask("GET", target, &heard);
			assert_int_equal(heard.code, 200);
			assert_int_equal(heard.text.len, PAGE_TOTAL_LEN);
			for (;; next++) {
				snprintf(
				    line, sizeof(line), "line %06zu", next);
				if (!visit_says(&heard, line))
					break;
				assert_int_equal(visit_times(&heard, line), 1);
			}
			/* None stands there out of its order. */
			assert_true(next <= lines[i]);
			snprintf(link, sizeof(link), "href=\"/ko/keys/%u\"",
			    part + 1);
			more = visit_says(&heard, link);
			assert_int_equal(more, next < lines[i]);
			heard_free(&heard);
		}
		assert_int_equal(next, lines[i]);
		/* Beyond the last there is nothing, in no language. */
		if (part > 1) {
			char target[32];

			snprintf(target, sizeof(target), "/keys/%u", part);
			assert_page(target, 404, "not_found", "en");
			assert_page("/ko/keys/99", 404, "not_found", "ko");
		}
	}
}

int
main(void)
{
#define STAGED(test)                                                           \
	cmocka_unit_test_setup_teardown(test, open_stage, close_stage)
	const struct CMUnitTest tests[] = {
	    STAGED(every_page_is_there_in_every_language),
	    STAGED(a_language_that_is_not_offered_has_no_pages),
	    STAGED(where_english_is_not_offered_its_paths_are_the_first_ones),
	    STAGED(a_head_request_gets_the_head_that_get_would),
	    STAGED(without_keys_there_is_a_page_that_says_so),
	    STAGED(the_key_set_is_shown_whole_in_as_many_parts_as_it_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

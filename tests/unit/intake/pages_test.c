/*
 * Pages that are asked for: languages, parts of the key set, and HEAD.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/keyset.h"
#include "site/language.h"
#include "tests/unit/intake/staged.h"
#include "tests/unit/intake/visit.h"

static void
assert_page(struct stage *s, const char *target, int code, const char *page,
    const char *lang)
{
	char id[64], html[64];
	struct heard heard;

	visit_get(s, target, &heard);
	snprintf(id, sizeof(id), "id=\"page-%s\"", page);
	snprintf(html, sizeof(html), "<html lang=\"%s\"", lang);
	assert_int_equal(heard.code, code);
	assert_true(visit_says(&heard, id));
	assert_true(visit_says(&heard, html));
	heard_free(&heard);
}

/* Only these languages are offered, by their codes. */
static void
offer(struct stage *s, const char *const *codes, size_t count)
{
	struct texts *texts;

	assert_int_equal(texts_new(&texts), ST_OK);
	memset(texts->language_on, 0, sizeof(texts->language_on));
	for (size_t i = 0; i < count; i++)
		texts->language_on[language_find(codes[i], strlen(codes[i]))] =
		    true;
	stage_tell_texts(s, texts);
	texts_free(texts);
	stage_settle(s);
}

static void
every_page_is_there_in_every_language(void **state)
{
	struct stage *s = *state;
	static const char *const pages[][2] = {{"/", "welcome"},
	    {"/before", "before"}, {"/tip", "form"}, {"/large", "large"},
	    {"/return", "return"}};
	char target[64];

	for (size_t l = 0; l < language_count(); l++) {
		const char *code = language_get(l)->code;

		for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
			snprintf(target, sizeof(target), "%s%s%s",
			    l == 0 ? "" : "/", l == 0 ? "" : code, pages[i][0]);
			assert_page(s, target, 200, pages[i][1], code);
		}
	}
}

static void
a_language_that_is_not_offered_has_no_pages(void **state)
{
	struct stage *s = *state;
	static const char *const on[] = {"en", "ko"};
	struct heard heard;
	struct bytes request = form_request("/ru/tip", "", visit_hello);

	assert_page(s, "/ru/tip", 200, "form", "ru");
	offer(s, on, 2);
	assert_page(s, "/ru/tip", 404, "not_found", "en");
	assert_page(s, "/ru", 404, "not_found", "en");
	assert_page(s, "/ru/tip/" VISIT_TOKEN, 404, "not_found", "en");
	assert_page(s, "/ko/tip", 200, "form", "ko");
	assert_page(s, "/tip", 200, "form", "en");
	assert_int_equal(stage_ask(s, request.p, request.len), 404);
	assert_int_equal(s->opened, 0);
	/* Pages do not offer it either. */
	visit_get(s, "/ko/", &heard);
	assert_true(visit_says(&heard, "href=\"/ko/\""));
	assert_false(visit_says(&heard, "href=\"/ru/\""));
	heard_free(&heard);
	bytes_free(&request);
}

/* The address in print has no language in it. */
static void
where_english_is_not_offered_its_paths_are_the_first_ones(void **state)
{
	struct stage *s = *state;
	static const char *const on[] = {"ru", "ko"};
	struct bytes request = form_request("/tip", "", visit_hello);

	offer(s, on, 2);
	assert_page(s, "/", 200, "welcome", "ko");
	assert_page(s, "/tip", 200, "form", "ko");
	assert_page(s, "/ko/tip", 200, "form", "ko");
	assert_page(s, "/ru/tip", 200, "form", "ru");
	assert_page(s, "/fr/tip", 404, "not_found", "ko");
	assert_page(s, "/nothing", 404, "not_found", "ko");
	assert_page(s, "/ru/nothing", 404, "not_found", "ru");
	assert_page(s, "/tip x", 400, "malformed", "ko");
	assert_int_equal(stage_ask(s, request.p, request.len), 200);
	bytes_free(&request);
}

static void
a_head_request_gets_the_head_that_get_would(void **state)
{
	struct stage *s = *state;
	static const char *const targets[] = {"/", "/before", "/tip", "/large",
	    "/return", "/keys", "/ko/", "/ar/tip", "/nothing",
	    "/tip/" VISIT_TOKEN, "/progress/" VISIT_TOKEN,
	    "/fa/progress/" VISIT_TOKEN};

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct heard head, get;
		const char *end;

		stage_hear(s, visit_begin(s, "HEAD", targets[i]), &head);
		if (strstr(targets[i], "progress") != NULL) {
			/* Its end is a minute away: the head is enough. */
			int fd = visit_begin(s, "GET", targets[i]);

			stage_settle(s);
			stage_later(s, 61);
			visit_hear(s, fd, &get);
		} else {
			visit_get(s, targets[i], &get);
		}
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
tell_keys(struct stage *s, size_t lines)
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
	stage_tell_keys_page(s, text);
	stage_settle(s);
}

static void
without_keys_there_is_a_page_that_says_so(void **state)
{
	struct stage *s = *state;
	assert_page(s, "/keys", 404, "keys_none", "en");
	assert_page(s, "/ko/keys/2", 404, "keys_none", "ko");
}

static void
the_key_set_is_shown_whole_in_as_many_parts_as_it_takes(void **state)
{
	struct stage *s = *state;
	static const size_t lines[] = {1, 99, 100, 101, 299, 300, 301, 655};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		size_t next = 0;
		unsigned part = 1;
		bool more = true;

		tell_keys(s, lines[i]);
		for (; more; part++) {
			char target[32] = "/ko/keys", link[64], line[16];
			struct heard heard;

			if (part > 1)
				snprintf(target, sizeof(target), "/ko/keys/%u",
				    part);
			visit_get(s, target, &heard);
			assert_int_equal(heard.code, 200);
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
			assert_page(s, target, 404, "not_found", "en");
			assert_page(s, "/ko/keys/99", 404, "not_found", "ko");
		}
	}
}

int
main(void)
{
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

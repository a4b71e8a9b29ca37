#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "intake/route.h"
#include "site/language.h"

#define TOKEN "00112233445566778899aabbccddeeff"

struct good {
	const char *target, *language;
	enum route_page page;
	unsigned part;
	bool token;
};

static const struct good good[] = {
    {"/", "en", ROUTE_WELCOME, 1, false},
    {"/before", "en", ROUTE_BEFORE, 1, false},
    {"/tip", "en", ROUTE_TIP, 1, false},
    {"/tip/" TOKEN, "en", ROUTE_TIP, 1, true},
    {"/large", "en", ROUTE_LARGE, 1, false},
    {"/progress/" TOKEN, "en", ROUTE_PROGRESS, 1, true},
    {"/return", "en", ROUTE_RETURN, 1, false},
    {"/keys", "en", ROUTE_KEYS, 1, false},
    {"/keys/2", "en", ROUTE_KEYS, 2, false},
    {"/keys/10", "en", ROUTE_KEYS, 10, false},
    {"/keys/99", "en", ROUTE_KEYS, ROUTE_PARTS_MAX, false},
    {"/ko", "ko", ROUTE_WELCOME, 1, false},
    {"/ko/", "ko", ROUTE_WELCOME, 1, false},
    {"/ko/before", "ko", ROUTE_BEFORE, 1, false},
    {"/ko/tip", "ko", ROUTE_TIP, 1, false},
    {"/ko/tip/" TOKEN, "ko", ROUTE_TIP, 1, true},
    {"/ko/large", "ko", ROUTE_LARGE, 1, false},
    {"/ko/progress/" TOKEN, "ko", ROUTE_PROGRESS, 1, true},
    {"/ko/return", "ko", ROUTE_RETURN, 1, false},
    {"/ko/keys/3", "ko", ROUTE_KEYS, 3, false},
    {"/ar", "ar", ROUTE_WELCOME, 1, false},
    {"/zh/keys", "zh", ROUTE_KEYS, 1, false},
    {"/fa/tip", "fa", ROUTE_TIP, 1, false},
};

/* No page, and the language in which that is told. */
static const struct {
	const char *target, *language;
} bad[] = {
    {"", "en"},
    {"tip", "en"},
    {"//", "en"},
    {"//tip", "en"},
    {"/tip/", "en"},
    {"/Tip", "en"},
    {"/tip?", "en"},
    {"/?x", "en"},
    {"/tip?language=ko", "en"},
    {"/tip#files", "en"},
    {"/%74ip", "en"},
    {"/tip/../tip", "en"},
    {"/./tip", "en"},
    {"/before/", "en"},
    {"/return/", "en"},
    {"/return/" TOKEN, "en"},
    {"/large/", "en"},
    {"/large/" TOKEN, "en"},
    {"/progress", "en"},
    {"/progress/", "en"},
    {"/progress/" TOKEN "0", "en"},
    {"/progress/" TOKEN "/", "en"},
    {"/tip/" TOKEN "/", "en"},
    {"/tip/" TOKEN "0", "en"},
    {"/tip/0011223344556677889900AABBCCDDEE", "en"},
    {"/tip/00112233445566778899AAbbccddeeff", "en"},
    {"/tip/0011223344556677889900aabbccddeg", "en"},
    {"/keys/", "en"},
    {"/keys/0", "en"},
    {"/keys/1", "en"},
    {"/keys/02", "en"},
    {"/keys/100", "en"},
    {"/keys/2/", "en"},
    {"/keys/+2", "en"},
    {"/keys/-2", "en"},
    {"/keys/ 2", "en"},
    {"/keys/2a", "en"},
    {"/keys/4294967298", "en"},
    {"/en", "en"},
    {"/en/", "en"},
    {"/en/tip", "en"},
    {"/KO/tip", "en"},
    {"/Ko", "en"},
    {"/ko.", "en"},
    {"/k/tip", "en"},
    {"/kor/tip", "en"},
    {"/xx/tip", "en"},
    {"xko/tip", "en"},
    {"ko/tip", "en"},
    {"http://ko/tip", "en"},
    {"*", "en"},
    {"/ko/ko/tip", "ko"},
    {"/ko/ar", "ko"},
    {"/ko/en/tip", "ko"},
    {"/ko//", "ko"},
    {"/ko//tip", "ko"},
    {"/ko/tip/", "ko"},
    {"/ko/tip?", "ko"},
    {"/ko/keys/1", "ko"},
    {"/ar/nothing", "ar"},
};

/* In a block of its own size, so that a byte too far is seen. */
static struct route
parsed(const char *target, size_t len)
{
	uint8_t *own = malloc(len > 0 ? len : 1);
	struct route route;

	memset(&route, 0xff, sizeof(route));
	assert_non_null(own);
	memcpy(own, target, len);
	route_parse(own, len, &route);
	free(own);
	return route;
}

static void
every_page_has_one_name_in_each_language(void **state)
{
	static const uint8_t token[ROUTE_TOKEN_LEN] = {0x00, 0x11, 0x22, 0x33,
	    0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee,
	    0xff};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const struct good *g = &good[i];
		struct route r = parsed(g->target, strlen(g->target));

		assert_int_equal(r.page, g->page);
		assert_string_equal(
		    language_get(r.language)->code, g->language);
		assert_int_equal(r.part, g->part);
		assert_int_equal(r.has_token, g->token);
		if (g->token)
			assert_memory_equal(r.token, token, sizeof(token));
	}
}

static void
every_language_but_english_is_the_first_part_of_its_paths(void **state)
{
	char target[32] = "/";

	(void)state;
	assert_true(language_count() > 1);
	for (size_t i = 1; i < language_count(); i++) {
		struct route r;

		strcpy(target + 1, language_get(i)->code);
		strcat(target, "/return");
		r = parsed(target, strlen(target));
		assert_int_equal(r.page, ROUTE_RETURN);
		assert_int_equal(r.language, i);
	}
}

static void
what_is_not_exactly_a_name_is_no_page(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct route r = parsed(bad[i].target, strlen(bad[i].target));

		if (r.page != ROUTE_NONE)
			fail_msg("%s is page %d", bad[i].target, (int)r.page);
		assert_string_equal(
		    language_get(r.language)->code, bad[i].language);
	}
}

static bool
is_good(const char *target, size_t len)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (strlen(good[i].target) == len &&
		    memcmp(good[i].target, target, len) == 0)
			return true;
	/* The only names that begin others and are not listed. */
	return (len == 7 && memcmp(target, "/keys/9", 7) == 0) ||
	    (len == 8 && memcmp(target, "/ko/keys", 8) == 0) ||
	    (len == 3 && target[0] == '/' && target[1] != 't' &&
		language_find(target + 1, 2) > LANGUAGE_ENGLISH) ||
	    (len == 4 && target[3] == '/' &&
		language_find(target + 1, 2) > LANGUAGE_ENGLISH);
}

static void
every_cut_of_a_name_is_another_name_or_no_page(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		for (size_t len = 0; len < strlen(good[i].target); len++) {
			struct route r = parsed(good[i].target, len);

			assert_int_equal(
			    r.page != ROUTE_NONE, is_good(good[i].target, len));
		}
}

static bool
same(const struct route *a, const struct route *b)
{
	return a->page == b->page && a->language == b->language &&
	    a->part == b->part &&
	    memcmp(a->token, b->token, sizeof(a->token)) == 0;
}

static void
no_other_byte_in_a_name_is_taken_for_it(void **state)
{
	char name[64];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		size_t len = strlen(good[i].target);
		struct route was = parsed(good[i].target, len);

		memcpy(name, good[i].target, len);
		for (size_t at = 0; at < len; at++) {
			for (int c = 0; c < 256; c++) {
				struct route r;

				if ((char)c == good[i].target[at])
					continue;
				name[at] = (char)c;
				r = parsed(name, len);
				/* Another token, part or language is another
				 * route; no other page differs by a byte. */
				if (r.page != ROUTE_NONE)
					assert_false(same(&r, &was));
			}
			name[at] = good[i].target[at];
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_page_has_one_name_in_each_language),
	    cmocka_unit_test(
		every_language_but_english_is_the_first_part_of_its_paths),
	    cmocka_unit_test(what_is_not_exactly_a_name_is_no_page),
	    cmocka_unit_test(every_cut_of_a_name_is_another_name_or_no_page),
	    cmocka_unit_test(no_other_byte_in_a_name_is_taken_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * An operator's words: how long they may be, which are shown, what is missing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "site/texts.h"
#include "tests/unit/site/some_texts.h"

static void
words_have_at_most_2000_bytes_and_ids_32(void **state)
{
	static char long_words[TEXTS_WORDS_MAX + 1];
	static const char id[] = "abcdefghijklmnopqrstuvwxyz012345-";
	struct texts_words words = {{NULL}};
	struct texts *t;

	(void)state;
	memset(long_words, 'x', sizeof(long_words));
	assert_null(texts_bad_words(long_words, TEXTS_WORDS_MAX));
	assert_non_null(texts_bad_words(long_words, TEXTS_WORDS_MAX + 1));
	assert_int_equal(texts_set(&words, 0, long_words, TEXTS_WORDS_MAX + 1),
	    ST_MALFORMED);
	assert_null(words.in[0]);
	assert_int_equal(texts_new(&t), ST_OK);
	assert_int_equal(texts_add_topic(t, id, 33), ST_MALFORMED);
	assert_int_equal(texts_add_topic(t, id, 32), ST_OK);
	assert_int_equal(texts_add_topic(t, id, 32), ST_EXISTS);
	assert_int_equal(texts_add_topic(t, "A", 1), ST_MALFORMED);
	assert_int_equal(texts_add_topic(t, "a\0", 2), ST_MALFORMED);
	assert_int_equal(texts_add_topic(t, "", 0), ST_MALFORMED);
	/* Questions have ids of their own. */
	assert_int_equal(texts_add_question(t, id, 32), ST_OK);
	assert_int_equal(texts_add_question(t, id, 32), ST_EXISTS);
	assert_int_equal(texts_find_topic(t, id, 32), 0);
	assert_int_equal(texts_find_topic(t, id, 31), -1);
	assert_int_equal(texts_find_question(t, id, 32), 0);
	assert_int_equal(texts_find_question(t, "x", 1), -1);
	assert_int_equal(texts_find_choice(&t->question[0], "x", 1), -1);
	texts_free(t);
}

static void
words_are_got_in_the_language_else_in_english_else_in_another(void **state)
{
	struct texts_words words = {{NULL}};
	size_t used;
	char ko[] = "ko", en[] = "en", ar[] = "ar";

	(void)state;
	assert_null(texts_get(&words, some_texts_code("ko"), &used));
	words.in[some_texts_code("ko")] = ko;
	assert_string_equal(
	    texts_get(&words, some_texts_code("ru"), &used), "ko");
	assert_int_equal(used, some_texts_code("ko"));
	words.in[some_texts_code("ar")] = ar;
	assert_string_equal(
	    texts_get(&words, some_texts_code("ru"), &used), "ar");
	words.in[LANGUAGE_ENGLISH] = en;
	assert_string_equal(
	    texts_get(&words, some_texts_code("ru"), &used), "en");
	assert_int_equal(used, LANGUAGE_ENGLISH);
	assert_string_equal(
	    texts_get(&words, some_texts_code("ko"), &used), "ko");
	assert_int_equal(used, some_texts_code("ko"));
}

static void
what_is_missing_is_named(void **state)
{
	struct texts *t = some_texts();
	char names[400];
	size_t all;
	bool english;

	(void)state;
	assert_int_equal(texts_missing(t, some_texts_code("ko"), &all, &english,
			     names, sizeof(names)),
	    7);
	assert_int_equal(all, 11);
	assert_false(english);
	assert_string_equal(names,
	    "about, topic one title, topic one reward, topic two-2 title,"
	    " question one label, question one choice a, question two label");
	assert_int_equal(texts_missing(t, some_texts_code("en"), &all, &english,
			     names, sizeof(names)),
	    3);
	assert_string_equal(
	    names, "about, topic two-2 title, question one hint");
	some_texts_set(&t->about, "en", "about");
	some_texts_set(&t->topic[1].title, "en", "Two");
	assert_int_equal(texts_missing(t, some_texts_code("ko"), &all, &english,
			     names, sizeof(names)),
	    7);
	assert_true(english);
	/* With less room there are dots, and never more than the room. */
	for (size_t size = 1; size < 150; size++) {
		memset(names, 'x', sizeof(names));
		(void)texts_missing(
		    t, some_texts_code("ko"), &all, &english, names, size);
		assert_true(memchr(names, '\0', size) != NULL);
		assert_int_equal(names[size], 'x');
		if (size >= 16 && size < 120)
			assert_non_null(strstr(names, ", ..."));
	}
	texts_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_have_at_most_2000_bytes_and_ids_32),
	    cmocka_unit_test(
		words_are_got_in_the_language_else_in_english_else_in_another),
	    cmocka_unit_test(what_is_missing_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

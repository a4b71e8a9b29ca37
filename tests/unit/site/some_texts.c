#include "tests/unit/site/some_texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define KOREAN "\xed\x95\x9c\xea\xb5\xad\xec\x96\xb4"

size_t
some_texts_code(const char *text)
{
	const int found = language_find(text, strlen(text));

	assert_true(found >= 0);
	return (size_t)found;
}

void
some_texts_set(
    struct texts_words *words, const char *language, const char *text)
{
	assert_int_equal(
	    texts_set(words, some_texts_code(language), text, strlen(text)),
	    ST_OK);
}

void
some_texts_add_choice(
    struct texts_question *q, const char *id, const char *label)
{
	assert_int_equal(texts_add_choice(q, id, strlen(id)), ST_OK);
	some_texts_set(&q->choice[q->choices - 1].label, "en", label);
}

struct texts *
some_texts(void)
{
	struct texts_question *q;
	struct texts *t;

	assert_int_equal(texts_new(&t), ST_OK);
	memset(t->language_on, 0, sizeof(t->language_on));
	t->language_on[some_texts_code("en")] =
	    t->language_on[some_texts_code("ko")] = true;
	some_texts_set(&t->organisation, "en", "Example & <b>");
	some_texts_set(&t->organisation, "ko", KOREAN);
	some_texts_set(&t->about, "zh", "a\nb");
	assert_int_equal(texts_add_topic(t, "one", 3), ST_OK);
	some_texts_set(&t->topic[0].title, "en", "One");
	some_texts_set(&t->topic[0].text, "en", "text");
	some_texts_set(&t->topic[0].text, "ko", KOREAN);
	some_texts_set(&t->topic[0].reward, "en", "much");
	assert_int_equal(texts_add_topic(t, "two-2", 5), ST_OK);
	some_texts_set(&t->topic[1].title, "fa", "Two");
	assert_int_equal(texts_add_question(t, "one", 3), ST_OK);
	q = &t->question[0];
	q->kind = TEXTS_CHOICE;
	some_texts_set(&q->label, "en", "Which?");
	some_texts_set(&q->hint, "ko", KOREAN);
	some_texts_add_choice(q, "a", "A");
	some_texts_add_choice(q, "b", "B");
	some_texts_set(&q->choice[1].label, "ko", KOREAN);
	assert_int_equal(texts_add_question(t, "two", 3), ST_OK);
	t->question[1].kind = TEXTS_TEXT;
	some_texts_set(&t->question[1].label, "en", "What?");
	return t;
}

/*
 * An operator's texts, and their form as bytes: one texts, one form.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "site/texts.h"
#include "tests/unit/fault.h"
#include "tests/unit/site/some_texts.h"

#define MAGIC "tipline-texts-000001"

static struct bytes
write_texts(const struct texts *t)
{
	struct bytes b = BYTES_INIT(TEXTS_BYTES_MAX);

	assert_int_equal(texts_write(t, &b), ST_OK);
	return b;
}

static void
assert_same_words(const struct texts_words *a, const struct texts_words *b)
{
	for (size_t i = 0; i < LANGUAGE_MAX; i++) {
		assert_int_equal(a->in[i] == NULL, b->in[i] == NULL);
		if (a->in[i] != NULL)
			assert_string_equal(a->in[i], b->in[i]);
	}
}

static void
assert_same(const struct texts *a, const struct texts *b)
{
	assert_memory_equal(
	    a->language_on, b->language_on, sizeof(a->language_on));
	assert_same_words(&a->organisation, &b->organisation);
	assert_same_words(&a->about, &b->about);
	assert_same_words(&a->advice, &b->advice);
	assert_int_equal(a->topics, b->topics);
	for (size_t i = 0; i < a->topics; i++) {
		assert_string_equal(a->topic[i].id, b->topic[i].id);
		assert_same_words(&a->topic[i].title, &b->topic[i].title);
		assert_same_words(&a->topic[i].text, &b->topic[i].text);
		assert_same_words(&a->topic[i].reward, &b->topic[i].reward);
	}
	assert_int_equal(a->questions, b->questions);
	for (size_t i = 0; i < a->questions; i++) {
		const struct texts_question *p = &a->question[i];
		const struct texts_question *q = &b->question[i];

		assert_string_equal(p->id, q->id);
		assert_int_equal(p->kind, q->kind);
		assert_same_words(&p->label, &q->label);
		assert_same_words(&p->hint, &q->hint);
		assert_int_equal(p->choices, q->choices);
		for (size_t k = 0; k < p->choices; k++) {
			assert_string_equal(p->choice[k].id, q->choice[k].id);
			assert_same_words(
			    &p->choice[k].label, &q->choice[k].label);
		}
	}
}

static void
texts_come_back_as_they_were_written(void **state)
{
	struct texts *in[2], *out;

	(void)state;
	in[0] = some_texts();
	assert_int_equal(texts_new(&in[1]), ST_OK); /* neutral */
	for (size_t i = 0; i < 2; i++) {
		struct bytes b = write_texts(in[i]);

		assert_int_equal(texts_parse(b.p, b.len, &out), ST_OK);
		assert_same(in[i], out);
		texts_free(out);
		bytes_free(&b);
		texts_free(in[i]);
	}
}

static void
the_most_there_may_be_comes_back_too(void **state)
{
	static char words[TEXTS_WORDS_MAX + 1];
	char id[TEXTS_ID_MAX + 1];
	struct texts *t, *out;
	struct bytes b;

	(void)state;
	memset(words, 'w', TEXTS_WORDS_MAX);
	assert_int_equal(texts_new(&t), ST_OK);
	for (int i = 0; i < TEXTS_TOPICS_MAX; i++) {
		snprintf(id, sizeof(id), "%0*d", TEXTS_ID_MAX, i);
		assert_int_equal(texts_add_topic(t, id, TEXTS_ID_MAX), ST_OK);
		some_texts_set(&t->topic[i].title, "en", words);
		some_texts_set(&t->topic[i].text, "ru", words);
	}
	assert_int_equal(texts_add_topic(t, "x", 1), ST_LIMIT);
	for (int i = 0; i < TEXTS_QUESTIONS_MAX; i++) {
		struct texts_question *q = &t->question[i];

		snprintf(id, sizeof(id), "%d", i);
		assert_int_equal(texts_add_question(t, id, strlen(id)), ST_OK);
		q->kind = TEXTS_CHOICE;
		some_texts_set(&q->label, "es", "?");
		for (int k = 0; k < TEXTS_CHOICES_MAX; k++) {
			snprintf(id, sizeof(id), "%d", k);
			some_texts_add_choice(q, id, "!");
		}
		assert_int_equal(texts_add_choice(q, "x", 1), ST_LIMIT);
	}
	assert_int_equal(texts_add_question(t, "x", 1), ST_LIMIT);
	b = write_texts(t);
	assert_int_equal(texts_parse(b.p, b.len, &out), ST_OK);
	assert_same(t, out);
	texts_free(out);
	bytes_free(&b);
	/* More than the bytes may be is not written. */
	for (size_t i = 0; i < TEXTS_TOPICS_MAX; i++)
		for (size_t l = 0; l < language_count(); l++)
			if (t->topic[i].reward.in[l] == NULL)
				assert_int_equal(texts_set(&t->topic[i].reward,
						     l, words, TEXTS_WORDS_MAX),
				    ST_OK);
	b = BYTES_INIT(TEXTS_BYTES_MAX);
	assert_int_equal(texts_write(t, &b), ST_LIMIT);
	bytes_free(&b);
	texts_free(t);
}

/* What is taken is written again byte for byte, so nothing that means one
 * thing to us can look like another. */
static bool
taken_as_it_is(const uint8_t *p, size_t len)
{
	struct texts *t;
	struct bytes again;
	enum status st = texts_parse(p, len, &t);

	if (st != ST_OK) {
		assert_int_equal(st, ST_MALFORMED);
		assert_null(t);
		return false;
	}
	again = write_texts(t);
	assert_int_equal(again.len, len);
	assert_memory_equal(again.p, p, len);
	bytes_free(&again);
	texts_free(t);
	return true;
}

static void
every_mutant_is_refused_or_is_the_one_form_of_something_else(void **state)
{
	struct texts *t = some_texts();
	struct bytes b = write_texts(t);
	unsigned refused = 0, taken = 0;

	(void)state;
	assert_true(taken_as_it_is(b.p, b.len));
	for (size_t at = 0; at < b.len; at++) {
		const uint8_t right = b.p[at];

		for (unsigned other = 0; other < 256; other++) {
			if (other == right)
				continue;
			b.p[at] = (uint8_t)other;
			if (taken_as_it_is(b.p, b.len))
				taken++;
			else
				refused++;
		}
		b.p[at] = right;
	}
	/* Some letters may be others; whatever holds it together may not. */
	assert_true(taken > 100);
	assert_true(refused > taken);
	bytes_free(&b);
	texts_free(t);
}

/* A cut at the end of a record may be a shorter texts; any other is none. */
static void
every_cut_is_refused_or_is_a_whole_shorter_one(void **state)
{
	struct texts *t = some_texts();
	struct bytes b = write_texts(t);
	unsigned taken = 0;

	(void)state;
	for (size_t cut = 0; cut < b.len; cut++) {
		uint8_t *exact = test_malloc(cut + 1);

		memcpy(exact, b.p, cut);
		if (taken_as_it_is(exact, cut))
			taken++;
		test_free(exact);
	}
	assert_in_range(taken, 5, 25);
	assert_int_equal(bytes_append(&b, "", 1), ST_OK);
	assert_false(taken_as_it_is(b.p, b.len));
	bytes_free(&b);
	texts_free(t);
}

#define EN "\1\2\0en"
#define KO "\1\2\0ko"
#define TOPIC "\5\1\0t"
#define TITLE "\6\4\0\2enT"
#define QUESTION "\x9\2\0\1q"
#define CHOOSE "\x9\2\0\2q"
#define LABEL "\xa\4\0\2enL"
#define CHOICE "\xc\1\0a\xd\4\0\2enA"
#define CHOICE_B "\xc\1\0b\xd\4\0\2enB"

static const struct {
	const char *what, *p;
	size_t len;
	bool good;
} table[] = {
#define T(what, good, text)                                                    \
	{                                                                      \
		what, MAGIC text, sizeof(MAGIC text) - 1, good                 \
	}
    T("a language", true, EN),
    T("two", true, EN KO),
    T("none", false, ""),
    T("in another order", false, KO EN),
    T("twice", false, EN EN),
    T("an unknown one", false, EN "\1\2\0xx"),
    T("an empty one", false, EN "\1\0\0"),
    T("languages behind texts", false, "\2\4\0\2enN" EN),
    T("a name", true, EN "\2\4\0\2enN"),
    T("in a language that is not offered", true, EN "\2\4\0\2koN"),
    T("in an unknown language", false, EN "\2\4\0\2xxN"),
    T("in no language", false, EN "\2\2\0\0N"),
    T("with no word", false, EN "\2\3\0\2en"),
    T("shorter than its code", false, EN "\2\2\0\2e"),
    T("with nothing in it", false, EN "\2\0\0"),
    T("twice", false, EN "\2\4\0\2enN\2\4\0\2enN"),
    T("in two languages", true, EN "\2\4\0\2enN\2\4\0\2koN"),
    T("in another order", false, EN "\2\4\0\2koN\2\4\0\2enN"),
    T("advice before about", false, EN "\4\4\0\2enN\3\4\0\2enN"),
    T("LF", true, EN "\2\4\0\2en\n"),
    T("a tab", false, EN "\2\4\0\2en\t"),
    T("NUL", false, EN "\2\4\0\2en\0"),
    T("DEL", false, EN "\2\4\0\2en\x7f"),
    T("U+0085", false, EN "\2\5\0\2en\xc2\x85"),
    T("U+00A0", true, EN "\2\5\0\2en\xc2\xa0"),
    T("U+202E", false, EN "\2\6\0\2en\xe2\x80\xae"),
    T("U+2066", false, EN "\2\6\0\2en\xe2\x81\xa6"),
    T("U+200C", true, EN "\2\6\0\2en\xe2\x80\x8c"),
    T("a surrogate", false, EN "\2\6\0\2en\xed\xa0\x80"),
    T("overlong", false, EN "\2\5\0\2en\xc0\xaf"),
    T("a cut character", false, EN "\2\4\0\2en\xed"),
    T("beyond U+10FFFF", false, EN "\2\7\0\2en\xf4\x90\x80\x80"),
    T("the last character", true, EN "\2\7\0\2en\xf4\x8f\xbf\xbf"),
    T("a topic", true, EN TOPIC TITLE),
    T("without a title", false, EN TOPIC),
    T("a title without a topic", false, EN TITLE),
    T("twice the same", false, EN TOPIC TITLE TOPIC TITLE),
    T("a topic with a bad id", false, EN "\5\1\0T" TITLE),
    T("a topic without an id", false, EN "\5\0\0" TITLE),
    T("reward before text", false, EN TOPIC TITLE "\x8\4\0\2enR\7\4\0\2enX"),
    T("text before reward", true, EN TOPIC TITLE "\7\4\0\2enX\x8\4\0\2enR"),
    T("a question", true, EN QUESTION LABEL),
    T("without a label", false, EN QUESTION),
    T("of no kind", false, EN "\x9\2\0\0q" LABEL),
    T("of a third kind", false, EN "\x9\2\0\3q" LABEL),
    T("without kind and id", false, EN "\x9\0\0" LABEL),
    T("of text with choices", false, EN QUESTION LABEL CHOICE CHOICE_B),
    T("of choice", true, EN CHOOSE LABEL CHOICE CHOICE_B),
    T("of choice with one", false, EN CHOOSE LABEL CHOICE),
    T("of choice with one twice", false, EN CHOOSE LABEL CHOICE CHOICE),
    T("with a choice without words", false, EN CHOOSE LABEL CHOICE "\xc\1\0b"),
    T("with words before a choice", false,
	EN CHOOSE LABEL "\xd\4\0\2enA" CHOICE CHOICE_B),
    T("choices of none", false, EN CHOICE CHOICE_B),
    T("a question before a topic", false, EN QUESTION LABEL TOPIC TITLE),
    T("an unknown record", false, EN "\x0e\0\0"),
    T("record 0", false, EN "\0\0\0"),
    T("a length beyond the end", false, EN "\2\5\0\2enN"),
    T("half a head", false, EN "\2\5"),
#undef T
};

static void
what_is_right_is_taken_and_nothing_else(void **state)
{
	static uint8_t large[TEXTS_BYTES_MAX + 1] = MAGIC EN;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (taken_as_it_is((const uint8_t *)table[i].p, table[i].len) !=
		    table[i].good)
			fail_msg("%zu: %s", i, table[i].what);
	assert_false(taken_as_it_is((const uint8_t *)"", 0));
	assert_false(
	    taken_as_it_is((const uint8_t *)"tipline-texts-000002" EN, 25));
	assert_false(taken_as_it_is(large, sizeof(large)));
}

static void
without_memory_nothing_is_left(void **state)
{
	struct texts *t = some_texts(), *out;
	struct bytes b = write_texts(t);

	(void)state;
	FAULT_EACH(FAULT_ALLOC)
	{
		enum status st = texts_parse(b.p, b.len, &out);

		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
		assert_int_equal(out == NULL, fault_fired());
		texts_free(out);
	}
	FAULT_EACH(FAULT_ALLOC)
	{
		struct bytes again = BYTES_INIT(TEXTS_BYTES_MAX);
		enum status st = texts_write(t, &again);

		fault_off();
		assert_int_equal(st, fault_fired() ? ST_NOMEM : ST_OK);
		bytes_free(&again);
	}
	bytes_free(&b);
	texts_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(texts_come_back_as_they_were_written),
	    cmocka_unit_test(the_most_there_may_be_comes_back_too),
	    cmocka_unit_test(
		every_mutant_is_refused_or_is_the_one_form_of_something_else),
	    cmocka_unit_test(every_cut_is_refused_or_is_a_whole_shorter_one),
	    cmocka_unit_test(what_is_right_is_taken_and_nothing_else),
	    cmocka_unit_test(without_memory_nothing_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

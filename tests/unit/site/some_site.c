#include "tests/unit/site/some_site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define KEYSET_LINE "epoch 1 2026-11-23T00:00:00Z 2026-11-30T00:00:00Z\n"

static char keyset[400 * sizeof(KEYSET_LINE)];

struct answer_site
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
	    .onion = SOME_SITE_ONION,
	    .texts = t,
	    .keys = {.keyset = site_text_of(keyset),
		.keyset_sig = site_text_of("a signature"),
		.root_pub = site_text_of("a key"),
		.fingerprint = site_text_of("0123 4567")},
	};
}

void
some_site_forget(struct answer_site *site)
{
	texts_free((struct texts *)(uintptr_t)site->texts);
}

void
some_site_get(const struct answers *a, const struct answer_ask *ask,
    struct some_site_page *page)
{
	memset(page->text, 'x', sizeof(page->text));
	assert_int_equal(
	    answers_write(a, ask, (uint8_t *)page->text, &page->head_len, NULL),
	    ST_OK);
	assert_int_equal(page->text[PAGE_TOTAL_LEN], 'x');
	page->text[PAGE_TOTAL_LEN] = '\0';
}

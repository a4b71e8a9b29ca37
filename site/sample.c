#include "site/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "site/language.h"
#include "site/words.h"

/* Any twelve words, and the longest of their list. */
static const uint16_t any[] = {
    107, 1903, 450, 12, 1500, 777, 2047, 301, 999, 1234, 58, 640};

static const char *
longest_word(enum words_list list)
{
	const char *best = words_text(list, 0), *word;

	for (uint16_t i = 1; i < WORDS_COUNT; i++)
		if (strlen(word = words_text(list, i)) > strlen(best))
			best = word;
	return best;
}

static void
fill_words(size_t language, bool longest, struct site_text fill[static FILLS])
{
	int found = words_list_find(language_get(language)->words);
	enum words_list list =
	    found < 0 ? WORDS_ENGLISH : (enum words_list)found;

	for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++)
		fill[FILL_WORD + i] = site_text_of(
		    longest ? longest_word(list) : words_text(list, any[i]));
	fill[FILL_WORDS_LANG] = site_text_of(
	    language_get(list == WORDS_ENGLISH ? LANGUAGE_ENGLISH : language)
		->code);
}

static void
fill_longest(struct sample *sample, struct site_text fill[static FILLS])
{
	struct site_text all = {
	    (const unsigned char *)sample->longest, sizeof(sample->longest)};

	memset(sample->longest, '&', sizeof(sample->longest));
	/* It is in English words, which are eight letters at most. */
	fill[FILL_CODE] = (struct site_text){all.p, 12 * 9 - 1};
	fill[FILL_TYPED] = fill[FILL_REPLY] = fill[FILL_TEXT] = all;
	fill[FILL_NO_NEWER] = fill[FILL_NO_OLDER] = site_text_of(" hidden");
}

void
sample_fill(struct sample *sample, size_t language, bool longest,
    struct site_text fill[static FILLS])
{
	size_t at = 0;

	memset(fill, 0, FILLS * sizeof(*fill));
	memset(sample, 0, sizeof(*sample));
	fill_words(language, longest, fill);
	for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++) {
		const char *word = words_text(WORDS_ENGLISH, any[i]);

		memcpy(sample->code + at, word, strlen(word));
		at += strlen(word);
		sample->code[at++] = ' ';
	}
	fill[FILL_CODE] =
	    (struct site_text){(const unsigned char *)sample->code, at - 1};
	fill[FILL_TYPED] = fill[FILL_CODE];
	fill[FILL_NUMBER] = site_text_of("5");
	fill[FILL_REPLY] = site_text_of(
	    "Thank you.\n\nWhich of the two names is on the second "
	    "page?\n");
	fill[FILL_DAY] = site_text_of("2026-09-30");
	fill[FILL_PLACE] = site_text_of("2");
	fill[FILL_COUNT] = site_text_of("3");
	fill[FILL_ID] = site_text_of("0123456789abcdef");
	fill[FILL_NEWER] = site_text_of("0");
	fill[FILL_OLDER] = site_text_of("2");
	fill[FILL_TEXT] =
	    site_text_of("They meet on Tuesdays.\r\n\r\nThe second name is on "
			 "page 4.");
	fill[FILL_TOKEN] = site_text_of("0123456789abcdef0123456789abcdef");
	fill[FILL_PERCENT] = site_text_of("42");
	if (longest)
		fill_longest(sample, fill);
}

struct answer_ask
sample_ask(enum answer which, size_t language,
    const struct site_text fill[static FILLS])
{
	bool faulty = which == ANSWER_BAD_WORDS || which == ANSWER_BAD_CODE;

	return (struct answer_ask){.which = which,
	    .language = language,
	    .part = which == ANSWER_KEYS_PART ? 2 : 1,
	    .fault = faulty ? PIECE_FAULT_SUM : (enum site_page)0,
	    .fill = fill};
}

static void
measure(const struct answers *answers, struct answer_ask *ask, uint8_t *out,
    struct sample_misfit *worst)
{
	size_t head_len, need;

	/* In a frame some are 80 bytes longer; none of those has a word of the
	 * operator's, and a test holds them to the one size. */
	if (answers_write(answers, ask, out, &head_len, &need) != ST_OK &&
	    need > worst->len)
		*worst =
		    (struct sample_misfit){ask->which, ask->language, need};
}

void
sample_misfit_tell(
    const struct sample_misfit *misfit, char why[static SAMPLE_WHY_LEN])
{
	enum site_page page = answers_page(misfit->which);
	struct site_text text = site_page(page, LANGUAGE_ENGLISH);
	const unsigned char *end = memchr(text.p, '\n', text.len);

	snprintf(why, SAMPLE_WHY_LEN,
	    "the page %s (%.*s) takes up to %zu bytes in the language %s, and"
	    " every page has %d: make it shorter by %zu: shorten the texts of"
	    " topics and questions, about or advice, or have fewer topics",
	    site_stem(page),
	    (int)(end == NULL ? text.len : (size_t)(end - text.p)),
	    (const char *)text.p, misfit->len,
	    language_get(misfit->language)->code, PAGE_TOTAL_LEN,
	    misfit->len - PAGE_TOTAL_LEN);
}

enum status
sample_fits(const struct answer_site *site, struct sample_misfit *misfit)
{
	struct sample *sample = malloc(sizeof(*sample));
	uint8_t *out = malloc(PAGE_TOTAL_LEN);
	struct answers *answers = NULL;
	struct site_text fill[FILLS];
	struct answer_ask ask;
	enum status st = ST_NOMEM;

	*misfit = (struct sample_misfit){.len = 0};
	if (sample == NULL || out == NULL ||
	    (st = answers_new(site, &answers)) != ST_OK)
		goto out;
	for (size_t l = 0; l < language_count(); l++) {
		if (!site->texts->language_on[l])
			continue;
		sample_fill(sample, l, true, fill);
		for (int i = 0; i < ANSWER_COUNT; i++) {
			ask = sample_ask((enum answer)i, l, fill);
			if (!answers_refuses(ask.which))
				fill[FILL_TEXT].len = 0;
			measure(answers, &ask, out, misfit);
			fill[FILL_TEXT].len = sizeof(sample->longest);
		}
	}
	st = misfit->len > 0 ? ST_LIMIT : ST_OK;
out:
	answers_free(answers);
	free(sample);
	free(out);
	return st;
}

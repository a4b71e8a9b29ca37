/*
 * What stands in pages of the operator's texts.  Where a text is not there in
 * the page's language, another is shown and marked as such: screen readers
 * then read it in that language, and its direction is right.
 */
#include <string.h>

#include "site/answer_parts.h"
#include "site/language.h"

static void
put_escaped(struct answer_writer *w, const char *s)
{
	answer_put_escaped(w, s, strlen(s), PAGE_TOTAL_LEN);
}

/* Words of the operator; *used is the language they are in, "" if none. */
static const char *
get(const struct answer_writer *w, const struct texts_words *words,
    size_t *used)
{
	const char *s = texts_get(words, w->ask->language, used);

	return s != NULL ? s : "";
}

static void
put_lang(struct answer_writer *w, size_t used)
{
	const struct language *l = language_get(used);

	if (used == w->ask->language)
		return;
	answer_puts(w, " lang=\"");
	answer_puts(w, l->code);
	answer_puts(w, l->rtl ? "\" dir=\"rtl\"" : "\" dir=\"ltr\"");
}

/* <element more>words</element> */
static void
put_element(struct answer_writer *w, const char *element, const char *more,
    const struct texts_words *words)
{
	size_t used = w->ask->language;
	const char *s = get(w, words, &used);

	answer_puts(w, "<");
	answer_puts(w, element);
	answer_puts(w, more);
	put_lang(w, used);
	answer_puts(w, ">");
	put_escaped(w, s);
	answer_puts(w, "</");
	answer_puts(w, element);
	answer_puts(w, ">");
}

static bool
has(const struct answer_writer *w, const struct texts_words *words)
{
	size_t used;

	return texts_get(words, w->ask->language, &used) != NULL;
}

static void
put_option(
    struct answer_writer *w, const char *id, const struct texts_words *words)
{
	size_t used = w->ask->language;
	const char *s = get(w, words, &used);

	answer_puts(w, "<option value=\"");
	answer_puts(w, id);
	answer_puts(w, "\"");
	put_lang(w, used);
	answer_puts(w, ">");
	put_escaped(w, s);
	answer_puts(w, "</option>\n");
}

static void
put_topic_list(struct answer_writer *w)
{
	const struct texts *t = w->a->site.texts;

	for (size_t i = 0; i < t->topics; i++) {
		w->topic = &t->topic[i];
		w->words = &w->topic->title;
		answer_put_file(w, PIECE_TOPIC);
	}
	w->topic = NULL;
}

static void
put_topic_options(struct answer_writer *w)
{
	const struct texts *t = w->a->site.texts;

	for (size_t i = 0; i < t->topics; i++)
		put_option(w, t->topic[i].id, &t->topic[i].title);
}

/* id="q-ID" name="q-ID", and what belongs to it. */
static void
put_field(struct answer_writer *w, const struct texts_question *q)
{
	answer_puts(w, " id=\"q-");
	answer_puts(w, q->id);
	answer_puts(w, "\" name=\"q-");
	answer_puts(w, q->id);
	answer_puts(w, "\"");
	if (has(w, &q->hint)) {
		answer_puts(w, " aria-describedby=\"hint-q-");
		answer_puts(w, q->id);
		answer_puts(w, "\"");
	}
}

static void
put_question(struct answer_writer *w, const struct texts_question *q)
{
	size_t used = w->ask->language;
	const char *words = get(w, &q->label, &used);

	answer_puts(w, "<label for=\"q-");
	answer_puts(w, q->id);
	answer_puts(w, "\"");
	put_lang(w, used);
	answer_puts(w, ">");
	put_escaped(w, words);
	answer_puts(w, "</label>\n");
	if (has(w, &q->hint)) {
		answer_puts(w, "<p class=\"hint\" id=\"hint-q-");
		answer_puts(w, q->id);
		answer_puts(w, "\"");
		words = get(w, &q->hint, &used);
		put_lang(w, used);
		answer_puts(w, ">");
		put_escaped(w, words);
		answer_puts(w, "</p>\n");
	}
	if (q->kind == TEXTS_TEXT) {
		answer_puts(w,
		    "<textarea class=\"short\" rows=\"3\""
		    " spellcheck=\"false\" dir=\"auto\"");
		put_field(w, q);
		answer_puts(w, "></textarea>\n");
		return;
	}
	answer_puts(w, "<select");
	put_field(w, q);
	answer_puts(w, ">\n");
	answer_put_file(w, PIECE_QUESTION_NONE);
	for (size_t i = 0; i < q->choices; i++)
		put_option(w, q->choice[i].id, &q->choice[i].label);
	answer_puts(w, "</select>\n");
}

bool
answer_put_texts(struct answer_writer *w, enum site_blank blank)
{
	const struct texts *t = w->a->site.texts;

	switch (blank) {
	case BLANK_WORDS:
		if (w->words != NULL)
			put_element(w, w->block ? "p" : "span", "", w->words);
		return true;
	case BLANK_TOPIC_LIST:
		put_topic_list(w);
		return true;
	case BLANK_TOPIC_TEXT:
		if (w->topic != NULL && has(w, &w->topic->text))
			put_element(w, "p", "", &w->topic->text);
		return true;
	case BLANK_TOPIC_OPTIONS:
		put_topic_options(w);
		return true;
	case BLANK_QUESTION_LIST:
		for (size_t i = 0; i < t->questions; i++)
			put_question(w, &t->question[i]);
		return true;
	default:
		return false;
	}
}

bool
answer_texts_shown(const struct answer_writer *w, enum site_page piece)
{
	const struct texts *t = w->a->site.texts;

	switch (piece) {
	case PIECE_ORGANISATION:
		return has(w, &t->organisation);
	case PIECE_ABOUT:
		return has(w, &t->about);
	case PIECE_ADVICE:
		return has(w, &t->advice);
	case PIECE_TOPICS:
	case PIECE_TOPIC_FIELD:
		return t->topics > 0;
	case PIECE_TOPIC_REWARD:
		return w->topic != NULL && has(w, &w->topic->reward);
	case PIECE_QUESTIONS:
		return t->questions > 0;
	default:
		return true;
	}
}

/*
 * texts_bytes: texts as bytes.  See texts.h.
 *
 *	20  "tipline-texts-000001"
 *	records: u8 type, u16 length, so many bytes
 *
 * A language that is offered is a record with its code, in the order of this
 * program's languages.  Then come organisation, about, advice, the topics and
 * the questions.  Topic, question (with a byte for its kind before the id) and
 * choice are opened by a record with their id; words that follow belong to the
 * one opened last.  Words are one record for each language: u8 length of the
 * code, the code, the words.
 *
 * The order is held by writing anew what was read and comparing.
 */
#include <string.h>

#include "base/num.h"
#include "site/texts.h"

static const char magic[] = "tipline-texts-000001";
#define MAGIC_LEN (sizeof(magic) - 1)
#define HEAD_LEN 3

enum record {
	REC_LANGUAGE = 1,
	REC_ORGANISATION,
	REC_ABOUT,
	REC_ADVICE,
	REC_TOPIC,
	REC_TOPIC_TITLE,
	REC_TOPIC_TEXT,
	REC_TOPIC_REWARD,
	REC_QUESTION,
	REC_QUESTION_LABEL,
	REC_QUESTION_HINT,
	REC_CHOICE,
	REC_CHOICE_LABEL,
};

/* A record of two parts. */
static enum status
put(struct bytes *out, enum record type, const void *p, size_t len,
    const char *text)
{
	const size_t text_len = strlen(text);
	uint8_t head[HEAD_LEN];
	enum status st;

	head[0] = (uint8_t)type;
	le16_put(head + 1, (uint16_t)(len + text_len));
	if ((st = bytes_append(out, head, sizeof(head))) != ST_OK ||
	    (st = bytes_append(out, p, len)) != ST_OK)
		return st;
	return bytes_append(out, text, text_len);
}

static enum status
put_words(struct bytes *out, enum record type, const struct texts_words *words)
{
	uint8_t code[1 + LANGUAGE_CODE_MAX];
	enum status st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < language_count(); i++) {
		const char *own = language_get(i)->code;

		if (words->in[i] == NULL)
			continue;
		code[0] = (uint8_t)strlen(own);
		memcpy(code + 1, own, code[0]);
		st = put(out, type, code, 1U + code[0], words->in[i]);
	}
	return st;
}

static enum status
put_topic(struct bytes *out, const struct texts_topic *topic)
{
	enum status st;

	if ((st = put(out, REC_TOPIC, "", 0, topic->id)) != ST_OK ||
	    (st = put_words(out, REC_TOPIC_TITLE, &topic->title)) != ST_OK ||
	    (st = put_words(out, REC_TOPIC_TEXT, &topic->text)) != ST_OK)
		return st;
	return put_words(out, REC_TOPIC_REWARD, &topic->reward);
}

static enum status
put_question(struct bytes *out, const struct texts_question *q)
{
	const uint8_t kind = (uint8_t)q->kind;
	enum status st;

	if ((st = put(out, REC_QUESTION, &kind, 1, q->id)) != ST_OK ||
	    (st = put_words(out, REC_QUESTION_LABEL, &q->label)) != ST_OK)
		return st;
	st = put_words(out, REC_QUESTION_HINT, &q->hint);
	for (size_t i = 0; st == ST_OK && i < q->choices; i++) {
		st = put(out, REC_CHOICE, "", 0, q->choice[i].id);
		if (st == ST_OK)
			st = put_words(
			    out, REC_CHOICE_LABEL, &q->choice[i].label);
	}
	return st;
}

enum status
texts_write(const struct texts *t, struct bytes *out)
{
	enum status st = bytes_append(out, magic, MAGIC_LEN);

	for (size_t i = 0; st == ST_OK && i < language_count(); i++)
		if (t->language_on[i])
			st = put(
			    out, REC_LANGUAGE, "", 0, language_get(i)->code);
	if (st == ST_OK)
		st = put_words(out, REC_ORGANISATION, &t->organisation);
	if (st == ST_OK)
		st = put_words(out, REC_ABOUT, &t->about);
	if (st == ST_OK)
		st = put_words(out, REC_ADVICE, &t->advice);
	for (size_t i = 0; st == ST_OK && i < t->topics; i++)
		st = put_topic(out, &t->topic[i]);
	for (size_t i = 0; st == ST_OK && i < t->questions; i++)
		st = put_question(out, &t->question[i]);
	return st;
}

static enum status
take_language(struct texts *t, const char *code, size_t len)
{
	const int found = language_find(code, len);

	if (found < 0)
		return ST_MALFORMED;
	t->language_on[found] = true;
	return ST_OK;
}

static enum status
take_words(struct texts_words *words, const uint8_t *p, size_t len)
{
	int language;

	if (len < 1 || p[0] > len - 1)
		return ST_MALFORMED;
	language = language_find((const char *)p + 1, p[0]);
	if (language < 0)
		return ST_MALFORMED;
	return texts_set(words, (size_t)language, (const char *)p + 1 + p[0],
	    len - 1 - p[0]);
}

static enum status
take_question(struct texts *t, const uint8_t *p, size_t len)
{
	enum status st;

	if (len < 1 || (p[0] != TEXTS_TEXT && p[0] != TEXTS_CHOICE))
		return ST_MALFORMED;
	st = texts_add_question(t, (const char *)p + 1, len - 1);
	if (st == ST_OK)
		t->question[t->questions - 1].kind = (enum texts_kind)p[0];
	return st;
}

static enum status
take_in_topic(struct texts *t, uint8_t type, const uint8_t *p, size_t len)
{
	struct texts_topic *topic;

	if (t->topics == 0)
		return ST_MALFORMED;
	topic = &t->topic[t->topics - 1];
	if (type == REC_TOPIC_TITLE)
		return take_words(&topic->title, p, len);
	return take_words(
	    type == REC_TOPIC_TEXT ? &topic->text : &topic->reward, p, len);
}

static enum status
take_in_question(struct texts *t, uint8_t type, const uint8_t *p, size_t len)
{
	struct texts_question *q;

	if (t->questions == 0)
		return ST_MALFORMED;
	q = &t->question[t->questions - 1];
	switch (type) {
	case REC_QUESTION_LABEL:
		return take_words(&q->label, p, len);
	case REC_QUESTION_HINT:
		return take_words(&q->hint, p, len);
	case REC_CHOICE:
		return texts_add_choice(q, (const char *)p, len);
	default:
		if (q->choices == 0)
			return ST_MALFORMED;
		return take_words(&q->choice[q->choices - 1].label, p, len);
	}
}

static enum status
take(struct texts *t, uint8_t type, const uint8_t *p, size_t len)
{
	switch (type) {
	case REC_LANGUAGE:
		return take_language(t, (const char *)p, len);
	case REC_ORGANISATION:
		return take_words(&t->organisation, p, len);
	case REC_ABOUT:
		return take_words(&t->about, p, len);
	case REC_ADVICE:
		return take_words(&t->advice, p, len);
	case REC_TOPIC:
		return texts_add_topic(t, (const char *)p, len);
	case REC_TOPIC_TITLE:
	case REC_TOPIC_TEXT:
	case REC_TOPIC_REWARD:
		return take_in_topic(t, type, p, len);
	case REC_QUESTION:
		return take_question(t, p, len);
	case REC_QUESTION_LABEL:
	case REC_QUESTION_HINT:
	case REC_CHOICE:
	case REC_CHOICE_LABEL:
		return take_in_question(t, type, p, len);
	default:
		return ST_MALFORMED;
	}
}

static enum status
take_all(struct texts *t, const uint8_t *p, size_t len)
{
	enum status st = ST_OK;
	size_t n;

	while (st == ST_OK && len > 0) {
		if (len < HEAD_LEN || (n = le16_get(p + 1)) > len - HEAD_LEN)
			return ST_MALFORMED;
		st = take(t, p[0], p + HEAD_LEN, n);
		p += HEAD_LEN + n;
		len -= HEAD_LEN + n;
	}
	return st;
}

/* Nothing that must be there is missing. */
static bool
is_whole(const struct texts *t)
{
	bool offered = false;

	for (size_t i = 0; i < language_count(); i++)
		offered = offered || t->language_on[i];
	for (size_t i = 0; offered && i < t->topics; i++)
		offered = texts_topic_lacks(&t->topic[i]) == NULL;
	for (size_t i = 0; offered && i < t->questions; i++)
		offered = texts_question_lacks(&t->question[i]) == NULL;
	return offered;
}

static enum status
same_again(const struct texts *t, const uint8_t *p, size_t len)
{
	struct bytes again = BYTES_INIT(TEXTS_BYTES_MAX);
	enum status st = texts_write(t, &again);

	if (st == ST_OK && (again.len != len || memcmp(again.p, p, len) != 0))
		st = ST_MALFORMED;
	bytes_free(&again);
	return st;
}

enum status
texts_parse(const uint8_t *p, size_t len, struct texts **out)
{
	struct texts *t = NULL;
	enum status st;

	*out = NULL;
	if (len < MAGIC_LEN || len > TEXTS_BYTES_MAX ||
	    memcmp(p, magic, MAGIC_LEN) != 0)
		return ST_MALFORMED;
	if ((st = texts_new(&t)) != ST_OK)
		return st;
	memset(t->language_on, 0, sizeof(t->language_on));
	st = take_all(t, p + MAGIC_LEN, len - MAGIC_LEN);
	if (st == ST_OK && !is_whole(t))
		st = ST_MALFORMED;
	if (st == ST_OK)
		st = same_again(t, p, len);
	if (st == ST_OK) {
		*out = t;
		t = NULL; /* now the caller's */
	}
	texts_free(t);
	return st == ST_OK || st == ST_NOMEM ? st : ST_MALFORMED;
}

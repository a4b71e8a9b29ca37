/*
 * texts: see texts.h.  The form of bytes is texts_bytes.c.
 */
#include "site/texts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(TEXTS_ID_MAX < TEXTS_WORDS_MAX, "ids are the shorter ones");

enum status
texts_new(struct texts **out)
{
	struct texts *t = calloc(1, sizeof(*t));

	if ((*out = t) == NULL)
		return ST_NOMEM;
	for (size_t i = 0; i < language_count(); i++)
		t->language_on[i] = true;
	return ST_OK;
}

/* What is done with each text: before and what name it, "topic lazarus" and
 * " reward". */
typedef void each_words(
    void *ctx, struct texts_words *words, const char *before, const char *what);

static void
each_of_question(struct texts_question *q, each_words *each, void *ctx)
{
	char name[TEXTS_ID_MAX * 2 + 32];

	snprintf(name, sizeof(name), "question %s", q->id);
	each(ctx, &q->label, name, " label");
	each(ctx, &q->hint, name, " hint");
	for (size_t i = 0; i < q->choices; i++) {
		snprintf(name, sizeof(name), "question %s choice %s", q->id,
		    q->choice[i].id);
		each(ctx, &q->choice[i].label, name, "");
	}
}

static void
each_of_all(struct texts *t, each_words *each, void *ctx)
{
	char name[TEXTS_ID_MAX + 32];

	each(ctx, &t->organisation, "organisation", " name");
	each(ctx, &t->about, "about", "");
	each(ctx, &t->advice, "advice", "");
	for (size_t i = 0; i < t->topics; i++) {
		snprintf(name, sizeof(name), "topic %s", t->topic[i].id);
		each(ctx, &t->topic[i].title, name, " title");
		each(ctx, &t->topic[i].text, name, " text");
		each(ctx, &t->topic[i].reward, name, " reward");
	}
	for (size_t i = 0; i < t->questions; i++)
		each_of_question(&t->question[i], each, ctx);
}

static void
free_words(
    void *ctx, struct texts_words *words, const char *before, const char *what)
{
	(void)ctx, (void)before, (void)what;
	for (size_t i = 0; i < LANGUAGE_MAX; i++)
		free(words->in[i]);
}

void
texts_free(struct texts *t)
{
	if (t == NULL)
		return;
	each_of_all(t, free_words, NULL);
	free(t);
}

const char *
texts_get(const struct texts_words *words, size_t language, size_t *used)
{
	*used = language;
	if (language < LANGUAGE_MAX && words->in[language] != NULL)
		return words->in[language];
	*used = LANGUAGE_ENGLISH;
	for (size_t i = LANGUAGE_ENGLISH; i < LANGUAGE_MAX; i++) {
		if (words->in[i] == NULL)
			continue;
		*used = i;
		return words->in[i];
	}
	return NULL;
}

size_t
texts_offered(const struct texts *t, size_t language)
{
	if (!t->language_on[language])
		for (language = 0; !t->language_on[language];)
			language++;
	return language;
}

static bool
is_id(const char *own, const char *id, size_t len)
{
	return strlen(own) == len && memcmp(own, id, len) == 0;
}

int
texts_find_topic(const struct texts *t, const char *id, size_t len)
{
	for (size_t i = 0; i < t->topics; i++)
		if (is_id(t->topic[i].id, id, len))
			return (int)i;
	return -1;
}

int
texts_find_question(const struct texts *t, const char *id, size_t len)
{
	for (size_t i = 0; i < t->questions; i++)
		if (is_id(t->question[i].id, id, len))
			return (int)i;
	return -1;
}

int
texts_find_choice(const struct texts_question *q, const char *id, size_t len)
{
	for (size_t i = 0; i < q->choices; i++)
		if (is_id(q->choice[i].id, id, len))
			return (int)i;
	return -1;
}

/* Read one character of UTF-8 (RFC 3629) at p; 0: it is none. */
static size_t
utf8_char(const uint8_t *p, size_t len, uint32_t *c)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = 0;

	if (p[0] < 0x80)
		n = 1;
	else if (p[0] >= 0xc0 && p[0] < 0xf8)
		n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (n == 0 || n > len)
		return 0;
	*c = n == 1 ? p[0] : p[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3fU);
	}
	/* Longer than need be, half of a pair, or beyond the last. */
	if (*c < least[n] || (*c >= 0xd800 && *c <= 0xdfff) || *c > 0x10ffff)
		return 0;
	return n;
}

const char *
texts_bad_words(const char *p, size_t len)
{
	const uint8_t *text = (const uint8_t *)p;
	uint32_t c;

	if (len == 0)
		return "nothing stands here: write something or leave it out";
	if (len > TEXTS_WORDS_MAX)
		return "a text has at most 2000 bytes (a letter beyond a-z"
		       " may take 2 to 4): shorten it";
	for (size_t i = 0, n; i < len; i += n) {
		if ((n = utf8_char(text + i, len - i, &c)) == 0)
			return "this is not UTF-8: save the file as UTF-8";
		if ((c < 0x20 && c != '\n') || (c >= 0x7f && c <= 0x9f))
			return "there is a tab or another control character:"
			       " write a blank instead";
		if ((c >= 0x202a && c <= 0x202e) ||
		    (c >= 0x2066 && c <= 0x2069))
			return "there is an invisible character that turns"
			       " the direction of writing: take it out";
	}
	return NULL;
}

const char *
texts_bad_id(const char *id, size_t len)
{
	static const char of[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	if (len == 0 || len > TEXTS_ID_MAX)
		return "an id has 1 to 32 characters";
	for (size_t i = 0; i < len; i++)
		if (memchr(of, id[i], sizeof(of) - 1) == NULL)
			return "an id is made of a-z, 0-9 and - only";
	return NULL;
}

enum status
texts_set(struct texts_words *words, size_t language, const char *p, size_t len)
{
	char *copy;

	if (texts_bad_words(p, len) != NULL)
		return ST_MALFORMED;
	if (words->in[language] != NULL)
		return ST_EXISTS;
	if ((copy = malloc(len + 1)) == NULL)
		return ST_NOMEM;
	memcpy(copy, p, len);
	copy[len] = '\0';
	words->in[language] = copy;
	return ST_OK;
}

/* May one more be added, of which there may be max and found is its place? */
static enum status
may_add(const char *id, size_t len, int found, size_t count, size_t max)
{
	if (texts_bad_id(id, len) != NULL)
		return ST_MALFORMED;
	if (found >= 0)
		return ST_EXISTS;
	return count < max ? ST_OK : ST_LIMIT;
}

enum status
texts_add_topic(struct texts *t, const char *id, size_t len)
{
	enum status st = may_add(
	    id, len, texts_find_topic(t, id, len), t->topics, TEXTS_TOPICS_MAX);

	if (st == ST_OK)
		memcpy(t->topic[t->topics++].id, id, len);
	return st;
}

enum status
texts_add_question(struct texts *t, const char *id, size_t len)
{
	enum status st = may_add(id, len, texts_find_question(t, id, len),
	    t->questions, TEXTS_QUESTIONS_MAX);

	if (st == ST_OK)
		memcpy(t->question[t->questions++].id, id, len);
	return st;
}

enum status
texts_add_choice(struct texts_question *q, const char *id, size_t len)
{
	enum status st = may_add(id, len, texts_find_choice(q, id, len),
	    q->choices, TEXTS_CHOICES_MAX);

	if (st == ST_OK)
		memcpy(q->choice[q->choices++].id, id, len);
	return st;
}

static bool
has_words(const struct texts_words *words)
{
	size_t used;

	return texts_get(words, LANGUAGE_ENGLISH, &used) != NULL;
}

const char *
texts_topic_lacks(const struct texts_topic *topic)
{
	return has_words(&topic->title)
	    ? NULL
	    : "this topic has no title: add title = ...";
}

const char *
texts_question_lacks(const struct texts_question *q)
{
	if (q->kind == TEXTS_NO_KIND)
		return "this question has no kind: add kind = text or"
		       " kind = choice";
	if (!has_words(&q->label))
		return "this question has no label: add label = ...";
	if (q->kind == TEXTS_TEXT && q->choices > 0)
		return "a question of kind text has no choices: make it"
		       " kind = choice, or take them out";
	if (q->kind == TEXTS_CHOICE && q->choices < 2)
		return "this question has fewer than two choices: add"
		       " choice.ID = ... lines";
	for (size_t i = 0; i < q->choices; i++)
		if (!has_words(&q->choice[i].label))
			return "one of its choices has no words";
	return NULL;
}

struct missing {
	size_t language, all, missing;
	bool english;
	char *names;
	size_t size, len;
	bool full;
};

static void
add_name(struct missing *m, const char *before, const char *what)
{
	static const char more[] = ", ...";
	const size_t room = m->size - m->len;
	int n;

	if (m->full)
		return;
	n = snprintf(m->names + m->len, room, "%s%s%s", m->len > 0 ? ", " : "",
	    before, what);
	/* Room stays for saying that there are more. */
	if (n >= 0 && (size_t)n + sizeof(more) <= room) {
		m->len += (size_t)n;
		return;
	}
	m->full = true;
	m->names[m->len] = '\0';
	if (room >= sizeof(more))
		memcpy(m->names + m->len, more, sizeof(more));
}

static void
see_missing(
    void *ctx, struct texts_words *words, const char *before, const char *what)
{
	struct missing *m = ctx;

	if (!has_words(words))
		return;
	m->all++;
	if (words->in[m->language] != NULL)
		return;
	m->missing++;
	if (words->in[LANGUAGE_ENGLISH] == NULL)
		m->english = false;
	add_name(m, before, what);
}

size_t
texts_missing(const struct texts *t, size_t language, size_t *all,
    bool *english, char *names, size_t size)
{
	struct missing m = {language, 0, 0, true, names, size, 0, false};
	struct texts look = *t; /* its words stay those of t */

	names[0] = '\0';
	each_of_all(&look, see_missing, &m);
	*all = m.all;
	*english = m.english;
	return m.missing;
}

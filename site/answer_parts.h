/*
 * answer_parts: writing a body.  answer.c writes heads and knows the table of
 * answers; answer_body.c fills pages in; answer_texts.c writes what comes from
 * the operator's texts.
 */
#ifndef TIPLINE_SITE_ANSWER_PARTS_H
#define TIPLINE_SITE_ANSWER_PARTS_H

#include "site/answer.h"

#define ANSWER_HASH_LEN 44 /* 32 bytes in base64 */

struct answers {
	struct answer_site site;
	char style_hash[ANSWER_HASH_LEN + 1];
	char noscript_hash[ANSWER_HASH_LEN + 1];
};

/* Where an answer is being written.  What does not fit is only counted. */
struct answer_writer {
	const struct answers *a;
	const struct answer_ask *ask;
	uint8_t *out;
	size_t at, max;
	bool cut; /* the last escaped text did not fit its bound */
	/* the operator's words of the item at hand */
	const struct texts_words *words;
	bool block; /* as a paragraph */
	const struct texts_topic *topic;
};

void answer_put(struct answer_writer *w, const void *p, size_t len);
void answer_puts(struct answer_writer *w, const char *s);

/* Escaped; of more than max bytes of HTML only the beginning, w->cut. */
void answer_put_escaped(
    struct answer_writer *w, const void *p, size_t len, size_t max);

/* A page or piece with its blanks filled in. */
void answer_put_file(struct answer_writer *w, enum site_page file);

/* Blanks and pieces of the operator's texts.  False: it is none of them. */
bool answer_put_texts(struct answer_writer *w, enum site_blank blank);
bool answer_texts_shown(const struct answer_writer *w, enum site_page piece);

#endif

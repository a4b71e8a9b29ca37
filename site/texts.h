/*
 * texts: what an operator tells visitors, in several languages.
 *
 * The organisation, topics, questions and advice of one line.  They are
 * public.  The operator writes them in LINE/texts.ini (line/texts_file.h);
 * the receiver, which opens no file, gets them in the form of texts_write().
 * A texts with nothing in it is that of a neutral line.
 *
 * Whatever is in a struct texts was checked: words are UTF-8 (RFC 3629) that
 * is not empty, without control characters but LF and without those that turn
 * the direction of what follows (U+202A to U+202E, U+2066 to U+2069).  They
 * are plain text: a page escapes them.
 */
#ifndef TIPLINE_SITE_TEXTS_H
#define TIPLINE_SITE_TEXTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "site/language.h"

#define TEXTS_TOPICS_MAX 24
#define TEXTS_QUESTIONS_MAX 8
#define TEXTS_CHOICES_MAX 16   /* of one question; at least 2 */
#define TEXTS_ID_MAX 32        /* characters a-z 0-9 - */
#define TEXTS_WORDS_MAX 2000   /* bytes of one text in one language */
#define TEXTS_FILE_MAX 262144  /* of LINE/texts.ini */
#define TEXTS_BYTES_MAX 266240 /* of texts_write(); any such file fits */

/* One text in some languages: NUL-terminated, or NULL if not in this one. */
struct texts_words {
	char *in[LANGUAGE_MAX];
};

struct texts_topic {
	char id[TEXTS_ID_MAX + 1];
	struct texts_words title;        /* always there */
	struct texts_words text, reward; /* may be in no language */
};

struct texts_choice {
	char id[TEXTS_ID_MAX + 1];
	struct texts_words label; /* always there */
};

enum texts_kind { TEXTS_NO_KIND, TEXTS_TEXT, TEXTS_CHOICE };

struct texts_question {
	char id[TEXTS_ID_MAX + 1];
	enum texts_kind kind;     /* never TEXTS_NO_KIND once it is checked */
	struct texts_words label; /* always there */
	struct texts_words hint;
	size_t choices; /* 0 unless kind is TEXTS_CHOICE */
	struct texts_choice choice[TEXTS_CHOICES_MAX];
};

struct texts {
	bool language_on[LANGUAGE_MAX]; /* offered; at least one is */
	struct texts_words organisation, about, advice;
	size_t topics, questions;
	struct texts_topic topic[TEXTS_TOPICS_MAX];
	struct texts_question question[TEXTS_QUESTIONS_MAX];
};

/* Empty texts, all languages offered.  ST_OK (*out is the caller's) or
 * ST_NOMEM. */
MUST_CHECK enum status texts_new(struct texts **out);
void texts_free(struct texts *t);

/*
 * The words in that language, else in English, else in the first there is;
 * *used is the language they are in.  NULL if there are none in any.
 */
const char *texts_get(
    const struct texts_words *words, size_t language, size_t *used);

/* The language itself if it is offered, else the first that is. */
size_t texts_offered(const struct texts *t, size_t language);

/* The place of a topic, a question, or a choice of one, by its id; or -1. */
int texts_find_topic(const struct texts *t, const char *id, size_t len);
int texts_find_question(const struct texts *t, const char *id, size_t len);
int texts_find_choice(
    const struct texts_question *q, const char *id, size_t len);

/* Making one.  Why words or an id are refused, as a sentence for an operator;
 * NULL: they are right. */
const char *texts_bad_words(const char *p, size_t len);
const char *texts_bad_id(const char *id, size_t len);

/* Put in words that are right.  ST_OK, ST_EXISTS, ST_NOMEM; ST_MALFORMED if
 * they are not right. */
MUST_CHECK enum status texts_set(
    struct texts_words *words, size_t language, const char *p, size_t len);

/* Add an empty one behind the others.  ST_OK, ST_EXISTS (that id is taken),
 * ST_LIMIT (no more), ST_MALFORMED (no id). */
MUST_CHECK enum status texts_add_topic(
    struct texts *t, const char *id, size_t len);
MUST_CHECK enum status texts_add_question(
    struct texts *t, const char *id, size_t len);
MUST_CHECK enum status texts_add_choice(
    struct texts_question *q, const char *id, size_t len);

/* What a topic, a question or all of it still lacks, as a sentence for an
 * operator; NULL: nothing. */
const char *texts_topic_lacks(const struct texts_topic *topic);
const char *texts_question_lacks(const struct texts_question *q);

/*
 * How many of the texts are not there in a language; *all is how many texts
 * there are.  names (size bytes, at least 1) gets those missing as an operator
 * calls them, "topic lazarus reward, about", with "..." where there is no
 * more room; *english: all of them are there in English.
 */
size_t texts_missing(const struct texts *t, size_t language, size_t *all,
    bool *english, char *names, size_t size);

/*
 * Texts as bytes and back (texts_bytes.c has the layout).  Languages stand in
 * them by their codes.  parse takes what write gives and nothing else; what it
 * gives, write gives back byte for byte.
 * ST_OK, ST_NOMEM, ST_LIMIT (more than out may hold) / ST_OK (*out is the
 * caller's), ST_NOMEM, ST_MALFORMED.
 */
MUST_CHECK enum status texts_write(const struct texts *t, struct bytes *out);
MUST_CHECK enum status texts_parse(
    const uint8_t *p, size_t len, struct texts **out);

#endif

/*
 * answer: every answer the site can give.
 *
 * Head and body together are PAGE_TOTAL_LEN bytes for every page, error and
 * language, filled up with line ends behind the page, so that its length
 * tells nobody outside which one it was.  A HEAD request gets the head alone,
 * as RFC 9110 section 9.3.2 demands.  There is no Date, Server or ETag.
 *
 * An answer is written when it is needed and for each write of a slow
 * visitor anew: all pages in all languages would take more memory than the
 * whole server does, and nothing secret stays in a page that is not there.
 */
#ifndef TIPLINE_SITE_ANSWER_H
#define TIPLINE_SITE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "site/answer_list.h"
#include "site/blanks.h"
#include "site/site.h"
#include "site/texts.h"

#define PAGE_TOTAL_LEN 32768    /* every answer, head and body together */
#define PAGE_MESSAGE_MAX 262144 /* a tip's message; other limits are set */

/* The limits that pages name. */
struct answer_limits {
	uint64_t upload_max, message_max;
	uint32_t files_max;
};

/* What visitors may check: public, as it stands in files.  Empty: none. */
struct answer_keys {
	struct site_text keyset, keyset_sig, root_pub;
	struct site_text fingerprint; /* of the root key */
};

/* What answers are about; all of it is borrowed. */
struct answer_site {
	struct answer_limits limits;
	const char *onion; /* "" if there is none */
	const struct texts *texts;
	struct answer_keys keys;
	uint64_t opens; /* when a closed line opens, seconds since 1970; 0: it
			 * is not known */
};

/* One answer. */
struct answer_ask {
	enum answer which;
	size_t language;      /* language.h */
	bool framed;          /* in a frame of the page for large files */
	bool again;           /* it will be loaded again in a second */
	bool text_cut;        /* FILL_TEXT is the beginning of more */
	unsigned part;        /* of the key set, from 1 on */
	enum site_page fault; /* a piece: what is wrong with a code; or 0 */
	/* FILLS texts that only this visitor sees, or NULL.  They are escaped
	 * here where blanks.h says so; {NULL, 0} is empty. */
	const struct site_text *fill;
};

struct answers; /* opaque */

/* ST_OK (*out is the caller's) or ST_NOMEM. */
MUST_CHECK enum status answers_new(
    const struct answer_site *site, struct answers **out);
void answers_free(struct answers *answers);

/* Take up another site, borrowed as well. */
void answers_set(struct answers *answers, const struct answer_site *site);

/*
 * Write an answer to out, which is wiped by whoever gave it if fill was not
 * NULL, and say how long its head is.  ST_OK, or ST_LIMIT: it does not fit
 * (then out holds as much as there is room for, and *need says how long it
 * would be).  need may be NULL.
 */
MUST_CHECK enum status answers_write(const struct answers *answers,
    const struct answer_ask *ask, uint8_t out[static PAGE_TOTAL_LEN],
    size_t *head_len, size_t *need);

/* Append the piece of a page in ask's language to out, which has room for
 * max bytes; how many it took, 0 if it does not fit. */
size_t answers_piece(const struct answers *answers,
    const struct answer_ask *ask, enum site_page piece, uint8_t *out,
    size_t max);

/* How many parts the page of keys has, 1 at least. */
unsigned answers_key_parts(const struct answers *answers);

/* The page an answer shows. */
enum site_page answers_page(enum answer which);

/* Is it one that refuses what was sent, so that the text is given back? */
bool answers_refuses(enum answer which);

#endif

/*
 * sample: pages as they look with something in them, for the operator's
 * preview, and as long as they can become, for checks that they fit.
 */
#ifndef TIPLINE_SITE_SAMPLE_H
#define TIPLINE_SITE_SAMPLE_H

#include "site/answer.h"

#define SAMPLE_LONG 16384

struct sample {
	char longest[SAMPLE_LONG]; /* each character takes five in HTML */
	char code[512];
};

/* Words, an answer and so on in the place of what a visitor would see.  sample
 * holds what fill borrows.  longest: as much as there can be. */
void sample_fill(struct sample *sample, size_t language, bool longest,
    struct site_text fill[static FILLS]);

/* The ask that shows an answer with all that can stand in it. */
struct answer_ask sample_ask(enum answer which, size_t language,
    const struct site_text fill[static FILLS]);

/* A page that is too long. */
struct sample_misfit {
	enum answer which;
	size_t language;
	size_t len; /* PAGE_TOTAL_LEN or less would be right */
};

/* A sentence for the operator, of at most 400 bytes: which page, how long it
 * is, what to do. */
#define SAMPLE_WHY_LEN 400
void sample_misfit_tell(
    const struct sample_misfit *misfit, char why[static SAMPLE_WHY_LEN]);

/* Does every page fit, in every language that is offered?  ST_OK, ST_LIMIT
 * (*misfit is the longest), ST_NOMEM. */
MUST_CHECK enum status sample_fits(
    const struct answer_site *site, struct sample_misfit *misfit);

#endif

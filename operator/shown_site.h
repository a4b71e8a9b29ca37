/*
 * shown_site: what the pages of a line are made from, put together from its
 * files as tipline-intake does, and whether the pages hold it.
 */
#ifndef TIPLINE_OPERATOR_SHOWN_SITE_H
#define TIPLINE_OPERATOR_SHOWN_SITE_H

#include "base/status.h"
#include "crypto/minisign.h"
#include "line/line.h"
#include "line/line_shown.h"
#include "site/answer.h"
#include "site/sample.h"
#include "site/texts.h"

/* site borrows from the rest, from the line and from the texts. */
struct shown_site {
	struct answer_site site;
	struct line_shown keys;
	char fingerprint[FINGERPRINT_TEXT_LEN + 1];
};

/* The line's limits, onion and keys with these texts.  Keys that are not
 * there, or not right, are left out, as on the real pages. */
void shown_site_load(const struct line *line, const struct texts *texts,
    struct shown_site *shown);
void shown_site_free(struct shown_site *shown);

/*
 * Does every page fit into an answer, in every language that is offered, with
 * the longest of what visitors write?  ST_OK, or ST_LIMIT or ST_NOMEM and why
 * is a sentence for the operator: which page, how long it is, what to do.
 */
MUST_CHECK enum status shown_site_fits(
    const struct answer_site *site, char why[static SAMPLE_WHY_LEN]);

/* The same for a line with these texts. */
MUST_CHECK enum status shown_site_try(const struct line *line,
    const struct texts *texts, char why[static SAMPLE_WHY_LEN]);

#endif

/*
 * some_site: a site with all that pages can show, and its pages.
 */
#ifndef TIPLINE_TESTS_UNIT_SITE_SOME_SITE_H
#define TIPLINE_TESTS_UNIT_SITE_SOME_SITE_H

#include <stddef.h>

#include "site/answer.h"

#define SOME_SITE_ONION                                                        \
	"aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypsaijc.onion"

/* Make one, and free the texts that it has. */
struct answer_site some_site(void);
void some_site_forget(struct answer_site *site);

struct some_site_page {
	char text[PAGE_TOTAL_LEN + 1]; /* ends in a NUL */
	size_t head_len;
};

/* Write an answer, which must have the one size. */
void some_site_get(const struct answers *a, const struct answer_ask *ask,
    struct some_site_page *page);

#endif

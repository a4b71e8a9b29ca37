/*
 * page: the frame of the pages that show opened tips.
 *
 * No script, nothing loaded from anywhere: a policy in the page forbids all
 * but its one style, which it names by its hash (CSP Level 3).
 */
#ifndef TIPLINE_ANALYST_PAGE_H
#define TIPLINE_ANALYST_PAGE_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

/* Append all up to the first heading; title is ours, not to be escaped.
 * ST_OK, ST_LIMIT, ST_NOMEM. */
MUST_CHECK enum status page_begin(struct bytes *out, const char *title);

/* Append the end.  As above. */
MUST_CHECK enum status page_end(struct bytes *out);

/* Append a size for people: "512 bytes", "3.4 MiB".  As above. */
MUST_CHECK enum status page_size(struct bytes *out, uint64_t size);

#endif

/*
 * plan: which weeks a new key set needs keys for.
 *
 * Pure: nothing here looks at a clock or a disk.
 */
#ifndef TIPLINE_ANALYST_PLAN_H
#define TIPLINE_ANALYST_PLAN_H

#include <stddef.h>
#include <stdint.h>

#define PLAN_DAY UINT64_C(86400)
#define PLAN_WEEK (7 * PLAN_DAY)

/* So many fit into one key set whatever the analyst's name, and the days of
 * the last one's first week besides: keyset_make.c asserts it. */
#define PLAN_WEEKS_MAX 400

struct plan_week {
	uint64_t from, until; /* seconds since 1970 */
};

/*
 * Fill out with the weeks still wanted so that weeks of them from now are
 * covered, when the keys at hand last until last (0: none do).  The first
 * begins at 00:00 UTC of today, so that it is in force at once even on a
 * server whose clock is some hours behind.  Return how many, at most weeks.
 */
size_t plan_weeks(uint64_t now, uint64_t last, size_t weeks,
    struct plan_week out[static PLAN_WEEKS_MAX]);

#endif

/*
 * ranges: a few runs of tip numbers, to be said as "tips 17, 19 and 31 to
 * 39".
 */
#ifndef TIPLINE_ANALYST_RANGES_H
#define TIPLINE_ANALYST_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANGES_MAX 64
#define RANGES_TEXT_MAX 1024

struct ranges {
	size_t n;
	bool more; /* there was no room for some */
	struct {
		uint64_t first, last;
	} r[RANGES_MAX]; /* rising, neither touching nor overlapping */
};

/* Add the numbers first to last, merging them with what is there.  A run
 * for which there is no room only raises more. */
void ranges_add(struct ranges *ranges, uint64_t first, uint64_t last);

/* Is number among them? */
bool ranges_has(const struct ranges *ranges, uint64_t number);

/* "tip 17", "tips 17 and 18", "tips 17, 19 and 31 to 39"; ", and more" at the
 * end where some are left out. */
void ranges_text(
    const struct ranges *ranges, char text[static RANGES_TEXT_MAX]);

/* Exactly one number? */
bool ranges_single(const struct ranges *ranges);

#endif

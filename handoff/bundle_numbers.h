/*
 * bundle_numbers: which numbers of a bundle have come and which are missing.
 *
 * For bundle_read.c.  Memory is bounded: of the ranges that are missing the
 * lowest BUNDLE_GAPS_MAX are remembered, so up to the first that was
 * forgotten everything is known exactly.
 */
#ifndef TIPLINE_HANDOFF_BUNDLE_NUMBERS_H
#define TIPLINE_HANDOFF_BUNDLE_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "handoff/bundle.h"

struct bundle_range {
	uint64_t first, last;
};

struct bundle_numbers {
	uint64_t first, last; /* what the head allows; last below 2^63 */
	uint64_t next;        /* one above the highest that came */
	uint64_t blurred;     /* first missing number forgotten, 0 for none */
	size_t count;
	struct bundle_range gap[BUNDLE_GAPS_MAX]; /* rising */
};

/* Nothing has come; first is at most last + 1. */
void bundle_numbers_begin(
    struct bundle_numbers *n, uint64_t first, uint64_t last);

/* How number stands to those that came.  Behind what was forgotten, an older
 * number is BUNDLE_MOVED: the tip may have come before, but is not lost. */
enum bundle_order bundle_numbers_order(
    const struct bundle_numbers *n, uint64_t number);

/* It has come; nothing changes when it came before or is outside. */
void bundle_numbers_take(struct bundle_numbers *n, uint64_t number);

/* All numbers up to last, at most n->last, should have come. */
void bundle_numbers_end(struct bundle_numbers *n, uint64_t last);

#endif

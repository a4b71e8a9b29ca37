/*
 * keeper_day: which day it is, from a clock that may be put anywhere.
 *
 * A reply that is deleted because a clock was wrong for an hour does not come
 * back, so a keeper that runs lets its days go by no faster than time does: a
 * clock that leaps ahead is believed when it has said so for a week.  One that
 * goes back is believed at once, for it deletes nothing.  When the keeper
 * starts it has nothing to compare the clock with.
 */
#ifndef TIPLINE_STORE_KEEPER_DAY_H
#define TIPLINE_STORE_KEEPER_DAY_H

#include <stdint.h>

#define KEEPER_DAY_LEAP_DAYS 7 /* so long a leap must stand */

/* All zero before the first call. */
struct keeper_day {
	uint32_t day;      /* that was believed, 0: none */
	int64_t at;        /* ms; when that was */
	int64_t leaped_at; /* ms; when a leap was first seen, 0: none is */
};

/* The day to go by, now being milliseconds of a clock that only goes forward,
 * above 0, and clock what the other clock says, days since 1970. */
uint32_t keeper_day(struct keeper_day *d, uint32_t clock, int64_t now);

#endif

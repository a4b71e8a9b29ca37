/*
 * plan: the calendar of epochs (docs/FORMATS.md section 3).
 *
 * Epoch N is a week from Monday 00:00 UTC, so analysts on several machines
 * make keys of the same weeks without speaking.  Pure: nothing here looks at
 * a clock or a disk.
 */
#ifndef TIPLINE_ANALYST_PLAN_H
#define TIPLINE_ANALYST_PLAN_H

#include <stdint.h>

#define PLAN_DAY UINT64_C(86400)
#define PLAN_WEEK (7 * PLAN_DAY)
#define PLAN_FIRST (4 * PLAN_DAY) /* epoch 0: Monday, 1970-01-05 */

/* So many weeks at most are made at once; a key set of one analyst with any
 * name holds them all: keyset_join.c asserts it. */
#define PLAN_WEEKS_MAX 400

/* The epoch that now, seconds since 1970, lies in; 0 is none. */
uint32_t plan_epoch(uint64_t now);

/* When that epoch begins. */
uint64_t plan_from(uint32_t epoch);

#endif

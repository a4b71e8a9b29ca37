/*
 * plan: see plan.h.
 */
#include "analyst/plan.h"

size_t
plan_weeks(uint64_t now, uint64_t last, size_t weeks,
    struct plan_week out[static PLAN_WEEKS_MAX])
{
	uint64_t today = now - now % PLAN_DAY;
	uint64_t from = last > today ? last : today;
	uint64_t end = today + weeks * PLAN_WEEK;
	size_t n = 0;

	for (; from < end && n < weeks && n < PLAN_WEEKS_MAX; n++) {
		out[n].from = from;
		out[n].until = from + PLAN_WEEK;
		from = out[n].until;
	}
	return n;
}

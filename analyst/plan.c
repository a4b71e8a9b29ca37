/*
 * plan: see plan.h.
 */
#include "analyst/plan.h"

uint32_t
plan_epoch(uint64_t now)
{
	uint64_t n = now < PLAN_FIRST ? 0 : (now - PLAN_FIRST) / PLAN_WEEK;

	return n > UINT32_MAX ? 0 : (uint32_t)n;
}

uint64_t
plan_from(uint32_t epoch)
{
	return PLAN_FIRST + epoch * PLAN_WEEK;
}

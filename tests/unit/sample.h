/*
 * sample: how dense an exhaustive test is.
 *
 * Every place, always; only where the environment says TIPLINE_SAMPLE=N every
 * N-th: deploy/valgrind-units.sh does so for the slowest tests, which take
 * fifty times as long there.
 */
#ifndef TIPLINE_TESTS_UNIT_SAMPLE_H
#define TIPLINE_TESTS_UNIT_SAMPLE_H

#include <stddef.h>
#include <stdlib.h>

/* The distance from one place to the next, at least 1. */
static inline size_t
sample_step(void)
{
	const char *text = getenv("TIPLINE_SAMPLE");
	const unsigned long n = text == NULL ? 1 : strtoul(text, NULL, 10);

	return n == 0 ? 1 : n;
}

#endif

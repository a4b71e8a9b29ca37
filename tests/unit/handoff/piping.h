/*
 * piping: a sink and a source in memory, for the writers and readers of
 * bundles.
 */
#ifndef TIPLINE_TESTS_UNIT_HANDOFF_PIPING_H
#define TIPLINE_TESTS_UNIT_HANDOFF_PIPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

/* A sink into bytes that fails at its fail_at-th call. */
struct sink {
	struct bytes *to;
	int calls, fail_at;
};
enum status piping_put(void *ctx, const void *p, size_t len);

/* A source over memory, in pieces: up to cut, then the rest, or of step. */
struct source {
	const uint8_t *p;
	size_t len, at, cut, step;
	bool fails_at_end;
};
enum status piping_get(void *ctx, void *p, size_t len, size_t *got);

#endif

/*
 * bundling: what the tests of bundles share: three tiny tips (a bundle does
 * not look inside a tip), a sink and a source in memory.
 */
#ifndef TIPLINE_TESTS_UNIT_HANDOFF_BUNDLING_H
#define TIPLINE_TESTS_UNIT_HANDOFF_BUNDLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "handoff/bundle.h"

#define TIPS 3
#define HEAD_LEN 68
#define TIP_HEAD_LEN 49
#define TRAILER_LEN 105

struct bench {
	uint8_t *seed; /* guarded */
	uint8_t key[PUBLIC_KEY_LEN];
	struct chain before, after;
	struct bytes whole;
};

/* A sink into bytes that fails at its fail_at-th call. */
struct sink {
	struct bytes *to;
	int calls, fail_at;
};
enum status bundling_put(void *ctx, const void *p, size_t len);

/* A source over memory, in pieces: up to cut, then the rest, or of step. */
struct source {
	const uint8_t *p;
	size_t len, at, cut, step;
	bool fails_at_end;
};
enum status bundling_get(void *ctx, void *p, size_t len, size_t *got);

/* What reading gave, to be compared. */
struct events {
	struct bytes data; /* of all tips, with their numbers */
	size_t tips, altered;
	enum bundle_problem problem;
	struct chain after;
};

/* cmocka's: *state is a struct bench with a whole bundle in it. */
int bundling_set_up(void **state);
int bundling_tear_down(void **state);

void bundling_digest(
    const void *p, size_t len, uint8_t digest[static DIGEST_LEN]);

/* Write the three tips behind b->before. */
enum status bundling_write(
    const struct bench *b, struct sink *s, struct chain *after);

/* Read all; e->data is freed by the caller. */
enum status bundling_read(
    const struct bench *b, struct source *s, struct events *e);

#endif

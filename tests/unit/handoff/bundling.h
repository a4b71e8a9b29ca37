/*
 * bundling: what the tests of bundles share: six tiny tips (a bundle does not
 * look inside a tip) and a server.
 */
#ifndef TIPLINE_TESTS_UNIT_HANDOFF_BUNDLING_H
#define TIPLINE_TESTS_UNIT_HANDOFF_BUNDLING_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "handoff/bundle.h"
#include "tests/unit/handoff/piping.h"

#define TIPS 6
#define PURGED 3 /* number of the one that was purged */
#define HEAD_LEN 156
#define ENTRY_LEN 113
#define TRAILER_LEN 105

/* Of tip number 1 to TIPS. */
extern const char *const bundling_tip[TIPS + 1];

/* One server and one bundle of it. */
struct bench {
	uint8_t *seed; /* guarded */
	uint8_t key[PUBLIC_KEY_LEN];
	struct bundle_start start;
	uint64_t count;      /* tips in the bundle */
	struct chain after;  /* it */
	struct bytes whole;  /* it */
	const char *history; /* what tip 2 is, if not bundling_tip[2] */
};

/* Where tip number n begins in b->whole; that behind the last is the
 * trailer's place. */
size_t bundling_at(const struct bench *b, uint64_t n);

/* What reading gave, to be compared. */
struct events {
	/*
	 * The bytes of all tips, and a word for each: its number, how it
	 * stands (next, later, moved, again, outside), then ? if it was not
	 * proved, ! if its bytes were altered, / if it is purged, = if it has
	 * a link.
	 */
	struct bytes data, said;
	size_t tips, altered;
	enum bundle_problem problem;
	struct bytes missing; /* "2-3 7-7" */
	struct chain after;
};
void events_free(struct events *e);

/* cmocka's: *state is a struct bench with a bundle of all tips in it. */
int bundling_set_up(void **state);
int bundling_tear_down(void **state);

void bundling_digest(
    const void *p, size_t len, uint8_t digest[static DIGEST_LEN]);

/* A bundle of count tips from first on; seed and key are the caller's.
 * b->whole is the caller's to free. */
void bundling_make(struct bench *b, uint64_t first, uint64_t count);

/* Write one tip, the number-th. */
enum status bundling_write_tip(
    const struct bench *b, struct bundle_writer *w, uint64_t number);

/* Write the bundle of b. */
enum status bundling_write(
    const struct bench *b, struct sink *s, struct chain *after);

/* Read all with the key of b; *e is to be freed. */
enum status bundling_read(
    const struct bench *b, struct source *s, struct events *e);

#endif

/*
 * sentinels: test tips that only the analysts know, sent through the front
 * door by hand; one that does not come back shows a silent drop.
 *
 *	KEYS/sentinels
 *		tipline-sentinels 1
 *		sentinel DIGEST 2026-11-23T00:00:00Z 2026-11-30T00:00:00Z 0
 *
 * Only digests of their texts are kept, with the day each was made, the day
 * by which it should be back, and the number it came back as (0: not yet).
 */
#ifndef TIPLINE_ANALYST_SENTINELS_H
#define TIPLINE_ANALYST_SENTINELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "crypto/digest.h"

#define SENTINELS_MAX 4096
#define SENTINELS_TEXT_MAX (256 * 1024) /* a form takes no longer message */
#define SENTINELS_DAYS_DEFAULT 14

struct sentinel {
	uint8_t digest[DIGEST_LEN];
	uint64_t made, due; /* seconds since 1970 */
	uint64_t tip;       /* it came back as, 0: not yet */
};

struct sentinels {
	int keys; /* borrowed */
	size_t n;
	struct sentinel *s; /* SENTINELS_MAX, or NULL */
};

/* Read the file, if there is one.  What is wrong is said aloud.  On ST_OK or
 * not, the caller calls sentinels_free().  ST_DENIED, ST_MALFORMED, ST_LIMIT,
 * ST_IO, ST_NOMEM. */
MUST_CHECK enum status sentinels_load(int keys_dirfd, struct sentinels *out);

/* The digest of a message, whatever a browser made of its line ends, of
 * blanks at the ends of lines and of empty lines at its end.  ST_OK, ST_LIMIT,
 * ST_NOMEM; ST_ABSENT if nothing is left of it. */
MUST_CHECK enum status sentinels_digest(
    const void *text, size_t len, uint8_t digest[static DIGEST_LEN]);

/* Add one and write the file.  ST_OK, ST_EXISTS (such a text is known),
 * ST_LIMIT, and as durable_write(). */
MUST_CHECK enum status sentinels_add(struct sentinels *sentinels,
    const uint8_t digest[static DIGEST_LEN], uint64_t made, uint64_t due);

/* Is the message of tip number one of them?  Then *is, and if it was still
 * out, the file is written.  As durable_write(), ST_NOMEM. */
MUST_CHECK enum status sentinels_match(struct sentinels *sentinels,
    const struct bytes *message, uint64_t number, bool *is);

/* How many have not come back although they are due, and since when (the
 * earliest). */
size_t sentinels_overdue(
    const struct sentinels *sentinels, uint64_t now, uint64_t *since);

void sentinels_free(struct sentinels *sentinels);

/* Append a text like many that come: ordinary sentences, put together at
 * random.  ST_OK, ST_LIMIT, ST_NOMEM, ST_IO (no random numbers). */
MUST_CHECK enum status sentinels_text(struct bytes *out);

#endif

/*
 * opening: what the tests of envelope and opener share.
 *
 * What an opener calls back is written down as one text of bytes, in which
 * data that came in several calls cannot be told from data in one: two tips
 * hold the same if their texts are equal.
 */
#ifndef TIPLINE_TESTS_UNIT_CRYPTO_OPENING_H
#define TIPLINE_TESTS_UNIT_CRYPTO_OPENING_H

#include "base/bytes.h"
#include "crypto/opener.h"

#define TIP_MAX (1 << 26)
#define ME 0
#define YOU 1
#define PEOPLE 3 /* and a stranger, whom nothing is sealed to */

/* Key pairs, the secret halves in guarded memory. */
struct people {
	uint8_t *secret[PEOPLE];
	uint8_t public_key[PEOPLE][PUBLIC_KEY_LEN];
	struct opener_key key[PEOPLE];
};
void people_make(struct people *p);
void people_free(struct people *p);

/* The first n of them as recipients of epoch 1. */
void people_recipients(const struct people *p, size_t n, struct recipients *to);

/* What was called back; the fail_at-th call (from 1) returns ST_IO. */
struct opening {
	const struct opener_key *key; /* what lookup gives; may be NULL */
	const struct people *known;   /* whose public keys; may be NULL */
	int calls, fail_at;
	struct bytes text;
	struct opener_report report;
};
extern const struct opener_events opening_events; /* without ctx */

/* Open a whole tip, fed in pieces of at most step bytes.  The text is
 * emptied first; the caller frees it. */
enum status opening_run(
    struct opening *o, const uint8_t *p, size_t len, size_t step);

/* A sink that keeps what comes; the fail_at-th call (from 1) gives ST_IO. */
struct sealed {
	struct bytes b;
	int calls, fail_at;
};
enum status sealed_sink(void *ctx, const uint8_t *p, size_t len);

/* Seal one field and one file of len bytes of data to n people. */
enum status sealed_make(
    struct sealed *s, const struct people *p, size_t n, size_t len);

#endif

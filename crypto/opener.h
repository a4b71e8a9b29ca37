/*
 * opener: open sealed tips, on the analysts' machine only.
 *
 * The other side of crypto/envelope.h, linked into nothing that runs on the
 * server (tests/rules holds that).  Feed it a sealed tip in pieces of any
 * size; it calls back for each part and each stretch of data, after the
 * record that holds it has been authenticated.  What was called back before
 * a failure is authentic, but the tip is then not whole.
 */
#ifndef TIPLINE_CRYPTO_OPENER_H
#define TIPLINE_CRYPTO_OPENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/envelope.h"
#include "crypto/recipients.h"

struct opener; /* opaque, lives in guarded memory */

/* The secret half of an epoch key, borrowed from the keyring. */
struct opener_key {
	uint8_t id[KEY_ID_LEN];
	const uint8_t *public_key; /* PUBLIC_KEY_LEN */
	const uint8_t *secret_key; /* SECRET_KEY_LEN, guarded */
};

/*
 * Called with each key id of a tip's head in turn until one is ours.  Return
 * that key, or NULL.  The key is used at once and not kept.
 */
typedef const struct opener_key *opener_lookup(
    void *ctx, const uint8_t id[static KEY_ID_LEN], uint32_t epoch);

/*
 * Find the X25519 public key of an id, from any key set ever seen, or NULL.
 * Boxes of recipients that are known so are made again and compared.
 */
typedef const uint8_t *opener_known(
    void *ctx, const uint8_t id[static KEY_ID_LEN]);

struct opener_report;

/*
 * Is a tip of report->epoch to be sealed to exactly the recipients in the
 * report?  Called once the head is authentic, and before anything is opened.
 */
typedef bool opener_expected(void *ctx, const struct opener_report *report);

struct opener_events {
	opener_lookup *lookup;
	opener_known *known;       /* may be NULL: no other box is compared */
	opener_expected *expected; /* may be NULL: to whomever the head says */
	enum status (*part)(void *ctx, enum envelope_part kind,
	    const uint8_t *name, size_t len);
	enum status (*data)(void *ctx, const uint8_t *p, size_t len);
	enum status (*part_end)(void *ctx, uint64_t size);
	void *ctx;
};

/* Where a failed tip failed, for the person who reads the summary. */
struct opener_report {
	uint32_t epoch;    /* 0 until the head was read */
	size_t recipients; /* how many key ids the head names */
	uint8_t ids[RECIPIENTS_MAX][KEY_ID_LEN];
	bool unequal;    /* refused: a box is not made from the tip key, so
			    that it would open otherwise for somebody else */
	bool unexpected; /* refused: sealed to others than it is to be */
	size_t compared; /* boxes of others that were made again */
	uint64_t record; /* records that were authenticated */
	uint64_t offset; /* where the head or record that failed begins;
			    of a tip cut short, its length */
};

/* events is copied.  ST_OK (*out is the caller's) or ST_NOMEM. */
MUST_CHECK enum status opener_new(
    const struct opener_events *events, struct opener **out);

/*
 * Take in more sealed bytes.  ST_OK; ST_MALFORMED (layout), ST_VERSION,
 * ST_WRONG_KEY (no key of the head is ours), ST_FORGED (box, commitment or
 * record does not verify), or what a callback returned.  After any but ST_OK
 * every further call returns the same.
 */
MUST_CHECK enum status opener_feed(
    struct opener *op, const uint8_t *p, size_t len);

/* Say that the tip has ended.  ST_OK only if it is whole; ST_SHORT, or what
 * opener_feed() returned before. */
MUST_CHECK enum status opener_finish(struct opener *op);

void opener_report(const struct opener *op, struct opener_report *report);
void opener_free(struct opener *op);

/* Make an X25519 key pair; secret lies in guarded memory of the caller's. */
void epoch_key_new(uint8_t public_key[static PUBLIC_KEY_LEN],
    uint8_t secret_key[static SECRET_KEY_LEN]);

/* The public half of an X25519 secret key. */
void epoch_key_public(const uint8_t secret_key[static SECRET_KEY_LEN],
    uint8_t public_key[static PUBLIC_KEY_LEN]);

#endif

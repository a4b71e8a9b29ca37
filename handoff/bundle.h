/*
 * bundle: carry sealed tips from the server to the analysts.
 *
 * Layout: docs/FORMATS.md section 4.  Written once, forwards, never held in
 * memory; read the same way.  The reader trusts nothing: lengths are bounded,
 * the signature of the head and of each tip is checked before anything is
 * believed of it, each tip's digest is computed again, and the trailer's
 * signature is checked over what was really read.
 */
#ifndef TIPLINE_HANDOFF_BUNDLE_H
#define TIPLINE_HANDOFF_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/sign.h"
#include "handoff/bundle_writer.h"
#include "handoff/chain.h"

#define BUNDLE_GAPS_MAX 64

struct bundle_head {
	uint8_t server[KEY_ID_LEN];
	struct bundle_start start;
};

/* How a tip's number stands to those before it. */
enum bundle_order {
	BUNDLE_NEXT,    /* follows */
	BUNDLE_LATER,   /* numbers before it are missing so far */
	BUNDLE_MOVED,   /* one of those that were missing so far (or, with more
			   gaps than are remembered, may be) */
	BUNDLE_AGAIN,   /* came before: repeated */
	BUNDLE_OUTSIDE, /* before the bundle's first or behind the server's
			   last: invented or, if proved, another bundle's */
};

struct bundle_tip {
	uint64_t number, len;
	uint8_t digest[DIGEST_LEN];
	bool purged; /* no bytes follow */
	bool proved; /* the server signed number, length and digest */
	enum bundle_order order;
	bool has_link; /* proved, NEXT, and the chain leads without a break from
			  before to it; whether it is the server's chain now,
			  only bundle_reader_finish() tells */
	uint8_t link[DIGEST_LEN];
};

struct bundle_reader; /* opaque */

/* Reads up to len bytes; *got 0 means the end.  ST_OK or ST_IO. */
typedef enum status bundle_source(void *ctx, void *p, size_t len, size_t *got);

/* Why reading cannot go on, or what the end found, for people. */
enum bundle_problem {
	BUNDLE_FINE = 0,
	BUNDLE_UNREADABLE, /* the source failed, or memory ran out */
	BUNDLE_NONE,       /* not a bundle at all */
	BUNDLE_OTHER_VERSION,
	BUNDLE_OTHER_SERVER,
	BUNDLE_HEAD_FORGED, /* the head's signature is wrong */
	BUNDLE_CUT,         /* ends where it may not */
	BUNDLE_LAYOUT,      /* no tip and no trailer where one must begin */
	BUNDLE_END_FORGED,  /* the trailer's signature is wrong */
	BUNDLE_INCOMPLETE,  /* genuine trailer, but not just its tips came */
	BUNDLE_MORE,        /* bytes behind the trailer */
};

/*
 * Read the head and check its signature with the server's key.  ST_OK,
 * ST_NOMEM, ST_IO, ST_SHORT, ST_MALFORMED (not a bundle), ST_VERSION,
 * ST_WRONG_KEY, ST_FORGED; *problem then says which, and *head is filled as
 * far as it was read.
 */
MUST_CHECK enum status bundle_reader_begin(bundle_source *source, void *ctx,
    const uint8_t server_key[static PUBLIC_KEY_LEN], struct bundle_head *head,
    enum bundle_problem *problem, struct bundle_reader **out);

/*
 * Go on to the next tip.  ST_OK; ST_EOF at the trailer; ST_SHORT (cut),
 * ST_MALFORMED, ST_IO: nothing can be read on.  What is left of the tip before
 * is read.  A tip that is not proved or out of order is no failure: the caller
 * decides; numbers, gaps and chain are as if it had not come.
 */
MUST_CHECK enum status bundle_reader_next(
    struct bundle_reader *r, struct bundle_tip *tip);

/*
 * Give up to size bytes of the tip; *got 0 at its end.  Points into the
 * reader's buffer, valid until the next call.  ST_OK, ST_SHORT, ST_IO.
 */
MUST_CHECK enum status bundle_reader_data(
    struct bundle_reader *r, const uint8_t **p, size_t *got);

/* After a tip's end: ST_OK, or ST_FORGED if its bytes lack its digest.  Of a
 * purged tip there are no bytes: ST_OK. */
MUST_CHECK enum status bundle_reader_tip_end(struct bundle_reader *r);

/*
 * After ST_EOF: check the trailer's signature, count and head, and that
 * nothing follows.  ST_OK only if the bundle is complete: every number once,
 * in order, proved (whether bytes were altered was said tip by tip).
 * ST_FORGED (END_FORGED, INCOMPLETE), ST_MALFORMED (MORE; whether tips are
 * missing besides, bundle_reader_missing() tells), ST_IO.  *after, if not
 * NULL, is the chain behind the bundle, on ST_OK.
 */
MUST_CHECK enum status bundle_reader_finish(
    struct bundle_reader *r, struct chain *after);

/* The i-th range of numbers missing so far (up to what a proved trailer or,
 * if there is none, the last proved tip says).  False: there are no more.  Of
 * more than BUNDLE_GAPS_MAX the lowest are remembered, and *more tells that
 * there may be others behind them. */
bool bundle_reader_missing(const struct bundle_reader *r, size_t i,
    uint64_t *first, uint64_t *last, bool *more);

/* Why the last call failed; BUNDLE_FINE if none did. */
enum bundle_problem bundle_reader_problem(const struct bundle_reader *r);

/* Bytes read so far, for progress and for resuming. */
uint64_t bundle_reader_offset(const struct bundle_reader *r);
void bundle_reader_free(struct bundle_reader *r);

#endif

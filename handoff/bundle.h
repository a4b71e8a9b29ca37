/*
 * bundle: carry sealed tips from the server to the analysts.
 *
 * Layout: docs/FORMATS.md section 4.  Written once, forwards, never held in
 * memory; read the same way.  The reader trusts nothing: lengths are bounded,
 * each tip's digest is computed again, and the trailer's signature is checked
 * over what was really read.
 */
#ifndef TIPLINE_HANDOFF_BUNDLE_H
#define TIPLINE_HANDOFF_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/sign.h"
#include "handoff/chain.h"

#define BUNDLE_TIP_MAX (UINT64_C(1) << 40)

struct bundle_writer; /* opaque */

typedef enum status bundle_sink(void *ctx, const void *p, size_t len);

/*
 * Begin a bundle whose first tip continues chain; writes the head.  seed
 * (guarded, borrowed until free) signs.  ST_OK, ST_NOMEM, or the sink's.
 */
MUST_CHECK enum status bundle_writer_begin(const struct chain *before,
    const uint8_t seed[static SECRET_KEY_LEN], bundle_sink *sink, void *ctx,
    struct bundle_writer **out);

/* Begin the next tip: its length and digest, as the store gives them. */
MUST_CHECK enum status bundle_writer_tip(struct bundle_writer *w, uint64_t len,
    const uint8_t digest[static DIGEST_LEN]);

/* Add sealed bytes of it.  ST_BUG if there are more than were promised. */
MUST_CHECK enum status bundle_writer_data(
    struct bundle_writer *w, const uint8_t *p, size_t len);

/*
 * End the tip.  ST_FORGED when its bytes do not have the promised digest (the
 * store is damaged): the bundle goes on, and will be told at the other side.
 */
MUST_CHECK enum status bundle_writer_tip_end(struct bundle_writer *w);

/* Write the trailer.  *after, if not NULL, is the chain behind it. */
MUST_CHECK enum status bundle_writer_finish(
    struct bundle_writer *w, struct chain *after);
void bundle_writer_free(struct bundle_writer *w);

struct bundle_head {
	uint8_t server[KEY_ID_LEN];
	struct chain before; /* number is that of the first tip less 1 */
};

struct bundle_tip {
	uint64_t number, len;
	uint8_t digest[DIGEST_LEN];
};

struct bundle_reader; /* opaque */

/* Reads up to len bytes; *got 0 means the end.  ST_OK or ST_IO. */
typedef enum status bundle_source(void *ctx, void *p, size_t len, size_t *got);

/* What is wrong with a bundle, for the person who reads it. */
enum bundle_problem {
	BUNDLE_FINE = 0,
	BUNDLE_UNREADABLE, /* the source failed, or memory ran out */
	BUNDLE_NONE,       /* not a bundle at all */
	BUNDLE_OTHER_VERSION,
	BUNDLE_CUT,    /* ends where it may not */
	BUNDLE_JUMP,   /* a tip's number does not follow */
	BUNDLE_LAYOUT, /* no tip and no trailer where one must begin */
	BUNDLE_OTHER_SERVER,
	BUNDLE_COUNT, /* the trailer counts other tips than were read */
	BUNDLE_CHAIN, /* the chain does not lead from head to trailer */
	BUNDLE_SIGNATURE,
	BUNDLE_MORE,   /* bytes behind the trailer */
	BUNDLE_ALTERED /* genuine list of tips, but some tips altered */
};

/* Read the head.  ST_OK, ST_NOMEM, ST_IO, ST_SHORT, ST_MALFORMED (not a
 * bundle), ST_VERSION; *problem then says which. */
MUST_CHECK enum status bundle_reader_begin(bundle_source *source, void *ctx,
    struct bundle_head *head, enum bundle_problem *problem,
    struct bundle_reader **out);

/*
 * Go on to the next tip.  ST_OK; ST_EOF at the trailer; ST_SHORT (cut),
 * ST_MALFORMED, ST_LIMIT, ST_IO.  What is left of the tip before is read and
 * its digest checked.  When the number jumps, *tip still tells it.
 */
MUST_CHECK enum status bundle_reader_next(
    struct bundle_reader *r, struct bundle_tip *tip);

/*
 * Give up to size bytes of the tip; *got 0 at its end.  Points into the
 * reader's buffer, valid until the next call.  ST_OK, ST_SHORT, ST_IO.
 */
MUST_CHECK enum status bundle_reader_data(
    struct bundle_reader *r, const uint8_t **p, size_t *got);

/* Passes over up to len bytes of the source; *skipped tells how many there
 * were.  ST_OK or ST_IO. */
typedef enum status bundle_skip(void *ctx, uint64_t len, uint64_t *skipped);

/*
 * Instead of data and tip_end: pass over the tip, so that its digest is taken
 * at its word.  A reader that did this once reads but the
 * heads from then on.  ST_OK, ST_SHORT, ST_IO; ST_BUG outside a tip
 * or within its data.
 */
MUST_CHECK enum status bundle_reader_skip(
    struct bundle_reader *r, bundle_skip *skip);

/* After a tip's end: ST_OK, or ST_FORGED if its bytes lack its digest. */
MUST_CHECK enum status bundle_reader_tip_end(struct bundle_reader *r);

/*
 * After ST_EOF: check count, head and signature with the server's key, and
 * that nothing follows.  ST_OK only if every tip had its digest, too, but for
 * those that were skipped.
 * ST_FORGED, ST_WRONG_KEY, ST_MALFORMED, ST_IO.  *after, if not NULL, is the
 * chain behind the bundle.
 */
MUST_CHECK enum status bundle_reader_finish(struct bundle_reader *r,
    const uint8_t server_key[static PUBLIC_KEY_LEN], struct chain *after);

/* Why the last call failed; BUNDLE_FINE if none did. */
enum bundle_problem bundle_reader_problem(const struct bundle_reader *r);

/* Bytes read so far, for progress. */
uint64_t bundle_reader_offset(const struct bundle_reader *r);
void bundle_reader_free(struct bundle_reader *r);

#endif

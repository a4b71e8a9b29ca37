/*
 * bundle_writer: the server's half of bundle.h, which includes it.
 */
#ifndef TIPLINE_HANDOFF_BUNDLE_WRITER_H
#define TIPLINE_HANDOFF_BUNDLE_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/sign.h"
#include "handoff/chain.h"

#define BUNDLE_TIP_MAX (UINT64_C(1) << 40)

/* What the head says beside whose it is. */
struct bundle_start {
	uint64_t bundle;     /* number of this export */
	uint64_t last;       /* the server's last tip when it was made */
	uint32_t epoch;      /* highest ever in force there, 0 none */
	struct chain before; /* number is that of the first tip less 1 */
};

struct bundle_writer; /* opaque */

typedef enum status bundle_sink(void *ctx, const void *p, size_t len);

/*
 * Begin a bundle; writes the head.  seed (guarded, borrowed until free)
 * signs.  ST_OK, ST_NOMEM, or the sink's; ST_BUG when start->before is behind
 * start->last.
 */
MUST_CHECK enum status bundle_writer_begin(const struct bundle_start *start,
    const uint8_t seed[static SECRET_KEY_LEN], bundle_sink *sink, void *ctx,
    struct bundle_writer **out);

/* Go on with a bundle that was cut: it holds the head of start and all tips
 * up to at.  Writes nothing by itself.  As bundle_writer_begin(); ST_BUG when
 * at is before start or behind its last. */
MUST_CHECK enum status bundle_writer_resume(const struct bundle_start *start,
    const struct chain *at, const uint8_t seed[static SECRET_KEY_LEN],
    bundle_sink *sink, void *ctx, struct bundle_writer **out);

/* Begin the next tip: its length and digest, as the store gives them.  ST_BUG
 * when it is behind start->last, or len is 0 or above BUNDLE_TIP_MAX. */
MUST_CHECK enum status bundle_writer_tip(struct bundle_writer *w, uint64_t len,
    const uint8_t digest[static DIGEST_LEN]);

/* The whole of the next tip, when it was purged. */
MUST_CHECK enum status bundle_writer_purged(struct bundle_writer *w,
    uint64_t len, const uint8_t digest[static DIGEST_LEN]);

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

#endif

/*
 * tips_out: tips on their way from the database into a bundle.
 *
 * The database is read in short transactions, so that the server goes on
 * beside it.  A tip whose bytes are damaged goes out as it is, since the
 * analysts' tool names it and opens the others.
 */
#ifndef TIPLINE_OPERATOR_TIPS_OUT_H
#define TIPLINE_OPERATOR_TIPS_OUT_H

#include <stdint.h>

#include "handoff/bundle.h"
#include "store/store.h"

struct tips_out {
	struct store *store;          /* borrowed */
	struct bundle_writer *writer; /* borrowed */
	const char *doing;            /* for progress_tip() */
	uint64_t last;                /* the same */
	/* what went out */
	uint64_t bytes, damaged;
	/* the tip under way */
	uint64_t number, left;
	enum status written; /* what the writer said */
};

/* Write the tip; of a purged one its link.  ST_OK (a damaged one was said
 * and counted), ST_NOMEM, ST_BUSY, or what the writer returned. */
MUST_CHECK enum status tips_out_put(
    struct tips_out *out, const struct store_tip *tip);

#endif

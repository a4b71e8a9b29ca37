/*
 * ack: make a return bundle: what was opened, what the server may have
 * forgotten, and replies among which decoys hide.
 */
#ifndef TIPLINE_ANALYST_ACK_H
#define TIPLINE_ANALYST_ACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyst/desk.h"
#include "analyst/outbox.h"
#include "analyst/ranges.h"
#include "base/status.h"
#include "crypto/reply.h"
#include "handoff/returns.h"

#define ACK_REPLIES_MAX (RETURNS_ITEMS_MAX / 2)
#define ACK_DAYS_DEFAULT 60
#define ACK_PAD_MAX 4096

enum ack_kind { ACK_WAITING, ACK_SENT, ACK_ARRIVED, ACK_DECOY };

/* Where a reply comes from: its place in the outbox, or its tip. */
struct ack_source {
	enum ack_kind kind;
	uint64_t at;
	uint8_t mailbox[MAILBOX_ID_LEN]; /* of ACK_ARRIVED */
};

struct ack {
	struct desk *desk; /* borrowed, as all pointers up to wipe */
	struct outbox *outbox;
	int cases;                     /* for arrived; -1 none */
	const struct reply *arrived;   /* its text; NULL: none */
	const uint8_t *seed;           /* the signer's */
	uint32_t today, last_day;      /* days since 1970 */
	uint64_t pad, links_from;      /* 0: none */
	bool again;                    /* what the last one held */
	struct reply *work;            /* guarded, for one reply */
	struct returns_writer *writer; /* while it is written */
	int sentfd;
	size_t n, cap;
	struct ack_source *source; /* owned */
	uint64_t *covered; /* owned: tips answered with their thread's last */
	/* What it holds, to be said. */
	struct ranges confirmed;
	uint64_t confirmed_tips, not_confirmed, links, links_last;
	uint64_t waiting, arrived_tips, covered_tips, no_mailbox, decoys;
	/* Of the walk through the ledger. */
	struct chain chain;
	bool chain_known, range_open;
	struct returns_confirmed range;
};

/* Gather the replies, with decoys among them, in no order.  What is wrong is
 * said aloud.  ST_OK, ST_LIMIT, ST_MALFORMED, ST_IO, ST_NOMEM. */
MUST_CHECK enum status ack_gather(struct ack *ack);

/* Write all items.  What is wrong is said aloud.  As above, ST_FULL, and as
 * the writer. */
MUST_CHECK enum status ack_write(struct ack *ack);

/* Once the return bundle is on disk: remember whose tips were answered.  As
 * the ledger. */
MUST_CHECK enum status ack_remember(struct ack *ack);

void ack_free(struct ack *ack);

#endif

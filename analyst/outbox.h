/*
 * outbox: sealed replies that wait for a return bundle.
 *
 *	KEYS/outbox/tip-000017-0123456789abcdef.reply   one each, sealed
 *	KEYS/outbox/sent         all that the last return bundle held, decoys
 *	                         among them, until the next: it may be lost
 *
 * Nothing here can be read by anybody but whoever has the return code.
 */
#ifndef TIPLINE_ANALYST_OUTBOX_H
#define TIPLINE_ANALYST_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/reply.h"

#define OUTBOX_NAME_LEN 56
#define OUTBOX_MAX ((size_t)1 << 16) /* waiting at once */

struct outbox {
	int dirfd;
	size_t n; /* waiting */
	char (*name)[OUTBOX_NAME_LEN];
	uint64_t sent; /* how many sent holds */
	int sentfd;    /* of the last return bundle, -1: none */
};

/* A reply as it waits. */
struct outbox_item {
	uint64_t tip; /* 0 in sent */
	uint8_t mailbox[MAILBOX_ID_LEN];
	uint8_t sealed[REPLY_LEN];
};

/* Open the folder, making it if need be, and list it.  Failures are said
 * aloud.  On ST_OK or not, the caller calls outbox_close().  ST_DENIED,
 * ST_MALFORMED, ST_LIMIT, ST_FULL, ST_IO, ST_NOMEM. */
MUST_CHECK enum status outbox_open(int keys_dirfd, struct outbox *box);

/* Put a reply in, durably.  As durable_write(). */
MUST_CHECK enum status outbox_put(
    struct outbox *box, const struct outbox_item *item);

/* Read the i-th that waits, or the i-th that was sent.  Failures are said
 * aloud.  ST_OK, ST_MALFORMED, ST_IO, ST_NOMEM. */
MUST_CHECK enum status outbox_get(
    const struct outbox *box, size_t i, struct outbox_item *item);
MUST_CHECK enum status outbox_get_sent(
    const struct outbox *box, uint64_t i, struct outbox_item *item);

/* Write a new sent, in the place of the old one once it is finished.  As
 * durable_stream_*(). */
MUST_CHECK enum status outbox_sent_begin(struct outbox *box, int *fd);
MUST_CHECK enum status outbox_sent_add(int fd, const struct outbox_item *item);
MUST_CHECK enum status outbox_sent_finish(struct outbox *box, int *fd);
void outbox_sent_drop(struct outbox *box, int *fd);

/* Remove all that waits: it is in sent.  ST_OK or ST_IO. */
MUST_CHECK enum status outbox_clear(struct outbox *box);

void outbox_close(struct outbox *box);

#endif

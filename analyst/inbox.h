/*
 * inbox: a bundle file as verify and open read it, and in words what is
 * wrong with it.
 */
#ifndef TIPLINE_ANALYST_INBOX_H
#define TIPLINE_ANALYST_INBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/keyset.h"
#include "handoff/bundle.h"

struct inbox {
	int fd;
	uint64_t size; /* of the file, 0 when not known */
	struct bundle_reader *reader;
	struct bundle_head head;
	struct bundle_tip tip; /* the one being read */
	uint64_t tips;         /* read whole so far */
	uint64_t altered;
};

/*
 * Open a bundle and read its head, which must name server.  What is wrong is
 * said aloud.  On ST_OK or not, the caller calls inbox_close().  ST_ABSENT,
 * ST_DENIED, ST_WRONG_KEY, and as bundle_reader_begin().
 */
MUST_CHECK enum status inbox_open(
    const char *path, const struct server_identity *server, struct inbox *in);

/* Go on to the next tip, into in->tip, and show the progress.  As
 * bundle_reader_next(). */
MUST_CHECK enum status inbox_next(struct inbox *in);

/* Read what is left of the tip; a tip whose digest is wrong is said aloud.
 * ST_OK, ST_FORGED (go on with the next), or a fault of the bundle. */
MUST_CHECK enum status inbox_tip_end(struct inbox *in);

/*
 * Say how the bundle ended, st being what inbox_next() said last.  Returns
 * whether it is complete, unaltered and signed by server.
 */
bool inbox_conclude(
    struct inbox *in, enum status st, const struct server_identity *server);

void inbox_close(struct inbox *in);

#endif

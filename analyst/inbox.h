/*
 * inbox: a bundle file as verify and open read it, and in words what is
 * wrong with it.
 *
 * verify reads it once.  open reads it twice: inbox_prove() hops from tip to
 * tip and checks the signature at the end over what their heads state; then
 * each tip is held against its proved digest while it is opened.
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
	bool regular;  /* can be read twice */
	uint64_t at;   /* where to read on, if regular */
	struct bundle_reader *reader;
	struct bundle_head head;
	struct bundle_tip tip; /* the one being read */
	uint64_t tips;         /* read whole so far */
	uint64_t altered;
	bool proved;                /* by inbox_prove() */
	bool changed;               /* since inbox_prove() */
	enum bundle_problem faulty; /* what inbox_prove() found */
	uint8_t *digests;           /* the proved ones, owned */
	size_t digests_len, digests_cap;
};

/*
 * Open a bundle and read its head, which must name server.  What is wrong is
 * said aloud.  On ST_OK or not, the caller calls inbox_close().  ST_ABSENT,
 * ST_DENIED, ST_WRONG_KEY, and as bundle_reader_begin().
 */
MUST_CHECK enum status inbox_open(
    const char *path, const struct server_identity *server, struct inbox *in);

/*
 * Read the heads alone, from the first to the trailer, and check count, chain
 * and signature; then begin again at the first tip.  in->proved tells; what
 * is wrong is said aloud.  Only for a regular file.  ST_OK, proved or not;
 * ST_NOMEM, ST_FORGED (changes while it is read) and as inbox_open(), said.
 */
MUST_CHECK enum status inbox_prove(
    struct inbox *in, const struct server_identity *server);

/* Go on to the next tip, into in->tip, and show the progress.  As
 * bundle_reader_next(); ST_FORGED, said, when a proved bundle has changed. */
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

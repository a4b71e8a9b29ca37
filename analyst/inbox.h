/*
 * inbox: a bundle file as verify and open read it, held against the ledger;
 * and in words what a courier, or the server, did to it.
 *
 * One pass: the server signed each tip alone, so a tip is proved or not when
 * it comes, whatever becomes of the rest of the bundle.
 */
#ifndef TIPLINE_ANALYST_INBOX_H
#define TIPLINE_ANALYST_INBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "analyst/ledger.h"
#include "analyst/ranges.h"
#include "base/status.h"
#include "crypto/keyset.h"
#include "handoff/bundle.h"

#define INBOX_PEEK_LEN 20 /* of a sealed tip: magic and epoch */

/* What to make of the tip that is being read. */
enum inbox_verdict {
	INBOX_PROVED,
	INBOX_PURGED,   /* proved; its bytes are no longer on the server */
	INBOX_AGAIN,    /* came before in this bundle: to be passed over */
	INBOX_INVENTED, /* not signed by the server */
	INBOX_OTHER     /* signed, but another one of that number is known */
};

struct inbox {
	int fd;
	uint64_t size;                        /* of the file, 0: not known */
	const struct server_identity *server; /* borrowed */
	struct ledger *ledger;                /* borrowed */
	struct ledger_facts knew;             /* before this bundle */
	struct bundle_reader *reader;
	struct bundle_head head;
	struct bundle_tip tip; /* the one being read, or read last */
	bool in_tip;           /* not yet to its end */
	bool whole;            /* read to its end, and unaltered */
	enum inbox_verdict verdict;
	enum ledger_state was;   /* what the ledger knew of it */
	struct ledger_tip entry; /* what it is to know once all is read */
	uint8_t peek[INBOX_PEEK_LEN];
	size_t peeked;
	uint64_t highest; /* number that was read so far */
	uint64_t tips;    /* proved, read whole and unaltered */
	uint64_t news;    /* of these, new: for whoever reads to count */
	bool ledger_fault;
	/* Signs of a server that went back in time. */
	bool back_last, back_epoch, back_before;
	struct ranges altered, moved, again, invented, mixed, other;
};

/*
 * Open a bundle and read its head, which must be signed by server.  What is
 * wrong is said aloud.  On ST_OK or not, the caller calls inbox_close().
 * ST_ABSENT, ST_DENIED, ST_WRONG_KEY, of the ledger, and as
 * bundle_reader_begin().
 */
MUST_CHECK enum status inbox_open(const char *path,
    const struct server_identity *server, struct ledger *ledger,
    struct inbox *in);

/* Go on to the next tip, into in->tip, find in->verdict, and show the
 * progress.  As bundle_reader_next(); ledger_fault, said, besides. */
MUST_CHECK enum status inbox_next(struct inbox *in);

/* As bundle_reader_data(). */
MUST_CHECK enum status inbox_data(
    struct inbox *in, const uint8_t **p, size_t *got);

/* Read what is left of the tip.  ST_OK, ST_FORGED (altered: go on with the
 * next), or a fault of the bundle. */
MUST_CHECK enum status inbox_tip_end(struct inbox *in);

/* Put in->entry into the ledger, if the tip is proved.  ST_OK, or a fault of
 * the ledger, said aloud. */
MUST_CHECK enum status inbox_record(struct inbox *in);

/* The tip, which is INBOX_OTHER, was opened apart and is on disk.  ST_OK, or
 * a fault of the ledger, said aloud. */
MUST_CHECK enum status inbox_other_opened(struct inbox *in);

/*
 * Say how the bundle ended, st being what inbox_next() said last, what is
 * wrong with it, and what has not been seen; write the ledger.  Returns
 * whether everything is well: the bundle complete and unaltered, and nothing
 * unseen up to the server's last tip.
 */
bool inbox_conclude(struct inbox *in, enum status st);

void inbox_close(struct inbox *in);

#endif

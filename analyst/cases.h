/*
 * cases: the folder of all opened tips.
 *
 *	CASES/tip-000017/     a bag (bag.h), whole, never touched again
 *	CASES/index.html      the newest of them, and where the others are
 *	CASES/index-0001.html tips 1 to 500, and so on
 *	CASES/.threads        which tips belong together, read off the bags
 *	CASES/unproved/       the same again, for tips that nothing proves
 *
 * Bags are gathered and moved into place together, after one syncfs() for
 * all of them: a flush for each file would take longer than all the rest.
 */
#ifndef TIPLINE_ANALYST_CASES_H
#define TIPLINE_ANALYST_CASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyst/bag.h"
#include "analyst/ledger.h"
#include "base/status.h"

#define CASES_UNPROVED "unproved"
#define CASES_BATCH_TIPS 512
#define CASES_BATCH_BYTES (UINT64_C(256) << 20)
#define CASES_PAGE_TIPS 500

struct cases {
	int dirfd; /* where bags are made, locked while it is open */
	bool unproved;
	struct ledger *ledger; /* borrowed, may be NULL */
	uint64_t moved;        /* bags that are in their place now */
	size_t waiting;
	uint64_t waiting_bytes;
	uint64_t number[CASES_BATCH_TIPS];
	struct ledger_tip entry[CASES_BATCH_TIPS];
};

enum cases_found {
	CASES_ABSENT,  /* no such tip yet */
	CASES_SAME,    /* the same sealed tip was opened before */
	CASES_CONFLICT /* something else has its place */
};

/*
 * Open the folder, making it if need be, lock it, and remove what a cut run
 * left.  What is moved into place is put into ledger, unless that is NULL.
 * Failures are said aloud.  On ST_OK or not, the caller calls cases_close().
 * ST_DENIED, ST_BUSY (another run), ST_IO.
 */
MUST_CHECK enum status cases_open(
    const char *path, struct ledger *ledger, struct cases *cases);

/* The same for the folder CASES/unproved in proved, made if need be.  As
 * above, and ST_FULL. */
MUST_CHECK enum status cases_open_unproved(
    const struct cases *proved, struct cases *cases);

/* Has tip number been opened before? */
enum cases_found cases_look(const struct cases *cases, uint64_t number,
    const uint8_t sealed_digest[static DIGEST_LEN]);

/* Queue the finished bag of tip number, which holds size bytes, and commit
 * when many wait; entry is then for the ledger.  As cases_commit(). */
MUST_CHECK enum status cases_add(struct cases *cases, uint64_t number,
    uint64_t size, const struct ledger_tip *entry);

/* Flush what waits, move it into place and put it into the ledger.  After a
 * failure nothing waits, and what was not moved is removed.  ST_OK, ST_FULL,
 * ST_IO, ST_EXISTS, ST_MALFORMED (the ledger, said aloud). */
MUST_CHECK enum status cases_commit(struct cases *cases);

/* Make the pages of the list anew on which something has changed.  ST_OK,
 * ST_FULL, ST_IO, ST_DENIED, ST_NOMEM. */
MUST_CHECK enum status cases_index(const struct cases *cases);

void cases_close(struct cases *cases);

#endif

/*
 * cases: the folder of all opened tips.
 *
 *	CASES/tip-000017/    a bag (bag.h), whole, never touched again
 *	CASES/index.html     the list of all, the only file ever replaced
 *	CASES/unproved/      the same again, for tips that nothing proves: of
 *	                     a bundle that is cut, forged or damaged
 *
 * Bags are gathered and moved into place together, after one syncfs() for
 * all of them: a flush for each file would take longer than all the rest.
 */
#ifndef TIPLINE_ANALYST_CASES_H
#define TIPLINE_ANALYST_CASES_H

#include <stddef.h>
#include <stdint.h>

#include "analyst/bag.h"
#include "base/status.h"

#define CASES_UNPROVED "unproved"
#define CASES_BATCH_TIPS 512
#define CASES_BATCH_BYTES (UINT64_C(256) << 20)

struct cases {
	int dirfd;    /* where bags are made, locked while it is open */
	int provedfd; /* CASES, once dirfd is CASES/unproved; else -1 */
	size_t waiting;
	uint64_t waiting_bytes;
	uint64_t number[CASES_BATCH_TIPS];
};

enum cases_found {
	CASES_ABSENT,  /* no such tip yet */
	CASES_SAME,    /* the same sealed tip was opened before */
	CASES_CONFLICT /* something else has its place */
};

/*
 * Open the folder, making it if need be, lock it, and remove what a cut run
 * left.  Failures are said aloud.  On ST_OK or not, the caller calls
 * cases_close().  ST_DENIED, ST_BUSY (another run), ST_IO.
 */
MUST_CHECK enum status cases_open(const char *path, struct cases *cases);

/*
 * From now on, make bags in CASES/unproved; it is made if need be.  Failures
 * are said aloud.  As cases_open().
 */
MUST_CHECK enum status cases_into_unproved(struct cases *cases);

/* Has tip number been opened before?  A proved one counts for an unproved
 * one, if it is the same. */
enum cases_found cases_look(const struct cases *cases, uint64_t number,
    const uint8_t sealed_digest[static DIGEST_LEN]);

/* Queue the finished bag of tip number, which holds size bytes, and commit
 * when many wait.  As cases_commit(). */
MUST_CHECK enum status cases_add(
    struct cases *cases, uint64_t number, uint64_t size);

/* Flush what waits and move it into place.  After a failure nothing waits,
 * and what was not moved is removed.  ST_OK, ST_FULL, ST_IO, ST_EXISTS. */
MUST_CHECK enum status cases_commit(struct cases *cases);

/* Make each index.html anew from the tip.json files.  ST_OK, ST_FULL, ST_IO,
 * ST_DENIED, ST_NOMEM. */
MUST_CHECK enum status cases_index(const struct cases *cases);

void cases_close(struct cases *cases);

#endif

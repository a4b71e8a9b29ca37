/*
 * progress: how far the uploads are that were sent from the page for large
 * files, by the token of the page.
 *
 * Held in memory alone, for the upload and LIMIT_PROGRESS_KEEP seconds
 * longer, so that the frame that looks can tell how it ended.  A token is
 * random, made for one page, and names nobody.
 */
#ifndef TIPLINE_INTAKE_PROGRESS_H
#define TIPLINE_INTAKE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "intake/route.h"
#include "site/answer_list.h"

struct progress_table; /* opaque */
struct progress;       /* one upload; borrowed from its table until its end */

/* ST_OK (*out is the caller's) or ST_NOMEM. */
MUST_CHECK enum status progress_table_new(struct progress_table **out);
void progress_table_free(struct progress_table *table);

/* An upload of so many bytes begins.  NULL: no place, or one with that token
 * is under way; nobody will see how far it is, and it goes on all the same.
 * now: seconds of any clock that is never set. */
struct progress *progress_begin(struct progress_table *table,
    const uint8_t token[static ROUTE_TOKEN_LEN], uint64_t bytes, uint64_t now);

/* So many bytes of it are still to come. */
void progress_left(struct progress *progress, uint64_t bytes);

/* It has ended with this answer. */
void progress_end(struct progress *progress, enum answer how, uint64_t now);

/* Forget those whose time is over.  In how many seconds there is more to be
 * forgotten; 0: nothing else has ended. */
uint64_t progress_forget(struct progress_table *table, uint64_t now);

enum progress_state {
	PROGRESS_UNKNOWN, /* not begun, or long over */
	PROGRESS_COMING,  /* *percent of it came */
	PROGRESS_STORING, /* all came */
	PROGRESS_ENDED,   /* *how */
};
enum progress_state progress_look(struct progress_table *table,
    const uint8_t token[static ROUTE_TOKEN_LEN], uint64_t now,
    unsigned *percent, enum answer *how);

#endif

/*
 * worker: do pieces of work in order, in a thread beside the caller's.
 *
 * For digests and writes of large tips, which would otherwise take as long
 * again as opening them.  The thread starts with the first piece; where none
 * can be had, each piece is done at once by the caller, only slower.
 */
#ifndef TIPLINE_HANDOFF_WORKER_H
#define TIPLINE_HANDOFF_WORKER_H

#include <stddef.h>

#include "base/status.h"

#define WORKER_QUEUE_MAX 8

struct worker; /* opaque */

/* Do one piece.  After anything but ST_OK no more pieces are done. */
typedef enum status worker_job(void *ctx, const void *p, size_t len);

/* ctx is borrowed until worker_free().  ST_OK or ST_NOMEM. */
MUST_CHECK enum status worker_new(
    worker_job *job, void *ctx, struct worker **out);

/*
 * Queue a piece; p stays borrowed until worker_wait() says that it is done.
 * Waits while WORKER_QUEUE_MAX are queued.  ST_OK, or the first failure of
 * the job, with its errno.
 */
MUST_CHECK enum status worker_add(struct worker *w, const void *p, size_t len);

/* Wait until at most so many pieces are not done.  As worker_add(). */
MUST_CHECK enum status worker_wait(struct worker *w, size_t most);

/* Finish what is queued and free; NULL is allowed. */
void worker_free(struct worker *w);

#endif

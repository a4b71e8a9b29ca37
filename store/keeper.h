/*
 * keeper: the process that owns the database.
 *
 * It takes frames (keeper_msg.h) from one channel and turns them into rows.
 * Everything that is whole at the end of a turn is committed together, flushed
 * and then answered.  What is not whole yet is written as it comes, so that
 * nothing of a long upload has to be held in memory.
 */
#ifndef TIPLINE_STORE_KEEPER_H
#define TIPLINE_STORE_KEEPER_H

#include "base/status.h"
#include "store/store.h"

struct keeper; /* opaque: all its memory, once */

/* Everything is allocated here.  store is borrowed until keeper_free(), and
 * channel, a stream socket, is made non-blocking.  ST_OK, ST_NOMEM, ST_IO. */
MUST_CHECK enum status keeper_new(
    struct store *store, int channel, struct keeper **out);
void keeper_free(struct keeper *keeper);

/*
 * Serve until the channel ends or stop_fd (-1: none) can be read; then put
 * away what was cut off, for at most two seconds.  ST_OK, ST_MALFORMED (the
 * other side broke the rules), ST_IO (the channel, or the database again and
 * again: start anew).
 */
MUST_CHECK enum status keeper_run(struct keeper *keeper, int stop_fd);

#endif

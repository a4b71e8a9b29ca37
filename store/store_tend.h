/*
 * store_tend: what is done to a store beside taking tips: tips whose bytes the
 * analysts have are purged, replies wait to be fetched.
 *
 * A part of store.h, which brings it along.  A reply is sealed to a mailbox
 * that only its return code opens; the store knows no more of it than the
 * mailbox's id and the last day that it is to be kept.
 */
#ifndef TIPLINE_STORE_STORE_TEND_H
#define TIPLINE_STORE_STORE_TEND_H

#include "store/store.h"

#define STORE_MAILBOX_LEN 16
#define STORE_REPLY_LEN 4144
#define STORE_REPLIES_MAX 8 /* in one mailbox */

struct store_reply {
	uint64_t id; /* random, not 0: tells no order */
	uint8_t sealed[STORE_REPLY_LEN];
};

/*
 * STORE_TEND: delete the bytes of tip number, keeping its row, in steps of
 * about max bytes, one transaction each; call again while *more.  What a
 * crash leaves half done the keeper clears.  ST_OK (also if it was purged
 * before: *bytes is 0), ST_ABSENT, ST_BUSY, ST_FULL, ST_IO, ST_NOMEM.
 */
MUST_CHECK enum status store_purge(struct store *store, uint64_t number,
    size_t max, uint64_t *bytes, bool *more);

/*
 * STORE_TEND, or STORE_WRITE, which waits for nobody.  After purging or
 * deleting: bring the log into the database and cut it to nothing, so that no
 * deleted byte is left in either.  ST_OK, ST_BUSY (a reader or the keeper held
 * on for STORE_BUSY_MS: try again), ST_IO, ST_NOMEM, ST_BUG.
 */
MUST_CHECK enum status store_scrub(struct store *store);

/*
 * STORE_TEND or STORE_WRITE, a transaction of its own unless one is open:
 * keep a reply up to and with last_day (days since 1970).  A mailbox with
 * STORE_REPLIES_MAX loses the one that would end first.  A reply that is
 * there already, the same bytes in the same mailbox, is left as it is.  ST_OK,
 * ST_FULL, ST_BUSY, ST_IO, ST_NOMEM, ST_BUG (a reader).
 */
MUST_CHECK enum status store_reply_put(struct store *store,
    const uint8_t mailbox[static STORE_MAILBOX_LEN], uint32_t last_day,
    const uint8_t sealed[static STORE_REPLY_LEN]);

/* All replies of a mailbox, by their ids; places not used are zero.  ST_OK
 * (*count may be 0), ST_IO, ST_MALFORMED, ST_NOMEM. */
MUST_CHECK enum status store_replies(struct store *store,
    const uint8_t mailbox[static STORE_MAILBOX_LEN],
    struct store_reply out[static STORE_REPLIES_MAX], size_t *count);

/* Really delete the reply of that id, if it is in that mailbox; a durable
 * transaction of its own unless one is open, with the same work if there is
 * none.  ST_OK either way, ST_BUSY, ST_FULL, ST_IO, ST_NOMEM. */
MUST_CHECK enum status store_reply_delete(struct store *store,
    const uint8_t mailbox[static STORE_MAILBOX_LEN], uint64_t id);

/* Delete at most max replies whose last day is before today; *count tells
 * how many.  As above. */
MUST_CHECK enum status store_replies_expire(
    struct store *store, uint32_t today, size_t max, size_t *count);

/* For a backup: the reply with the smallest id above after.  ST_OK, ST_EOF,
 * ST_IO, ST_MALFORMED. */
struct store_kept_reply {
	uint8_t mailbox[STORE_MAILBOX_LEN];
	uint32_t last_day;
	struct store_reply reply;
};
MUST_CHECK enum status store_reply_next(
    struct store *store, uint64_t after, struct store_kept_reply *out);

#endif

/*
 * keeper_link: the receiver's end of the channel to the keeper.
 *
 * Frames of store/keeper_msg.h go out through a queue of sealed bytes; what
 * comes back is told to the owner of the upload it is about.  The channel may
 * end at any moment (the keeper died) and be replaced by a new one.
 *
 * Numbers count up and are not used again soon, so that an answer to an
 * upload given up earlier never reaches a later one.
 */
#ifndef TIPLINE_INTAKE_KEEPER_LINK_H
#define TIPLINE_INTAKE_KEEPER_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/envelope.h"
#include "crypto/return_code.h"

struct event_base;
struct keeper_link; /* opaque */

/* What became of an upload, or of a question about a mailbox.  Its number is
 * free by then. */
enum keeper_outcome {
	OUTCOME_KEPT,      /* on disk; a question: answered */
	OUTCOME_FULL,      /* refused: no room */
	OUTCOME_TROUBLE,   /* refused: the store failed */
	OUTCOME_LOST,      /* the channel ended; surely not kept */
	OUTCOME_UNCERTAIN, /* the channel ended before the answer came */
};

/* None of these may free the link; none is called from within a call of
 * the owner's. */
struct keeper_events {
	void (*outcome)(void *owner, enum keeper_outcome outcome);
	/* One of KEEPER_SLOTS answers to keeper_link_mail(); behind the last
	 * comes OUTCOME_KEPT. */
	void (*slot)(void *owner, uint64_t id, const uint8_t *sealed);
	void (*room)(void *ctx, uint64_t files, uint64_t text);
	void (*drained)(void *ctx); /* written, and the queue is below half */
	void (*gone)(void *ctx);    /* after every upload had its outcome */
	void *ctx;
};

/* base is borrowed, events copied.  ST_OK (*out is the caller's), ST_NOMEM. */
MUST_CHECK enum status keeper_link_new(struct event_base *base,
    const struct keeper_events *events, struct keeper_link **out);
void keeper_link_free(struct keeper_link *link);

/* Take fd (closed later, or now on failure) as the channel from now on; an
 * older one ends as if the keeper had closed it.  ST_OK, ST_NOMEM, ST_IO. */
MUST_CHECK enum status keeper_link_attach(struct keeper_link *link, int fd);

/* Is there a channel? */
bool keeper_link_up(const struct keeper_link *link);

/* Are there so many bytes waiting that nobody should add to them? */
bool keeper_link_full(const struct keeper_link *link);

/* Choose a number for an upload; owner is told its outcome.  ST_OK,
 * ST_AGAIN (no channel), ST_LIMIT (KEEPER_UPLOADS_MAX are open). */
MUST_CHECK enum status keeper_link_open(
    struct keeper_link *link, void *owner, uint32_t *number);

/* Queue 1 to KEEPER_DATA_MAX sealed bytes, all or none of them.  ST_OK,
 * ST_NOMEM, ST_EOF (the number has had its outcome). */
MUST_CHECK enum status keeper_link_data(
    struct keeper_link *link, uint32_t number, const uint8_t *p, size_t len);

/* Say that the upload is whole.  ST_OK: an outcome will follow. As above. */
MUST_CHECK enum status keeper_link_commit(struct keeper_link *link,
    uint32_t number, uint64_t len, const uint8_t digest[static TIP_DIGEST_LEN]);

/*
 * Ask which replies wait for a mailbox, or have one deleted.  ST_OK: an
 * outcome will follow; ST_AGAIN (no channel), ST_LIMIT (KEEPER_MAILS_MAX are
 * under way, or as keeper_link_open()), ST_NOMEM.
 */
MUST_CHECK enum status keeper_link_mail(struct keeper_link *link, void *owner,
    const uint8_t box[static MAILBOX_ID_LEN], uint32_t *number);
MUST_CHECK enum status keeper_link_forget(struct keeper_link *link, void *owner,
    const uint8_t box[static MAILBOX_ID_LEN], uint64_t id, uint32_t *number);

/*
 * The owner ends.  An upload that was not committed is aborted; one that was,
 * and a question, goes its way and nobody is told.  A number that has had its
 * outcome, or 0, is allowed.
 */
void keeper_link_leave(struct keeper_link *link, uint32_t number);

#endif

/*
 * returns: the return bundle, from the analysts back to the server.
 *
 * Layout: docs/FORMATS.md section 7.  Confirmations of opened tips, links
 * for a server that lost them, replies.  The reader is run twice over one
 * file: once for the signature, once for what is in it; the second run checks
 * the signature again at its end.
 */
#ifndef TIPLINE_HANDOFF_RETURNS_H
#define TIPLINE_HANDOFF_RETURNS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/reply.h"
#include "crypto/sign.h"
#include "handoff/bundle.h"

#define RETURNS_ITEMS_MAX (UINT32_C(1) << 20)

struct returns_head {
	uint8_t server[KEY_ID_LEN], signer[KEY_ID_LEN];
	uint64_t number;
};

struct returns_confirmed {
	struct chain before; /* number is first less 1 */
	struct chain last;
};

struct returns_link {
	uint64_t number, len;
	uint8_t digest[DIGEST_LEN];
};

struct returns_reply {
	uint8_t mailbox[MAILBOX_ID_LEN];
	uint32_t last_day; /* days since 1970 */
	uint8_t sealed[REPLY_LEN];
};

struct returns_writer; /* opaque */

/* seed (guarded, borrowed until free) signs; head->signer is not read.  Each
 * call: ST_OK, ST_NOMEM, ST_LIMIT, ST_BUG (an order the format forbids), or
 * what the sink returned. */
MUST_CHECK enum status returns_writer_begin(const struct returns_head *head,
    const uint8_t seed[static SECRET_KEY_LEN], bundle_sink *sink, void *ctx,
    struct returns_writer **out);
MUST_CHECK enum status returns_writer_confirmed(
    struct returns_writer *w, const struct returns_confirmed *item);
MUST_CHECK enum status returns_writer_link(
    struct returns_writer *w, const struct returns_link *item);
MUST_CHECK enum status returns_writer_reply(
    struct returns_writer *w, const struct returns_reply *item);
MUST_CHECK enum status returns_writer_finish(struct returns_writer *w);
void returns_writer_free(struct returns_writer *w);

/* Any of them may be NULL: those items are passed over.  Anything but ST_OK
 * stops the reading. */
struct returns_events {
	enum status (*confirmed)(
	    void *ctx, const struct returns_confirmed *item);
	enum status (*link)(void *ctx, const struct returns_link *item);
	enum status (*reply)(void *ctx, const struct returns_reply *item);
	void *ctx;
};

/*
 * Find the public key of a signer, or NULL if there is none of that id.
 */
typedef const uint8_t *returns_signer(
    void *ctx, const uint8_t id[static KEY_ID_LEN]);

/*
 * Read a whole return bundle from source.  ST_OK; ST_MALFORMED (not one, or
 * damaged: *why is a phrase for people), ST_VERSION, ST_SHORT (cut),
 * ST_WRONG_KEY (no such signer), ST_FORGED (signature), ST_LIMIT, ST_IO,
 * ST_NOMEM, or what an event returned.  events NULL: only check.  *head is
 * filled as soon as it was read.
 */
struct returns_input {
	bundle_source *source;
	returns_signer *signer;
	void *source_ctx, *signer_ctx;
};
MUST_CHECK enum status returns_read(const struct returns_input *in,
    const struct returns_events *events, struct returns_head *head,
    const char **why);

#endif

/*
 * mail: one visit of somebody who comes back with a return code.
 *
 * Takes the form of the page "Read an answer" apart while it arrives, makes
 * the mailbox of the code in it, opens what the keeper has for that mailbox,
 * and writes the page.  Whatever was typed, the same is done: of a code that
 * is none, a mailbox that nobody has is looked up, and as many openings are
 * tried.  No input, no output; all secrets lie in one guarded block.
 *
 * Order of calls: new; boundary; feed*; end; (slot*; page).
 */
#ifndef TIPLINE_INTAKE_MAIL_H
#define TIPLINE_INTAKE_MAIL_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/reply.h"
#include "site/answer.h"
#include "store/keeper_msg.h"

struct mail; /* opaque, lives in guarded memory */

enum mail_wish { MAIL_READ, MAIL_DELETE };

/* ST_OK (*out is the caller's) or ST_NOMEM. */
MUST_CHECK enum status mail_new(struct mail **out);

/* Take the boundary, 1 to HTTP_BOUNDARY_MAX bytes; once, before any body. */
void mail_boundary(struct mail *mail, const uint8_t *boundary, size_t len);

/* Take in more of the body.  ST_OK, or ST_MALFORMED (no form of ours). */
MUST_CHECK enum status mail_feed(
    struct mail *mail, const uint8_t *p, size_t len);

/* The body has ended.  From now on the mailbox is there.  ST_OK,
 * ST_MALFORMED (it is not whole), ST_NOMEM. */
MUST_CHECK enum status mail_end(struct mail *mail);

/* What is to be asked of the keeper. */
enum mail_wish mail_wish(const struct mail *mail);
const uint8_t *mail_box(const struct mail *mail); /* MAILBOX_ID_LEN bytes */
uint64_t mail_reply_id(const struct mail *mail);  /* of a reply to delete */

/* Take one of the keeper's KEEPER_SLOTS answers to MAIL.  More than those
 * are passed over. */
void mail_slot(
    struct mail *mail, uint64_t id, const uint8_t sealed[static REPLY_LEN]);

/* Guarded memory that every mail may use while mail_page() runs; the caller
 * wipes it afterwards. */
struct mail_scratch {
	struct reply reply;
	uint8_t text[SITE_REPLY_ESCAPED_MAX];
};

/*
 * Open what came and write the page, head and all, into the mail.  ST_OK:
 * *which is ANSWER_NO_REPLY, or ANSWER_REPLY: then mail_shown() is its
 * PAGE_TOTAL_LEN bytes, borrowed until mail_free().  ST_NOMEM.
 */
MUST_CHECK enum status mail_page(struct mail *mail,
    const struct answers *answers, struct mail_scratch *scratch,
    enum answer *which);
const uint8_t *mail_shown(const struct mail *mail);

/* Wipe and free; NULL is allowed. */
void mail_free(struct mail *mail);

#endif

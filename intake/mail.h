/*
 * mail: one visit of somebody who comes back with a return code.
 *
 * Takes the form of the page "Read an answer" apart while it arrives, makes
 * the mailbox of the code in it, and opens what the keeper has for that
 * mailbox.  Words that cannot be a code are told without asking anybody:
 * their checksum tells whoever types them as much.  Of a code that can, as
 * much is done whether an answer waits or not.  No input, no output; all
 * secrets lie in one guarded block.
 *
 * Order of calls: new; form; feed*; end; (slot*; open); fill.
 */
#ifndef TIPLINE_INTAKE_MAIL_H
#define TIPLINE_INTAKE_MAIL_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/reply.h"
#include "intake/code_text.h"
#include "site/answer.h"
#include "store/keeper_msg.h"

struct mail; /* opaque, lives in guarded memory */

enum mail_wish { MAIL_READ, MAIL_DELETE };

/* ST_OK (*out is the caller's) or ST_NOMEM. */
MUST_CHECK enum status mail_new(struct mail **out);

/* Take the boundary, 1 to HTTP_BOUNDARY_MAX bytes, and the onion address
 * ("": none) that a field of the form must hold; once, before any body. */
void mail_form(
    struct mail *mail, const uint8_t *boundary, size_t len, const char *onion);

/* Take in more of the body.  ST_OK, or ST_MALFORMED (no form of ours). */
MUST_CHECK enum status mail_feed(
    struct mail *mail, const uint8_t *p, size_t len);

/* The body has ended; list is the one in which a code is most likely typed.
 * ST_OK: from now on the mailbox is there.  ST_MALFORMED (it is not whole),
 * ST_ABSENT (no code: mail_fault() tells), ST_DENIED (a web gateway changed
 * the form), ST_NOMEM. */
MUST_CHECK enum status mail_end(struct mail *mail, enum words_list list);
struct code_text_fault mail_fault(const struct mail *mail);

/* What is to be asked of the keeper. */
enum mail_wish mail_wish(const struct mail *mail);
const uint8_t *mail_box(const struct mail *mail); /* MAILBOX_ID_LEN bytes */
uint64_t mail_reply_id(const struct mail *mail);  /* of a reply to delete */

/* Take one of the keeper's KEEPER_SLOTS answers to MAIL.  More than those
 * are passed over. */
void mail_slot(
    struct mail *mail, uint64_t id, const uint8_t sealed[static REPLY_LEN]);

/* Open what came.  ST_OK: *which is ANSWER_NO_REPLY or ANSWER_REPLY.
 * ST_NOMEM. */
MUST_CHECK enum status mail_open(struct mail *mail, enum answer *which);

/* Give what its page shows, borrowed until mail_free(): the reply and what
 * stands around it, or what was typed. */
void mail_fill(const struct mail *mail, struct site_text fill[static FILLS]);

/* Wipe and free; NULL is allowed. */
void mail_free(struct mail *mail);

#endif

/*
 * upload: one tip on its way from a request's body to the keeper.
 *
 * multipart takes the body apart, the envelope seals each stretch as it lies
 * in the caller's buffer, and only sealed bytes go on.  Nothing reaches the
 * keeper before there is something to keep.  Everything here lies in guarded
 * blocks, so that names of files do too.
 *
 * With each tip goes a mailbox for an answer, unless none is wanted.  Its
 * return code is made here, unless the form carried the code of an earlier
 * tip; the code itself is never sealed into the tip.
 *
 * The form's fields: message; file, any number; topic (an id) and q-ID, the
 * answer to a question, sealed as they are (docs/FORMATS.md); no-reply ("1");
 * code; address, in which a web gateway to Tor betrays itself by changing it.
 */
#ifndef TIPLINE_INTAKE_UPLOAD_H
#define TIPLINE_INTAKE_UPLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/recipients.h"
#include "intake/admission.h"
#include "intake/code_text.h"
#include "intake/keeper_link.h"
#include "intake/limits.h"
#include "intake/text_back.h"
#include "site/answer.h"

/* Records of padding sealed at a time, so that others get their turn. */
#define UPLOAD_PAD_STEP 4

/* A body so short may be a message alone, and is held against the room for
 * text; a file in it is held against the room for files when it comes. */
#define UPLOAD_TEXT_MAX (PAGE_MESSAGE_MAX + 16384)

/* Borrowed by every upload. */
struct upload_shop {
	struct keeper_link *link;
	struct admission *admission;
	uint64_t upload_max;
	uint32_t files_max;
	const char *onion; /* "" if there is none */
	struct text_shelf *texts;
};

struct upload; /* opaque, lives in guarded memory */

/*
 * Prepare to take a body of body_len bytes, sealed to to (copied), and set
 * room aside.  owner is told the keeper's outcome; see
 * upload_number().  ST_OK (*out is the caller's) or ST_NOMEM.
 */
MUST_CHECK enum status upload_new(const struct upload_shop *shop,
    const struct recipients *to, uint64_t body_len, void *owner,
    struct upload **out);

/* Take the boundary, 1 to HTTP_BOUNDARY_MAX bytes, and the list in which a
 * code is most likely typed; once, before any body. */
void upload_form(struct upload *up, const uint8_t *boundary, size_t len,
    enum words_list list);

/* Take in more of the body.  ST_OK; else upload_why() names the answer. */
MUST_CHECK enum status upload_feed(
    struct upload *up, const uint8_t *p, size_t len);

/* The body has ended.  As upload_feed(). */
MUST_CHECK enum status upload_end(struct upload *up);

/*
 * After upload_end(): seal at most UPLOAD_PAD_STEP records of padding.  When
 * *done, the tip's COMMIT is queued, and the upload may be freed while the
 * outcome is awaited.  As upload_feed().
 */
MUST_CHECK enum status upload_pad(struct upload *up, bool *done);

/* The answer that tells why it failed, and what is wrong with the code if it
 * is ANSWER_BAD_CODE. */
enum answer upload_why(const struct upload *up);
struct code_text_fault upload_fault(const struct upload *up);

/* The answer that tells that it was kept. */
enum answer upload_receipt(const struct upload *up);

/* The return code that was made for this tip, guarded memory, RETURN_CODE_LEN
 * bytes, the caller's from then on; NULL unless it is ANSWER_RECEIPT. */
uint8_t *upload_take_code(struct upload *up);

/* The beginning of what was written, the caller's from then on, or NULL. */
struct text_back *upload_take_text(struct upload *up);

/* Its number at the keeper, 0 if it never came so far. */
uint32_t upload_number(const struct upload *up);

/* Wipe and free; NULL is allowed.  If not committed, nothing is kept. */
void upload_free(struct upload *up);

#endif

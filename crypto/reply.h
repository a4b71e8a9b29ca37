/*
 * reply: an answer to a submitter, sealed to a mailbox (docs/FORMATS.md
 * section 6).
 *
 * reply_seal() and reply_decoy() are in tipline_crypto_open, for the
 * analysts; reply_open() is in a library of its own, tipline_crypto_reply,
 * which the receiver links: it opens a reply for somebody who has just typed
 * the code, and can open no tip.
 */
#ifndef TIPLINE_CRYPTO_REPLY_H
#define TIPLINE_CRYPTO_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/return_code.h"

#define REPLY_LEN 4144 /* sealed */
#define REPLY_PLAIN_LEN 4096
#define REPLY_TEXT_MAX 3900 /* bytes of UTF-8 */

/* Lies in guarded memory of the caller's. */
struct reply {
	uint32_t day; /* when it was written, days since 1970 */
	uint8_t signer[KEY_ID_LEN];
	size_t len;
	uint8_t text[REPLY_TEXT_MAX];
};

/* Is this what a reply may say: not empty, UTF-8 (RFC 3629), no control
 * character but LF?  It is in tipline_crypto. */
bool reply_text_ok(const uint8_t *text, size_t len);

/* Seal a reply; seed is the signer's, reply->signer is filled in here.
 * ST_OK, ST_MALFORMED (the text, or a key that nothing can be sealed to),
 * ST_LIMIT, ST_NOMEM. */
MUST_CHECK enum status reply_seal(const struct mailbox *to, struct reply *reply,
    const uint8_t seed[static SECRET_KEY_LEN], uint8_t out[static REPLY_LEN]);

/* Make one for nobody: a random mailbox id, a key that is forgotten. */
MUST_CHECK enum status reply_decoy(
    uint8_t id[static MAILBOX_ID_LEN], uint8_t out[static REPLY_LEN]);

/*
 * Open a reply with the mailbox and its secret key.  Takes as long for one
 * that is not to this mailbox, and for zeros.  The signature inside is for
 * tools that know the signers, and is not looked at here.  ST_OK; ST_FORGED
 * (not to this mailbox, or zeros); ST_MALFORMED (of no form that a reply
 * has); ST_NOMEM.  On all but ST_OK *reply is zero.
 */
MUST_CHECK enum status reply_open(const struct mailbox *box,
    const uint8_t secret[static SECRET_KEY_LEN],
    const uint8_t sealed[static REPLY_LEN], struct reply *reply);

#endif

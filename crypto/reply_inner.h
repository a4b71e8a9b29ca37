/*
 * reply_inner: where what lies inside a reply (docs/FORMATS.md section 6).
 * For crypto/ only.
 */
#ifndef TIPLINE_CRYPTO_REPLY_INNER_H
#define TIPLINE_CRYPTO_REPLY_INNER_H

#include "crypto/reply.h"
#include "crypto/sign.h"

#define REPLY_MAGIC "tipline-reply-01"
#define REPLY_MAGIC_LEN 16

enum reply_at {
	REPLY_AT_MAILBOX = REPLY_MAGIC_LEN,
	REPLY_AT_DAY = REPLY_AT_MAILBOX + MAILBOX_ID_LEN,
	REPLY_AT_SIGNER = REPLY_AT_DAY + 4,
	REPLY_AT_LEN = REPLY_AT_SIGNER + KEY_ID_LEN,
	REPLY_AT_TEXT = REPLY_AT_LEN + 2,
	REPLY_AT_SIGNATURE = REPLY_PLAIN_LEN - SIGNATURE_LEN,
};

_Static_assert(REPLY_AT_TEXT + REPLY_TEXT_MAX <= REPLY_AT_SIGNATURE,
    "the longest text fits");

#endif

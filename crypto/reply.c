#include "crypto/reply.h"

#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "base/guarded.h"
#include "base/num.h"
#include "crypto/reply_inner.h"
#include "crypto/tip_box.h"

_Static_assert(REPLY_LEN == REPLY_PLAIN_LEN + crypto_box_SEALBYTES,
    "a reply is a sealed box");

struct work {
	uint8_t shared[crypto_box_BEFORENMBYTES];
	uint8_t plain[REPLY_PLAIN_LEN];
};

/*
 * Open the sealed box.  crypto_box_seal_open() returns sooner if there is
 * nothing to open, and time would then tell who has a reply waiting: here
 * zeros, a box for somebody else and one for us cost the same.
 */
static bool
unseal(const struct mailbox *box, const uint8_t *secret, const uint8_t *sealed,
    struct work *w)
{
	const uint8_t *const inner = sealed + PUBLIC_KEY_LEN;
	uint8_t ephemeral[PUBLIC_KEY_LEN], nonce[TIP_BOX_NONCE_LEN];
	bool good;

	/* Zeros are a key of low order, which libsodium refuses at once or
	 * after all the work, as the processor would have it: the base point
	 * (9) stands in for them. */
	memcpy(ephemeral, sealed, sizeof(ephemeral));
	ephemeral[0] |=
	    (uint8_t)(9 * sodium_is_zero(ephemeral, sizeof(ephemeral)));
	good = crypto_box_beforenm(w->shared, ephemeral, secret) == 0;
	tip_box_nonce(ephemeral, box->key, nonce);
	if (crypto_box_open_easy_afternm(w->plain, inner,
		REPLY_LEN - PUBLIC_KEY_LEN, nonce, w->shared) != 0) {
		good = false;
		/* What opening would have cost. */
		(void)crypto_stream_xsalsa20_xor(w->plain,
		    inner + crypto_box_MACBYTES, REPLY_PLAIN_LEN, nonce,
		    w->shared);
	}
	return good;
}

/* Hold what was in the box against the format. */
static enum status
take(const struct mailbox *box, const uint8_t *plain, struct reply *reply)
{
	const size_t len = le16_get(plain + REPLY_AT_LEN);

	if (memcmp(plain, REPLY_MAGIC, REPLY_MAGIC_LEN) != 0 ||
	    memcmp(plain + REPLY_AT_MAILBOX, box->id, MAILBOX_ID_LEN) != 0 ||
	    len > REPLY_TEXT_MAX ||
	    !reply_text_ok(plain + REPLY_AT_TEXT, len) ||
	    sodium_is_zero(plain + REPLY_AT_TEXT + len,
		REPLY_AT_SIGNATURE - REPLY_AT_TEXT - len) != 1)
		return ST_MALFORMED;
	reply->day = le32_get(plain + REPLY_AT_DAY);
	memcpy(reply->signer, plain + REPLY_AT_SIGNER, KEY_ID_LEN);
	reply->len = len;
	memcpy(reply->text, plain + REPLY_AT_TEXT, len);
	return ST_OK;
}

enum status
reply_open(const struct mailbox *box,
    const uint8_t secret[static SECRET_KEY_LEN],
    const uint8_t sealed[static REPLY_LEN], struct reply *reply)
{
	struct work *w = NULL;
	enum status st = ST_FORGED;

	wipe(reply, sizeof(*reply));
	if ((w = guarded_new(sizeof(*w))) == NULL)
		return ST_NOMEM;
	if (unseal(box, secret, sealed, w))
		st = take(box, w->plain, reply);
	guarded_free(w);
	return st;
}

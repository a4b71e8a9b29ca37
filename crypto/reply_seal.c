#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "base/guarded.h"
#include "base/num.h"
#include "crypto/opener.h"
#include "crypto/reply.h"
#include "crypto/reply_inner.h"

enum status
reply_seal(const struct mailbox *to, struct reply *reply,
    const uint8_t seed[static SECRET_KEY_LEN], uint8_t out[static REPLY_LEN])
{
	uint8_t signer[PUBLIC_KEY_LEN];
	uint8_t *p = NULL;
	enum status st = ST_OK;

	memset(out, 0, REPLY_LEN);
	if (reply->len > REPLY_TEXT_MAX)
		return ST_LIMIT;
	if (!reply_text_ok(reply->text, reply->len))
		return ST_MALFORMED;
	if ((p = guarded_new(REPLY_PLAIN_LEN)) == NULL)
		return ST_NOMEM;
	sign_key_public(seed, signer);
	key_id(KEY_ROLE_SIGNER, signer, reply->signer);
	memcpy(p, REPLY_MAGIC, REPLY_MAGIC_LEN);
	memcpy(p + REPLY_AT_MAILBOX, to->id, MAILBOX_ID_LEN);
	le32_put(p + REPLY_AT_DAY, reply->day);
	memcpy(p + REPLY_AT_SIGNER, reply->signer, KEY_ID_LEN);
	le16_put(p + REPLY_AT_LEN, (uint16_t)reply->len);
	memcpy(p + REPLY_AT_TEXT, reply->text, reply->len);
	sign_make(seed, p, REPLY_AT_SIGNATURE, p + REPLY_AT_SIGNATURE);
	/* Only a key of low order fails, which no mailbox that was parsed
	 * has. */
	if (crypto_box_seal(out, p, REPLY_PLAIN_LEN, to->key) != 0)
		st = ST_MALFORMED;
	guarded_free(p);
	return st;
}

enum status
reply_decoy(uint8_t id[static MAILBOX_ID_LEN], uint8_t out[static REPLY_LEN])
{
	uint8_t nobody[PUBLIC_KEY_LEN];
	uint8_t *secret = NULL, *p = NULL;
	enum status st = ST_NOMEM;

	memset(id, 0, MAILBOX_ID_LEN);
	memset(out, 0, REPLY_LEN);
	if ((secret = guarded_new(SECRET_KEY_LEN)) == NULL ||
	    (p = guarded_new(REPLY_PLAIN_LEN)) == NULL)
		goto out;
	epoch_key_new(nobody, secret);
	randombytes_buf(id, MAILBOX_ID_LEN);
	st = crypto_box_seal(out, p, REPLY_PLAIN_LEN, nobody) == 0 ? ST_OK
								   : ST_BUG;
out:
	guarded_free(p);
	guarded_free(secret); /* forgotten: it was a key for nobody */
	return st;
}

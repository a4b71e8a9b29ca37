#include "crypto/minisign_sign.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "crypto/sign.h"

#define PREHASH_LEN 64
#define BLOB_LEN (2 + MINISIGN_ID_LEN + SIGNATURE_LEN)
#define BASE64_MAX 112 /* of the longest of the two blobs, and its NUL */

_Static_assert(sodium_base64_ENCODED_LEN(
		   BLOB_LEN, sodium_base64_VARIANT_ORIGINAL) <= BASE64_MAX,
    "room for a signature in base64");

void
minisign_key_new(struct minisign_key *key, uint8_t seed[static 32])
{
	randombytes_buf(key->id, sizeof(key->id));
	sign_key_new(key->key, seed);
}

static bool
comment_ok(const char *comment)
{
	for (; *comment != '\0'; comment++) {
		if (*comment < 0x20 || *comment > 0x7e)
			return false;
	}
	return true;
}

/* The global signature covers the signature and the trusted comment. */
static enum status
sign_comment(const uint8_t seed[static 32], const uint8_t *sig,
    const char *comment, uint8_t global[static SIGNATURE_LEN])
{
	struct bytes both = BYTES_INIT(MINISIGN_FILE_MAX);
	enum status st;

	if ((st = bytes_append(&both, sig, SIGNATURE_LEN)) != ST_OK ||
	    (st = bytes_append_text(&both, comment)) != ST_OK)
		goto out;
	sign_make(seed, both.p, both.len, global);
out:
	bytes_free(&both);
	return st;
}

enum status
minisign_sign(const struct minisign_key *key, const uint8_t seed[static 32],
    const void *message, size_t len, const char *comment, struct bytes *out)
{
	uint8_t public_key[PUBLIC_KEY_LEN];
	uint8_t prehash[PREHASH_LEN];
	uint8_t blob[BLOB_LEN] = {'E', 'D'};
	uint8_t global[SIGNATURE_LEN];
	char blob_text[BASE64_MAX], global_text[BASE64_MAX];
	uint8_t *const sig = blob + 2 + MINISIGN_ID_LEN;
	enum status st;

	if (!comment_ok(comment))
		return ST_MALFORMED;
	sign_key_public(seed, public_key);
	if (memcmp(public_key, key->key, sizeof(public_key)) != 0)
		return ST_WRONG_KEY;
	(void)crypto_generichash(
	    prehash, sizeof(prehash), message, len, NULL, 0);
	memcpy(blob + 2, key->id, MINISIGN_ID_LEN);
	sign_make(seed, prehash, sizeof(prehash), sig);
	if ((st = sign_comment(seed, sig, comment, global)) != ST_OK)
		return st;
	(void)sodium_bin2base64(blob_text, sizeof(blob_text), blob,
	    sizeof(blob), sodium_base64_VARIANT_ORIGINAL);
	(void)sodium_bin2base64(global_text, sizeof(global_text), global,
	    sizeof(global), sodium_base64_VARIANT_ORIGINAL);
	return bytes_printf(out,
	    "untrusted comment: signature of a tipline root key\n%s\n"
	    "trusted comment: %s\n%s\n",
	    blob_text, comment, global_text);
}

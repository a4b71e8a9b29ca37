#include "crypto/tip_box.h"

#include <sodium.h>

#include "base/bytes.h"
#include "crypto/digest.h"

_Static_assert(TIP_BOX_LEN == TIP_KEY_LEN + crypto_box_SEALBYTES,
    "a sealed box holds the tip key");
_Static_assert(TIP_BOX_NONCE_LEN == crypto_box_NONCEBYTES,
    "a sealed box is a box with a nonce of its keys");
_Static_assert(crypto_box_SEEDBYTES == DIGEST_LEN, "a digest is a seed");

void
tip_box_nonce(const uint8_t ephemeral[static PUBLIC_KEY_LEN],
    const uint8_t to[static PUBLIC_KEY_LEN],
    uint8_t nonce[static TIP_BOX_NONCE_LEN])
{
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, NULL, 0, TIP_BOX_NONCE_LEN);
	(void)crypto_generichash_update(&state, ephemeral, PUBLIC_KEY_LEN);
	(void)crypto_generichash_update(&state, to, PUBLIC_KEY_LEN);
	(void)crypto_generichash_final(&state, nonce, TIP_BOX_NONCE_LEN);
}

enum status
tip_box_make(const uint8_t tip_key[static TIP_KEY_LEN],
    const uint8_t to[static PUBLIC_KEY_LEN], uint8_t box[static TIP_BOX_LEN])
{
	uint8_t nonce[TIP_BOX_NONCE_LEN];
	uint8_t seed[crypto_box_SEEDBYTES], secret[crypto_box_SECRETKEYBYTES];
	int failed;

	/* The recipient's key goes in, too, so that each box has an
	 * ephemeral key of its own as libsodium's have. */
	blake2b(
	    "tipline-ephem-01", tip_key, TIP_KEY_LEN, to, PUBLIC_KEY_LEN, seed);
	(void)crypto_box_seed_keypair(box, secret, seed);
	tip_box_nonce(box, to, nonce);
	failed = crypto_box_easy(
	    box + PUBLIC_KEY_LEN, tip_key, TIP_KEY_LEN, nonce, to, secret);
	wipe(seed, sizeof(seed));
	wipe(secret, sizeof(secret));
	return failed == 0 ? ST_OK : ST_MALFORMED;
}
